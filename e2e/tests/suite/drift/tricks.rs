//! Edits that are hard to revert or hard to detect.

use anyhow::Result;
use hardened_app::api::DriftChange;
use hardened_app::desired::APPLIED_HASH;
use kube::api::{Patch, PatchParams};
use kube::core::Request;
use serde_json::{Value, json};

use super::edit::is_reported;
use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::{HUMAN, IMAGE, IMAGE_PATH, edit, patch, set};

/// Patches an object of a new app, waits until the deviation at `path` is reverted, and checks that the object is as before.
async fn is_reverted(kind: &str, change: DriftChange, path: &str, by: Patch<Value>) -> Result<()> {
    let scene = Scene::open("trick").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.live(kind, "shop-web").await?;
    patch(&scene.objects(kind)?, "shop-web", &by).await?;
    let item = scene.reverted("shop", path, |item| item.path == path).await?;
    is_reported(&item, kind, "shop-web", change, "kubectl-patch")?;
    assert_eq!(declared(&scene.live(kind, "shop-web").await?), declared(&before));
    Ok(())
}

fn json_patch(operations: Value) -> Result<Patch<Value>> {
    Ok(Patch::Json(serde_json::from_value(operations)?))
}

#[tokio::test]
async fn a_changed_port_number_of_a_service_is_reverted() -> Result<()> {
    let renumber = json_patch(json!([{ "op": "replace", "path": "/spec/ports/0/port", "value": 9090 }]))?;
    is_reverted("Service", DriftChange::Added, "spec.ports[port=9090,protocol=TCP]", renumber).await
}

#[tokio::test]
async fn a_changed_protocol_of_a_service_port_is_reverted() -> Result<()> {
    let udp = json!({ "spec": { "ports": [{ "name": "http", "port": 8080, "protocol": "UDP" }] } });
    is_reverted("Service", DriftChange::Added, "spec.ports[port=8080,protocol=UDP]", Patch::Strategic(udp)).await
}

#[tokio::test]
async fn a_changed_protocol_of_a_container_port_is_reverted() -> Result<()> {
    let udp = json!([{ "name": "web", "ports": [{ "containerPort": 8080, "protocol": "UDP" }] }]);
    let udp = json!({ "spec": { "template": { "spec": { "containers": udp } } } });
    let path = "spec.template.spec.containers[name=web].ports[containerPort=8080,protocol=UDP]";
    is_reverted("Deployment", DriftChange::Added, path, Patch::Strategic(udp)).await
}

#[tokio::test]
async fn a_service_changed_to_type_external_name_is_reverted() -> Result<()> {
    let alias = json!({ "spec": {
        "type": "ExternalName", "externalName": "evil.example.com", "selector": null, "clusterIP": null,
        "clusterIPs": null, "ipFamilies": null, "ipFamilyPolicy": null, "internalTrafficPolicy": null,
    } });
    let scene = Scene::open("alias").await?;
    scene.ready("shop", WEB).await?;
    patch(&scene.objects("Service")?, "shop-web", &Patch::Merge(alias)).await?;
    scene.reverted("shop", "the alias", |item| item.path == "spec.type").await?;
    let live = scene.live("Service", "shop-web").await?;
    assert_eq!(live.pointer("/spec/type"), Some(&"ClusterIP".into()));
    assert_eq!(live.pointer("/spec/externalName"), None);
    assert!(live.pointer("/spec/selector/hardened.dev~1workload").is_some());
    Ok(())
}

#[tokio::test]
async fn a_forged_hash_doesnt_hide_a_change() -> Result<()> {
    let scene = Scene::open("forged").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    let hash = format!("/metadata/annotations/{}", APPLIED_HASH.replace('/', "~1"));
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        set(object, &hash, "0123456789abcdef".into());
        set(object, IMAGE, "evil:1".into());
    })
    .await?;
    let annotation = format!("metadata.annotations[{APPLIED_HASH}]");
    for path in [IMAGE_PATH, &annotation] {
        let item = scene.reverted("shop", path, |item| item.path == path).await?;
        is_reported(&item, "Deployment", "shop-web", DriftChange::Changed, HUMAN)?;
    }
    assert_eq!(declared(&scene.live("Deployment", "shop-web").await?), declared(&before));
    Ok(())
}

#[tokio::test]
async fn an_apply_as_the_operators_field_manager_is_reverted_and_reported() -> Result<()> {
    let scene = Scene::open("impostor").await?;
    let app = scene.ready("shop", WEB).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    let children = crate::scene::desired(&app)?;
    let mut forged =
        children.into_iter().find(|child| child.kind.name == "Deployment").map(|child| child.body).unwrap_or_default();
    set(&mut forged, IMAGE, "evil:1".into());
    set(&mut forged, &format!("/metadata/annotations/{}", APPLIED_HASH.replace('/', "~1")), "0".into());
    let as_operator = PatchParams::apply("hardened-app").force();
    scene.objects("Deployment")?.patch("shop-web", &as_operator, &Patch::Apply(forged)).await?;

    let item = scene.reverted("shop", IMAGE_PATH, |item| item.path == IMAGE_PATH).await?;
    is_reported(&item, "Deployment", "shop-web", DriftChange::Changed, "hardened-app")?;
    assert_eq!(declared(&scene.live("Deployment", "shop-web").await?), declared(&before));
    Ok(())
}

/// `managedFields` can be written like any other field of the metadata. The API server checks neither their times nor their depth.
#[tokio::test]
async fn forged_managed_fields_hide_nothing() -> Result<()> {
    let scene = Scene::open("forged").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.live("NetworkPolicy", "shop-web").await?;
    let nested = (0..300).fold(json!({}), |inner, _| json!({ "f:a": inner }));
    let peers = vec![json!({ "podSelector": {} }); 15_000];
    let forged = [
        // No calendar has this time; the object is too large to be compared.
        ("9999-12-31T23:59:59Z", json!({ "f:spec": { "f:ingress": {} } }), json!([{ "from": peers }])),
        // No reader of JSON goes that deep.
        ("2026-01-01T00:00:00Z", json!({ "f:spec": nested }), json!([{}])),
    ];
    for (number, (time, fields, ingress)) in forged.into_iter().enumerate() {
        let entry = json!({
            "manager": "forger", "operation": "Update", "apiVersion": "networking.k8s.io/v1", "time": time,
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        let forge = json_patch(json!([
            { "op": "add", "path": "/spec/ingress", "value": ingress },
            { "op": "add", "path": "/metadata/managedFields/-", "value": entry },
        ]))?;
        // As text: this client can't read the answer either.
        let policies = Request::new(scene.objects("NetworkPolicy")?.resource_url());
        scene.client.request_text(policies.patch("shop-web", &PatchParams::default(), &forge)?).await?;
        scene
            .object("NetworkPolicy", "shop-web", "it is as before", |live| {
                (declared(live) == declared(&before)).then_some(())
            })
            .await?;
        scene
            .reported("shop", "each time is reported", |status| {
                let reverted = status.drift.reverted.iter().filter(|item| item.kind == "NetworkPolicy");
                (reverted.count() > number).then_some(())
            })
            .await?;
    }
    Ok(())
}
