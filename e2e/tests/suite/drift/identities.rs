//! Annotations of a ServiceAccount, by which cloud providers grant it rights outside of the cluster.

use anyhow::Result;
use hardened_app::api::DriftChange::Added;

use super::edit::{Edit, all_are_reverted};
use crate::scene::{Scene, WEB};
use crate::tamper::set;

const IDENTITIES: [Edit; 4] = [
    bound("metadata.annotations[eks.amazonaws.com/role-arn]", |account| {
        set(account, "/metadata/annotations/eks.amazonaws.com~1role-arn", "arn:aws:iam::1:role/admin".into());
    }),
    bound("metadata.annotations[iam.gke.io/gcp-service-account]", |account| {
        set(account, "/metadata/annotations/iam.gke.io~1gcp-service-account", "admin@x.example.com".into());
    }),
    bound("metadata.annotations[azure.workload.identity/client-id]", |account| {
        set(account, "/metadata/annotations/azure.workload.identity~1client-id", "1-2-3".into());
    }),
    // Any provider may choose a name, so the operator can't have a list of the known ones.
    bound("metadata.annotations[example.com/identity]", |account| {
        set(account, "/metadata/annotations/example.com~1identity", "admin".into());
    }),
];

const fn bound(path: &'static str, made_by: fn(&mut serde_json::Value)) -> Edit {
    Edit { kind: "ServiceAccount", change: Added, path, made_by }
}

#[tokio::test]
async fn identity_annotations_of_a_service_account_are_removed() -> Result<()> {
    all_are_reverted(&Scene::open("identities").await?, WEB, &IDENTITIES).await
}
