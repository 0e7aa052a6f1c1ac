//! Metadata that commands other controllers: annotations of a ServiceAccount, by which cloud providers grant it rights outside of the
//! cluster, annotations of a Service, by which controllers make it reachable, and a second owner, which keeps an object alive.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::DriftChange::Added;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::PostParams;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::edit::{Edit, all_are_reverted};
use crate::scene::{Scene, WEB};
use crate::tamper::{edit, push, set};

const ANNOTATIONS: [Edit; 6] = [
    added("ServiceAccount", "metadata.annotations[eks.amazonaws.com/role-arn]", |account| {
        set(account, "/metadata/annotations/eks.amazonaws.com~1role-arn", "arn:aws:iam::1:role/admin".into());
    }),
    added("ServiceAccount", "metadata.annotations[iam.gke.io/gcp-service-account]", |account| {
        set(account, "/metadata/annotations/iam.gke.io~1gcp-service-account", "admin@x.example.com".into());
    }),
    added("ServiceAccount", "metadata.annotations[azure.workload.identity/client-id]", |account| {
        set(account, "/metadata/annotations/azure.workload.identity~1client-id", "1-2-3".into());
    }),
    // Any provider may choose a name, so the operator can't have a list of the known ones.
    added("ServiceAccount", "metadata.annotations[example.com/identity]", |account| {
        set(account, "/metadata/annotations/example.com~1identity", "admin".into());
    }),
    added("Service", "metadata.annotations[external-dns.alpha.kubernetes.io/hostname]", |service| {
        set(service, "/metadata/annotations/external-dns.alpha.kubernetes.io~1hostname", "bank.example.com".into());
    }),
    added("Service", "metadata.annotations[service.cilium.io/global]", |service| {
        set(service, "/metadata/annotations/service.cilium.io~1global", "true".into());
    }),
];

const fn added(kind: &'static str, path: &'static str, made_by: fn(&mut Value)) -> Edit {
    Edit { kind, change: Added, path, made_by }
}

#[tokio::test]
async fn annotations_that_command_controllers_are_removed() -> Result<()> {
    all_are_reverted(&Scene::open("commanding").await?, WEB, &ANNOTATIONS).await
}

#[tokio::test]
async fn a_second_owner_is_removed_and_doesnt_keep_an_object_after_its_app() -> Result<()> {
    let scene = Scene::open("owners").await?;
    scene.ready("shop", WEB).await?;
    let keeper = ConfigMap { metadata: serde_json::from_value(json!({ "name": "keeper" }))?, ..ConfigMap::default() };
    let config_maps: Api<ConfigMap> = Api::namespaced(scene.client.clone(), scene.name());
    let uid = config_maps.create(&PostParams::default(), &keeper).await?.uid().context("a stored object has a UID")?;
    let owner = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "keeper", "uid": uid });
    let path = format!("metadata.ownerReferences[uid={uid}]");
    let kinds = ["Deployment", "ServiceAccount", "NetworkPolicy", "Service", "PodDisruptionBudget"];
    try_join_all(kinds.map(async |kind| -> Result<()> {
        let objects = scene.objects(kind)?;
        edit(&objects, "shop-web", |object| push(object, "/metadata/ownerReferences", owner.clone())).await?;
        let item = scene.reverted("shop", &path, |item| item.kind == kind && item.path == path).await?;
        assert_eq!(item.change, Added);
        let live = scene.live(kind, "shop-web").await?;
        assert_eq!(live.pointer("/metadata/ownerReferences/1"), None, "{kind}");
        Ok(())
    }))
    .await?;
    scene.apps().delete("shop", &kube::api::DeleteParams::background()).await?;
    try_join_all(kinds.map(|kind| scene.gone(kind, "shop-web"))).await?;
    Ok(())
}
