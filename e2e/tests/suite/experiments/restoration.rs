//! A forced apply reverts changes by other field managers.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::playground::{OPERATOR, Playground, apply, deployment, owned_by, text, with};
use crate::tamper::{edit, set};

#[tokio::test]
async fn an_applied_false_replaces_true() -> Result<()> {
    let playground = Playground::open("false").await?;
    // The API server omits most of these fields when they are false, but not the last one.
    let fields =
        [("hostNetwork", None), ("hostPID", None), ("hostIPC", None), ("shareProcessNamespace", Some(false.into()))];
    for (field, shown) in fields {
        let pointer = format!("/spec/template/spec/{field}");
        let name = field.to_lowercase();
        let manifest = with(&deployment(&name), &pointer, false);
        let api = playground.api(&manifest)?;
        let applied = apply(&api, &manifest, true).await?;
        assert_eq!(applied.pointer(&pointer), shown.as_ref(), "{field} applied");
        let owned = owned_by(&applied, OPERATOR);
        let path = format!("\"f:{field}\"");
        assert!(owned.iter().any(|entry| entry.to_string().contains(&path)), "{field} is owned");

        let edited = edit(&api, &name, |object| set(object, &pointer, true.into())).await?;
        assert_eq!(edited.pointer(&pointer), Some(&true.into()), "{field} was changed");

        let restored = apply(&api, &manifest, true).await?;
        assert_eq!(restored.pointer(&pointer), shown.as_ref(), "{field} restored");
        let containers = "/spec/template/spec/containers";
        assert_eq!(restored.pointer(containers), applied.pointer(containers), "{field}: the containers are unchanged");
        assert_eq!(owned_by(&restored, OPERATOR), owned, "{field} is owned by the operator again");
    }
    Ok(())
}

#[tokio::test]
async fn the_rules_of_a_network_policy_are_restored_as_a_whole() -> Result<()> {
    let playground = Playground::open("rules").await?;
    let ours = json!([{ "ports": [{ "port": 8080, "protocol": "TCP" }] }]);
    let manifest = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "x" },
        "spec": { "podSelector": {}, "policyTypes": ["Ingress"], "ingress": ours },
    });
    let api = playground.api(&manifest)?;
    apply(&api, &manifest, true).await?;
    let everything = json!([{ "ports": [{ "port": 22, "protocol": "TCP" }] }, {}]);
    let edited = edit(&api, "x", |object| {
        set(object, "/spec/ingress", everything.clone());
    })
    .await?;
    assert_eq!(edited.pointer("/spec/ingress"), Some(&everything));

    let restored = apply(&api, &manifest, true).await?;
    assert_eq!(restored.pointer("/spec/ingress"), Some(&ours));
    Ok(())
}

#[tokio::test]
async fn the_type_of_a_service_and_its_node_ports_are_restored() -> Result<()> {
    let playground = Playground::open("node-port").await?;
    let manifest = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "x" },
        "spec": {
            "type": "ClusterIP",
            "selector": { "app": "x" },
            "ports": [{ "name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP" }],
        },
    });
    let api = playground.api(&manifest)?;
    for kind in ["NodePort", "LoadBalancer"] {
        let before = apply(&api, &manifest, true).await?;
        let edited = edit(&api, "x", |object| set(object, "/spec/type", kind.into())).await?;
        edited.pointer("/spec/ports/0/nodePort").and_then(Value::as_i64).context("no node port")?;

        let restored = apply(&api, &manifest, true).await?;
        assert_eq!(text(&restored, "/spec/type")?, "ClusterIP");
        assert_eq!(restored.pointer("/spec"), before.pointer("/spec"), "nothing of {kind} is left");
    }
    Ok(())
}
