//! 3 What should exist: an [`App`] becomes its children. Pure and infallible; one file per child kind.
//!
//! [`KINDS`] is the only place that names the child kinds. Watching, applying, pruning, drift rules, the operator's roles
//! and the table in the README follow from it or are tested against it.

mod autoscaler;
mod deployment;
mod disruption_budget;
mod hardening;
mod kind;
mod meta;
mod network_policy;
mod pod;
mod progress;
mod service;
mod service_account;

pub use kind::{Kind, Rules, Stage, TOLERATED_EVERYWHERE};
pub use meta::{APPLIED_HASH, MANAGED_BY, PART_OF, WORKLOAD, short_hash};
pub use progress::Rollout;
use serde_json::Value;

use crate::app::App;

/// Every kind of object that an app is made of, in the order in which its objects are created.
///
/// An account and a policy come before the pods they bind: at no instant does a pod template exist without them.
pub static KINDS: [Kind; 6] = [
    service_account::KIND,
    network_policy::KIND,
    deployment::KIND,
    service::KIND,
    disruption_budget::KIND,
    autoscaler::KIND,
];

/// One object that should exist.
#[derive(Clone, Debug)]
pub struct Child {
    /// Row of [`KINDS`].
    pub kind: &'static Kind,
    /// Name of the object.
    pub name: String,
    /// Component it belongs to.
    pub component: String,
    /// The whole object, as it is applied.
    pub body: Value,
    /// Hash of the body, which the body also carries as annotation.
    pub hash: String,
    /// The bounds of `spec.replicas` where an autoscaler decides it; then the body says nothing of it.
    pub scaled: Option<(i32, i32)>,
}

impl Child {
    /// The number of pods to apply, where an autoscaler decides it: the one that is there, so that taking the field over or
    /// handing it on never changes it.
    #[must_use]
    pub fn replicas(&self, live: Option<i64>) -> Option<i64> {
        let (min, max) = self.scaled?;
        Some(live.unwrap_or(min.into()).clamp(min.into(), max.max(min).into()))
    }
}

/// All objects that an app is made of, by component and in the order of [`KINDS`].
#[must_use]
pub fn children(app: &App) -> Vec<Child> {
    let mut children = Vec::new();
    for component in &app.components {
        for kind in &KINDS {
            if let Some(body) = (kind.build)(app, component) {
                let (body, hash) = meta::complete(kind, app, component, body);
                let scaling = component.autoscaling.as_ref().filter(|_| kind.kind == deployment::KIND.kind);
                let scaled = scaling.map(|scaling| (scaling.min, scaling.max));
                let (name, component_name) = (component.child.clone(), component.name.clone());
                children.push(Child { kind, name, component: component_name, body, hash, scaled });
            }
        }
    }
    children
}

#[cfg(test)]
mod tests;
