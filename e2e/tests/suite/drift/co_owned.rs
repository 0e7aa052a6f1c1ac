//! Another field manager applies a value as it is, which is neither a conflict nor drift. Then the spec chooses an alternative that
//! excludes this value: an apply alone would leave both, which the API server rejects.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::Scene;

const CONTAINER: &str = "/spec/template/spec/containers/0";

/// A choice between two fields.
struct Choice {
    name: &'static str,
    /// What is added to the component before and after.
    before: &'static str,
    after: &'static str,
    /// The field of the Deployment that the other manager applies too, and how it looks after the choice.
    field: &'static str,
    chosen: fn() -> Value,
}

const CHOICES: [Choice; 3] = [
    Choice {
        name: "a probe by HTTP instead of by a port",
        before: "ports: [{name: http, port: 8080}], probes: {liveness: {tcp: {port: http}}}",
        after: "ports: [{name: http, port: 8080}], probes: {liveness: {http: {path: /livez, port: http}}}",
        field: "/livenessProbe",
        chosen: || json!({ "httpGet": { "path": "/livez", "port": "http", "scheme": "HTTP" } }),
    },
    Choice {
        name: "a Secret's key instead of a value",
        before: "env: [{name: LEVEL, value: info}]",
        after: "env: [{name: LEVEL, secretKey: {secret: shop, key: level}}]",
        field: "/env",
        chosen: || json!([{ "name": "LEVEL", "valueFrom": { "secretKeyRef": { "name": "shop", "key": "level" } } }]),
    },
    Choice {
        name: "recreated pods instead of a rolling update",
        before: "ports: []",
        after: "volumes: [{name: data, path: /srv/data, claim: data}]",
        field: "/spec/strategy",
        chosen: || json!({ "type": "Recreate" }),
    },
];

impl Choice {
    /// The field's place in the Deployment.
    fn pointer(&self) -> String {
        if self.field.starts_with("/spec") { self.field.to_owned() } else { format!("{CONTAINER}{}", self.field) }
    }

    /// What the other manager applies: the value that is live.
    fn co_owned(&self, live: &Value) -> Result<Value> {
        let value = live.pointer(&self.pointer()).context("the field is set")?;
        let name = self.field.rsplit('/').next().unwrap_or_default();
        let spec = if self.field.starts_with("/spec") {
            json!({ name: value })
        } else {
            json!({ "template": { "spec": { "containers": [{ "name": "web", name: value }] } } })
        };
        Ok(json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec }))
    }

    async fn is_carried_out(&self, scene: &Scene, app: &str) -> Result<()> {
        let components = |more| format!("[{{name: web, image: 'registry.example.com/hello:1', replicas: 0, {more}}}]");
        scene.ready(app, &components(self.before)).await?;
        let child = format!("{app}-web");
        let other = self.co_owned(&scene.live("Deployment", &child).await?)?;
        let parameters = PatchParams::apply("gitops");
        scene.objects("Deployment")?.patch(&child, &parameters, &Patch::Apply(&other)).await?;

        scene.change(app, &components(self.after)).await?;
        scene.condition(app, "Ready", "True", "Available").await?;
        let live = scene.live("Deployment", &child).await?;
        let found = live.pointer(&self.pointer()).context("the field is set")?;
        let chosen = (self.chosen)();
        assert!(covers(found, &chosen), "{found} is not {chosen}");
        Ok(())
    }
}

/// Whether a value has all fields of another one, and no second alternative.
fn covers(found: &Value, chosen: &Value) -> bool {
    match (found, chosen) {
        (Value::Object(found), Value::Object(chosen)) => {
            let excluded = ["tcpSocket", "value", "rollingUpdate"];
            !excluded.iter().any(|field| found.contains_key(*field))
                && chosen.iter().all(|(name, value)| found.get(name).is_some_and(|found| covers(found, value)))
        }
        (Value::Array(found), Value::Array(chosen)) => {
            found.len() == chosen.len() && found.iter().zip(chosen).all(|(found, chosen)| covers(found, chosen))
        }
        _ => found == chosen,
    }
}

#[tokio::test]
async fn a_choice_is_carried_out_though_another_manager_applies_the_earlier_one() -> Result<()> {
    let scene = Scene::open("co-owned").await?;
    let cases = CHOICES.iter().enumerate().map(async |(index, choice)| {
        choice.is_carried_out(&scene, &format!("app{index}")).await.with_context(|| choice.name)
    });
    try_join_all(cases).await?;
    Ok(())
}
