//! A row of the table: a mistake, who catches it, and what is said of it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::message::says_so;

/// One mistake in an app that was fine.
pub(crate) struct Row {
    /// What somebody got wrong.
    pub(crate) mistake: &'static str,
    pub(crate) change: Change,
    pub(crate) caught: Caught,
}

/// What somebody writes.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// Fields of component `web`, as YAML.
    Web(&'static str),
    /// Anything else in the object.
    App(fn(&mut Value)),
    /// The policy of the namespace, as YAML. The app stays as it is.
    Policy(&'static str),
}

/// Who catches it. The words are pieces of the message in their order, with `…` between: the field and the remedy.
#[derive(Clone, Copy)]
pub(crate) enum Caught {
    /// The API server refuses the write with the first words, and our own rules refuse the same object with the second.
    ByServer(&'static str, &'static str),
    /// As before, but it is no object of this kind at all: it can't even be read.
    Unreadable(&'static str, &'static str),
    /// The API server sees nothing wrong, or no further than one component. The status says so.
    ByOperator(&'static str),
}

/// Refused by the API server, and by our own rules.
pub(crate) const fn server(mistake: &'static str, web: &'static str, says: &'static str, ours: &'static str) -> Row {
    Row { mistake, change: Change::Web(web), caught: Caught::ByServer(says, ours) }
}

/// Of another form than the schema's: the API server can't read it, and nor can we.
pub(crate) const fn unreadable(
    mistake: &'static str,
    web: &'static str,
    says: &'static str,
    ours: &'static str,
) -> Row {
    Row { mistake, change: Change::Web(web), caught: Caught::Unreadable(says, ours) }
}

/// Stored, and refused by the operator.
pub(crate) const fn operator(mistake: &'static str, web: &'static str, says: &'static str) -> Row {
    Row { mistake, change: Change::Web(web), caught: Caught::ByOperator(says) }
}

/// In the policy of the namespace.
pub(crate) const fn policy(mistake: &'static str, spec: &'static str, caught: Caught) -> Row {
    Row { mistake, change: Change::Policy(spec), caught }
}

impl Row {
    /// With a change of the whole object in place of one of component `web`.
    pub(crate) const fn made_by(self, change: fn(&mut Value)) -> Self {
        Self { change: Change::App(change), ..self }
    }

    /// The app with the mistake in it; or the policy's spec, if it is there.
    pub(crate) fn mistaken(&self) -> Result<(Value, Option<Value>)> {
        let mut app = good();
        match self.change {
            Change::Web(text) => {
                let change: Value = serde_saphyr::from_str(&format!("{{{text}}}"))?;
                if let (Some(web), Value::Object(change)) = (web(&mut app), change) {
                    web.extend(change);
                    // As a user who leaves a field out.
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

/// The app that every row is a mistake in: without pods, so that its rollout is complete without a node.
pub(crate) fn good() -> Value {
    json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": "shop" },
        "spec": { "components": [component("web"), component("api")] },
    })
}

/// A component with which nothing is wrong, under any policy of the table.
pub(crate) fn component(name: &str) -> Value {
    json!({
        "name": name,
        "image": format!("registry.example.com/team/hello:1.0.0@sha256:{}", "a".repeat(64)),
        "replicas": 0,
        "ports": [{ "name": "http", "port": 8080 }],
    })
}

/// Fails unless the pieces are in the text, in their order.
pub(crate) fn is_said(text: &str, words: &str) -> Result<()> {
    // Half a megabyte would bury the rest; what matters stands at the beginning or at the end.
    let beginning: String = text.chars().take(1000).collect();
    let end: String = text.chars().skip(text.chars().count().saturating_sub(1000)).collect();
    ensure!(!words.is_empty() && says_so(text, words), "expected {words:?}, found {beginning:?} … {end:?}");
    Ok(())
}
