//! 2 What we accept: a spec and a policy become an [`App`], or every mistake in them. Pure; the only source of user errors.
//!
//! An [`App`] is complete: names are valid, quantities canonical, defaults filled in, references between components
//! resolved. Everything after this step takes an `App` and can't fail on what a user wrote.

mod component;
mod connections;
mod drift;
mod environment;
mod image;
mod mounts;
mod names;
mod network;
mod placement;
mod policy;
mod probes;
mod quantity;
mod rejection;
mod scaling;
mod schema;

use std::collections::BTreeSet;

pub use component::{Component, Port};
pub use drift::Drift;
pub use environment::{Env, EnvSource};
pub use image::Image;
pub use mounts::{Mount, MountSource};
use names::is_name;
pub use network::{Outside, Peer, Target};
pub use placement::Placement;
pub use policy::{Dns, PodSelection, Policy, Resources};
pub use probes::{Probe, ProbeHandler, Probes};
pub use quantity::Quantity;
pub use rejection::Rejection;
use rejection::Rejections;
pub use schema::malformed;

use kube::Resource;

use crate::api::{FindingItem, HardenedApp, Platform};

/// A `HardenedApp` that can be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// The object it came from.
    pub owner: Owner,
    /// What runs, by name.
    pub components: Vec<Component>,
    /// Where its pods resolve names.
    pub dns: Dns,
    /// Pods that scrape metrics.
    pub monitoring: Vec<PodSelection>,
    /// What kind of cluster it is.
    pub platform: Platform,
    /// PriorityClass of its pods.
    pub priority_class: Option<String>,
    /// Secrets with registry credentials.
    pub pull_secrets: Vec<String>,
    /// How strictly its objects are held to what is declared.
    pub drift: Drift,
    /// What is weaker than possible, though allowed.
    pub findings: Vec<FindingItem>,
}

/// The identity of a `HardenedApp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Namespace of the app and of all its children.
    pub namespace: String,
    /// Name of the app.
    pub name: String,
    /// Tells the app from an earlier one of the same name.
    pub uid: String,
}

impl Owner {
    /// The identity in an object's metadata.
    #[must_use]
    pub fn of(app: &HardenedApp) -> Self {
        Self {
            namespace: app.metadata.namespace.clone().unwrap_or_default(),
            name: app.metadata.name.clone().unwrap_or_default(),
            uid: app.metadata.uid.clone().unwrap_or_default(),
        }
    }
}

impl App {
    /// Checks a spec against itself and the policy, and resolves it.
    ///
    /// Everything that admission checks is checked again: a stored object may be older than a rule.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn accept(app: &HardenedApp, policy: &Policy) -> Result<Self, Vec<Rejection>> {
        let mut rejections = Rejections::default();
        let owner = Owner::of(app);
        if !is_name(&owner.name, 30) {
            rejections.add(
                "metadata.name",
                format!("'{}' can't prefix the names of children", owner.name),
                "use at most 30 lower-case letters, digits and '-', starting with a letter",
            );
        }
        let specs = &app.spec.components;
        if specs.is_empty() {
            rejections.add("spec.components", "an app needs at least one", "add a component");
        }
        let mut names = BTreeSet::new();
        for spec in specs {
            if !names.insert(spec.name.as_str()) {
                rejections.add(
                    format!("spec.components[{}]", spec.name),
                    "two components have this name",
                    "give each its own",
                );
            }
        }
        let mut findings = Vec::new();
        let mut components: Vec<Component> =
            specs.iter().map(|spec| Component::accept(spec, &owner, policy, &mut findings, &mut rejections)).collect();
        connections::connect(specs, &owner, &mut components, &mut rejections);
        let drift = Drift::accept(app, policy, &mut rejections);
        schema::bounds(&HardenedApp::kind(&()), &app.spec, &mut rejections);
        components.sort_by(|one, other| one.name.cmp(&other.name));
        findings.sort();
        rejections.into_result(Some(Self {
            owner,
            components,
            dns: policy.dns.clone(),
            monitoring: policy.monitoring.clone(),
            platform: policy.placement.platform,
            priority_class: policy.placement.priority_class.clone(),
            pull_secrets: policy.pull_secrets.clone(),
            drift,
            findings,
        }))
    }
}

#[cfg(test)]
mod tests;
