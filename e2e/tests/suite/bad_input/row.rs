//! A row of the table: a mistake, whether the API server or the operator rejects it, and the error message.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::message::says_so;

/// One mistake in an app without any other.
pub(crate) struct Row {
    /// Description of the mistake.
    pub(crate) mistake: &'static str,
    pub(crate) change: Change,
    pub(crate) caught: Caught,
}

/// How to make the mistake.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// Fields of component `web`, as YAML.
    Web(&'static str),
    /// A change of any part of the object.
    App(fn(&mut Value)),
    /// Replaces the policy of the namespace by this YAML. The app stays unchanged.
    Policy(&'static str),
}

/// What rejects the mistake. The texts are pieces of the message in order, separated by `…`: the field and the remedy.
#[derive(Clone, Copy)]
pub(crate) enum Caught {
    /// The API server rejects the write with the first text, and the operator's rules reject the object with the second.
    ByServer(&'static str, &'static str),
    /// Like [`Self::ByServer`], but the object doesn't conform to the type, so the operator can't deserialize it.
    Unreadable(&'static str, &'static str),
    /// The API server accepts it; the operator reports it in the status.
    ByOperator(&'static str),
}

/// The API server rejects it, and so do the operator's rules.
pub(crate) const fn server(mistake: &'static str, web: &'static str, says: &'static str, ours: &'static str) -> Row {
    Row { mistake, change: Change::Web(web), caught: Caught::ByServer(says, ours) }
}

/// The object doesn't have the structure of the schema: neither the API server nor the operator can read it.
pub(crate) const fn unreadable(
    mistake: &'static str,
    web: &'static str,
    says: &'static str,
    ours: &'static str,
) -> Row {
    Row { mistake, change: Change::Web(web), caught: Caught::Unreadable(says, ours) }
}

/// The API server stores it, and the operator rejects it.
pub(crate) const fn operator(mistake: &'static str, web: &'static str, says: &'static str) -> Row {
    Row { mistake, change: Change::Web(web), caught: Caught::ByOperator(says) }
}

/// A mistake in the policy of the namespace.
pub(crate) const fn policy(mistake: &'static str, spec: &'static str, caught: Caught) -> Row {
    Row { mistake, change: Change::Policy(spec), caught }
}

impl Row {
    /// Replaces the change of component `web` by a change of the whole object.
    pub(crate) const fn made_by(self, change: fn(&mut Value)) -> Self {
        Self { change: Change::App(change), ..self }
    }

    /// The app, and the policy's spec if the mistake is in the policy.
    pub(crate) fn mistaken(&self) -> Result<(Value, Option<Value>)> {
        let mut app = good();
        match self.change {
            Change::Web(text) => {
                let change: Value = serde_saphyr::from_str(&format!("{{{text}}}"))?;
                if let (Some(web), Value::Object(change)) = (web(&mut app), change) {
                    web.extend(change);
                    // A null removes the field, as if the user had left it out.
                    web.retain(|_, value| !value.is_null());
                }
            }
            Change::App(change) => change(&mut app),
            Change::Policy(text) => return Ok((app, Some(serde_saphyr::from_str(text)?))),
        }
        Ok((app, None))
    }
}

fn web(app: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    app.pointer_mut("/spec/components/0")?.as_object_mut()
}

/// The app without mistakes. It has no pods, so that its rollout is complete without a node.
pub(crate) fn good() -> Value {
    json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": "shop" },
        "spec": { "components": [component("web"), component("api")] },
    })
}

/// A component that conforms to all policies of the table.
pub(crate) fn component(name: &str) -> Value {
    json!({
        "name": name,
        "image": format!("registry.example.com/team/hello:1.0.0@sha256:{}", "a".repeat(64)),
        "replicas": 0,
        "ports": [{ "name": "http", "port": 8080 }],
    })
}

/// Fails unless the text contains the pieces, separated by `…`, in this order.
pub(crate) fn check_message(text: &str, words: &str) -> Result<()> {
    // Messages may be half a megabyte long; the beginning and the end are enough to see the difference.
    let beginning: String = text.chars().take(1000).collect();
    let end: String = text.chars().skip(text.chars().count().saturating_sub(1000)).collect();
    ensure!(!words.is_empty() && says_so(text, words), "expected {words:?}, found {beginning:?} … {end:?}");
    Ok(())
}
