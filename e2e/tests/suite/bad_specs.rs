//! Specs that the API server itself refuses, with a message that names the remedy.

use anyhow::Result;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::scene::Scene;

/// What is changed in a component that is fine, and what the refusal must say.
const BAD: [(&str, &str); 24] = [
    ("user: 0", "use a user id above 10000"),
    ("user: 1000", "use a user id above 10000"),
    ("user: 10000", "use a user id above 10000"),
    ("group: 1000", "use a group id above 10000"),
    ("ports: [{name: http, port: 80}]", "use a port from 1024 up"),
    ("ports: [{name: http, port: 70000}]", "less than or equal to 65535"),
    ("ports: [{name: http, port: 8080, protocol: SCTP}]", "supported values: \"TCP\", \"UDP\""),
    ("image: registry.example.com/hello", "append :<version> or @sha256"),
    ("image: registry.example.com:5000/hello", "append :<version> or @sha256"),
    ("image: registry.example.com/hello:latest", "name a version or a digest"),
    ("image: 'registry.example.com/hello: 1'", "without spaces"),
    ("image: registry.example.com/hello@sha256:abc", "append :<version> or @sha256"),
    ("name: migrate", "choose another name"),
    ("name: Web", "use lower-case letters"),
    ("name: a-name-that-is-far-too-long", "Too long"),
    ("replicas: -1", "greater than or equal to 0"),
    ("resources: {cpu: '0'}", "write a quantity above 0"),
    ("resources: {memory: '-1'}", "write a quantity above 0"),
    ("resources: {ephemeralStorage: abc}", "write a quantity above 0"),
    ("env: [{name: A, value: b, secretKey: {secret: s, key: k}}]", "exactly one of value and secretKey"),
    ("env: [{name: A}]", "exactly one of value and secretKey"),
    ("probes: {readiness: {}}", "exactly one of http, tcp, grpc and exec"),
    ("probes: {readiness: {http: {path: healthz, port: http}}}", "starts with '/'"),
    ("egress: [{cidr: 203.0.113.0, ports: [443]}]", "write an address range"),
];

/// The API server's words to an app with these components; None if it takes it.
async fn refusal(scene: &Scene, name: &str, components: Value) -> Result<Option<String>> {
    let app = json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": name },
        "spec": { "components": components },
    });
    let dry_run = PostParams { dry_run: true, ..Default::default() };
    // Untyped: the operator's own types know no wrong value.
    let api = kube::Api::<kube::api::DynamicObject>::namespaced_with(
        scene.client.clone(),
        scene.name(),
        &kube::api::ApiResource::erase::<hardened_app::api::HardenedApp>(&()),
    );
    match api.create(&dry_run, &serde_json::from_value(app)?).await {
        Ok(_) => Ok(None),
        Err(kube::Error::Api(status)) => Ok(Some(status.message)),
        Err(error) => Err(error.into()),
    }
}

fn good() -> Value {
    json!({ "name": "web", "image": "registry.example.com/hello:1.0.0", "ports": [{ "name": "http", "port": 8080 }] })
}

fn merged(change: &str) -> Result<Value> {
    let (mut component, change) = (good(), serde_saphyr::from_str::<Value>(&format!("{{{change}}}"))?);
    if let (Some(component), Value::Object(change)) = (component.as_object_mut(), change) {
        component.extend(change);
    }
    Ok(component)
}

#[tokio::test]
async fn a_bad_component_is_refused_with_its_remedy() -> Result<()> {
    let scene = Scene::open("bad").await?;
    assert_eq!(refusal(&scene, "shop", json!([good()])).await?, None, "what the table changes is fine");
    for (change, remedy) in BAD {
        let message = refusal(&scene, "shop", json!([merged(change)?])).await?;
        let message = message.unwrap_or_else(|| "nothing: it was accepted".to_owned());
        assert!(message.contains(remedy), "{change}: expected {remedy:?}, the server said {message}");
    }
    Ok(())
}

#[tokio::test]
async fn a_bad_app_is_refused_with_its_remedy() -> Result<()> {
    let scene = Scene::open("bad").await?;
    let cases = [
        ("shop", json!([]), "should have at least 1 item"),
        ("shop", json!([good(), good()]), "Duplicate value"),
        ("an-app-whose-name-is-a-bit-too-long", json!([good()]), "use at most 30 lower-case letters"),
        ("9to5", json!([good()]), "starting with a letter"),
        ("shop.web", json!([good()]), "use at most 30 lower-case letters"),
    ];
    for (name, components, remedy) in cases {
        let message = refusal(&scene, name, components).await?;
        let message = message.unwrap_or_else(|| "nothing: it was accepted".to_owned());
        assert!(message.contains(remedy), "{name}: expected {remedy:?}, the server said {message}");
    }
    Ok(())
}
