//! 3 What should exist: an [`App`] becomes its children. Pure and infallible; one file per child kind.
//!
//! [`KINDS`] is the only place that names the child kinds. Watching, applying, pruning, drift rules, the operator's roles
//! and the table in the README follow from it or are tested against it.

mod deployment;
mod disruption_budget;
mod hardening;
mod kind;
mod meta;
mod network_policy;
mod pod;
mod service;
mod service_account;

pub use kind::{Kind, Rules, Stage, TOLERATED_EVERYWHERE};
pub use meta::{APPLIED_HASH, MANAGED_BY, PART_OF, WORKLOAD, short_hash};
use serde_json::Value;

use crate::app::App;

/// Every kind of object that an app is made of, in the order in which its objects are created.
///
/// An account and a policy come before the pods they bind: at no instant does a pod template exist without them.
pub static KINDS: [Kind; 5] =
    [service_account::KIND, network_policy::KIND, deployment::KIND, service::KIND, disruption_budget::KIND];

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
}

/// All objects that an app is made of, by component and in the order of [`KINDS`].
#[must_use]
pub fn children(app: &App) -> Vec<Child> {
    let mut children = Vec::new();
    for component in &app.components {
        for kind in &KINDS {
            if let Some(body) = (kind.build)(app, component) {
                let (body, hash) = meta::complete(kind, app, component, body);
                let (name, component) = (component.child.clone(), component.name.clone());
                children.push(Child { kind, name, component, body, hash });
            }
        }
    }
    children
}

#[cfg(test)]
mod tests;
