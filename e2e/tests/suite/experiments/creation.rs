//! Server-side apply that only creates an object, and server-side apply that only updates one with a known UID.

use anyhow::Result;
use e2e::until;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use serde_json::{Value, json};

use super::kinds;
use super::playground::{LIMIT, OPERATOR, Playground, apply, owned_by, refusal, text, value, with};
use crate::tamper::HUMAN;

/// No object has this resource version any more, so an apply with it can only create.
fn create_only(manifest: &Value) -> Value {
    with(manifest, "/metadata/resourceVersion", "1")
}

async fn delete(api: &Api<DynamicObject>) -> Result<()> {
    api.delete("x", &DeleteParams::background()).await?;
    until("the object is gone", LIMIT, async || Ok(api.get_opt("x").await?.is_none().then_some(()))).await
}

#[tokio::test]
async fn an_apply_with_an_old_resource_version_only_creates() -> Result<()> {
    let playground = Playground::open("create-only").await?;
    for manifest in kinds::manifests(&playground).await? {
        let (kind, api) = (text(&manifest, "/kind")?, playground.api(&manifest)?);
        let manifest = create_only(&manifest);
        let created = apply(&api, &manifest, false).await?;
        assert_ne!(text(&created, "/metadata/resourceVersion")?, "1");
        for force in [false, true] {
            let answer = apply(&api, &manifest, force).await;
            assert_eq!(refusal(answer)?, Some(409), "{kind} of the operator, force {force}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_apply_with_an_old_resource_version_takes_no_ownership() -> Result<()> {
    let playground = Playground::open("take-over").await?;
    for manifest in kinds::manifests(&playground).await? {
        let (kind, api) = (text(&manifest, "/kind")?, playground.api(&manifest)?);
        let user = PostParams { field_manager: Some(HUMAN.into()), ..Default::default() };
        api.create(&user, &serde_json::from_value(manifest.clone())?).await?;
        for force in [false, true] {
            let answer = apply(&api, &create_only(&manifest), force).await;
            assert_eq!(refusal(answer)?, Some(409), "{kind} of a user, force {force}");
        }
        let live = value(api.get("x").await?);
        assert!(owned_by(&live, OPERATOR).is_empty(), "{kind}: the operator owns no field");
    }
    Ok(())
}

#[tokio::test]
async fn an_apply_with_a_uid_changes_only_that_object() -> Result<()> {
    let playground = Playground::open("uid").await?;
    for manifest in kinds::manifests(&playground).await? {
        let (kind, api) = (text(&manifest, "/kind")?, playground.api(&manifest)?);
        let created = apply(&api, &create_only(&manifest), false).await?;
        let later = with(&manifest, "/metadata/labels", json!({ "round": "2" }));
        let later = with(&later, "/metadata/uid", text(&created, "/metadata/uid")?);
        let changed = apply(&api, &later, true).await?;
        assert_eq!(text(&changed, "/metadata/labels/round")?, "2", "{kind}");

        delete(&api).await?;
        assert_eq!(refusal(apply(&api, &later, true).await)?, Some(409), "{kind} is deleted");
        assert!(api.get_opt("x").await?.is_none(), "{kind} is not recreated");

        apply(&api, &create_only(&manifest), false).await?;
        assert_eq!(refusal(apply(&api, &later, true).await)?, Some(422), "{kind} is recreated");
        let live = value(api.get("x").await?);
        assert_eq!(live.pointer("/metadata/labels/round"), None, "{kind} is unchanged");
    }
    Ok(())
}
