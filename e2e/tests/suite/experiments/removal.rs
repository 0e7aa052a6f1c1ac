//! Removes additions of other field managers from a Deployment without becoming the owner of further fields.

use anyhow::Result;
use e2e::until;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::playground::{LIMIT, OPERATOR, Playground, apply, deployment, managers, owned_by, refusal, text, value};
use crate::tamper::{HUMAN, edit};

const CONTAINERS: &str = "/spec/template/spec/containers";
const PORTS: &str = "/spec/template/spec/containers/0/ports";

/// A Deployment that the operator has applied.
struct Applied {
    api: Api<DynamicObject>,
    manifest: Value,
    /// The resource version after the apply; stale after any other write.
    version: String,
}

impl Applied {
    async fn new(prefix: &str) -> Result<Self> {
        let manifest = deployment("app");
        let api = Playground::open(prefix).await?.api(&manifest)?;
        let live = apply(&api, &manifest, true).await?;
        let version = text(&live, "/metadata/resourceVersion")?.to_owned();
        Ok(Self { api, manifest, version })
    }

    async fn edit(&self, list: &str, addition: &Value) -> Result<()> {
        let change = |object: &mut Value| {
            if let Some(Value::Array(list)) = object.pointer_mut(list) {
                list.push(addition.clone());
            }
        };
        edit(&self.api, "app", change).await.map(drop)
    }

    async fn merge(&self, patch: &Value) -> kube::Result<Value> {
        let human = PatchParams { field_manager: Some(HUMAN.into()), ..Default::default() };
        self.api.patch("app", &human, &Patch::Strategic(patch)).await.map(value)
    }

    /// Removes an element if the operation `guard` finds the object at the version that the index was read from.
    async fn remove(&self, guard: &str, version: &str, pointer: &str) -> kube::Result<Value> {
        let patch = serde_json::from_value(json!([
            { "op": guard, "path": "/metadata/resourceVersion", "value": version },
            { "op": "remove", "path": pointer },
        ]));
        let patch: Patch<Value> = Patch::Json(patch.map_err(kube::Error::SerdeError)?);
        let parameters = PatchParams { field_manager: Some(OPERATOR.into()), ..Default::default() };
        self.api.patch("app", &parameters, &patch).await.map(value)
    }

    /// Removes an element; retries if a controller writes in between.
    async fn remove_live(&self, guard: &str, pointer: &str) -> Result<Value> {
        until("the patch meets the version that was read", LIMIT, async || {
            let live = value(self.api.get("app").await?);
            let version = text(&live, "/metadata/resourceVersion")?;
            match self.remove(guard, version, pointer).await {
                Err(kube::Error::Api(status)) if status.is_invalid() || status.is_conflict() => Ok(None),
                answer => Ok(Some(answer?)),
            }
        })
        .await
    }

    /// Removes an element of a list of two, and checks that the ownership of fields doesn't change.
    async fn remove_addition(&self, guard: &str, list: &str, index: usize) -> Result<()> {
        let pointer = format!("{list}/{index}");
        // With `replace` the API server compares the version itself and responds with a conflict. A failed `test` gets the
        // same response as an invalid object.
        let code = if guard == "replace" { 409 } else { 422 };
        let answer = self.remove(guard, &self.version, &pointer).await;
        assert_eq!(refusal(answer)?, Some(code), "a stale version");
        let before = value(self.api.get("app").await?);
        assert_eq!(length(&before, list), Some(2), "the object is unchanged");

        let after = self.remove_live(guard, &pointer).await?;
        assert_eq!(length(&after, list), Some(1));
        assert_eq!(owned_by(&after, OPERATOR), owned_by(&before, OPERATOR), "the operator owns the same fields");
        assert_eq!(managers(&after), [OPERATOR], "no other field manager owns a field");
        Ok(())
    }
}

fn length(object: &Value, list: &str) -> Option<usize> {
    Some(object.pointer(list)?.as_array()?.len())
}

#[tokio::test]
async fn a_container_added_by_an_update() -> Result<()> {
    let applied = Applied::new("container-update").await?;
    applied.edit(CONTAINERS, &json!({ "name": "extra", "image": "registry.example.test/extra:1" })).await?;
    applied.remove_addition("test", CONTAINERS, 1).await
}

#[tokio::test]
async fn a_container_added_by_a_strategic_merge() -> Result<()> {
    let applied = Applied::new("container-merge").await?;
    let extra = json!({ "name": "extra", "image": "registry.example.test/extra:1" });
    let live = applied.merge(&json!({ "spec": { "template": { "spec": { "containers": [extra] } } } })).await?;
    // A strategic merge adds at the beginning: so an index is valid only for the version it was read from.
    assert_eq!(text(&live, &format!("{CONTAINERS}/0/name"))?, "extra");
    applied.remove_addition("replace", CONTAINERS, 0).await
}

#[tokio::test]
async fn a_port_that_differs_in_its_protocol_only() -> Result<()> {
    let applied = Applied::new("port").await?;
    applied.edit(PORTS, &json!({ "containerPort": 8080, "protocol": "UDP" })).await?;
    applied.remove_addition("test", PORTS, 1).await
}

/// A strategic merge identifies ports by number only, so it changes the declared port instead of adding one.
#[tokio::test]
async fn the_declared_port_changed_by_a_strategic_merge() -> Result<()> {
    let applied = Applied::new("port-merge").await?;
    let ports = json!([{ "containerPort": 8080, "protocol": "UDP" }]);
    let container = json!({ "name": "app", "ports": ports });
    let live = applied.merge(&json!({ "spec": { "template": { "spec": { "containers": [container] } } } })).await?;
    let turned = json!([{ "name": "http", "containerPort": 8080, "protocol": "UDP" }]);
    assert_eq!(live.pointer(PORTS), Some(&turned));

    // For server-side apply it is another port of the same name; an apply can't remove it and is rejected.
    let answer = apply(&applied.api, &applied.manifest, true).await;
    assert_eq!(refusal(answer)?, Some(422));
    applied.remove_live("replace", &format!("{PORTS}/0")).await?;
    let restored = apply(&applied.api, &applied.manifest, true).await?;
    assert_eq!(restored.pointer(PORTS), applied.manifest.pointer(PORTS));
    assert_eq!(managers(&restored), [OPERATOR]);
    Ok(())
}
