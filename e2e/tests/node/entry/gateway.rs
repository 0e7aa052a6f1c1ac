//! The platform's Gateway gets a certificate for a host.

use anyhow::Result;
use e2e::node::contour;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use serde_json::json;

use super::authority::Authority;
use crate::place::Place;

const GROUP: &str = "gateway.networking.k8s.io";

/// The Secret with the certificate, in the namespace of the test.
const SECRET: &str = "platform";

/// Issues a certificate and lets the Gateway's listener for HTTPS use it.
pub(crate) async fn certify(place: &Place, authority: &Authority, host: &str) -> Result<()> {
    authority.issue(place, host, SECRET).await?;
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1beta1", "ReferenceGrant"));
    let api: Api<DynamicObject> = Api::namespaced_with(place.client.clone(), place.name(), &kind);
    let grant = DynamicObject::new(SECRET, &kind).data(json!({ "spec": {
        "from": [{ "group": GROUP, "kind": "Gateway", "namespace": contour::NAMESPACE }],
        "to": [{ "group": "", "kind": "Secret", "name": SECRET }],
    } }));
    api.create(&PostParams::default(), &grant).await?;
    contour::serve(&place.client, place.name(), SECRET).await
}
