//! What becomes of deviations: undone, or only reported where the policy lets an app ask for that.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Policy, rejection::Rejections};
use crate::api::{DriftMode, FindingItem, HardenedApp, PAUSED, ToleratedPath};

/// How strictly live objects are held to what is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Whether deviations are undone.
    pub mode: DriftMode,
    /// Nothing is written to any child, whatever it is like.
    pub paused: bool,
    /// Additions by others that the policy leaves alone.
    pub tolerated: Vec<ToleratedPath>,
}

impl Drift {
    pub(super) fn accept(app: &HardenedApp, policy: &Policy, rejections: &mut Rejections) -> Self {
        let asked = app.spec.drift.as_ref().and_then(|drift| drift.mode);
        let mode = asked.unwrap_or(policy.drift.mode);
        if mode == DriftMode::Observe && !policy.may_observe() {
            rejections.add(
                "spec.drift.mode",
                format!("the policy '{}' doesn't allow Observe", policy.name),
                "leave it out, or have the platform team set drift.allowObserve in the policy",
            );
        }
        let path = format!("metadata.annotations[{PAUSED}]");
        let paused = is_paused(&app.metadata);
        if paused && !policy.drift.allow_pause {
            rejections.add(
                path,
                format!("the policy '{}' doesn't allow a pause", policy.name),
                "remove it, or have the platform team set drift.allowPause in the policy",
            );
        } else if let Some(value) = app
            .metadata
            .annotations
            .iter()
            .flatten()
            .find_map(|(name, value)| (name == PAUSED && value != "true" && value != "false").then_some(value))
        {
            rejections.add(path, format!("'{value}' is neither true nor false"), "write \"true\", or remove it");
        }
        Self { mode, paused, tolerated: policy.drift.tolerated_paths.clone() }
    }

    /// How the last accepted spec holds while a newer one is refused: what the policy allows no longer ends at once, and a
    /// pause begins and ends with its annotation. A policy that is itself refused changes nothing.
    pub fn keep(&mut self, metadata: &ObjectMeta, policy: Option<&Policy>) {
        self.paused = is_paused(metadata) && policy.map_or(self.paused, |policy| policy.drift.allow_pause);
        if policy.is_some_and(|policy| !policy.may_observe()) {
            self.mode = DriftMode::Enforce;
        }
    }

    /// What the status must say as long as deviations aren't undone.
    #[must_use]
    pub fn finding(&self) -> Option<FindingItem> {
        let message = match (self.paused, self.mode) {
            (true, _) => format!("nothing is written to the app's objects: remove the annotation {PAUSED}"),
            (false, DriftMode::Observe) => {
                "deviations are reported but not undone, except in NetworkPolicies: set spec.drift.mode to Enforce"
                    .to_owned()
            }
            (false, DriftMode::Enforce) => return None,
        };
        Some(FindingItem::about("", "drift-not-undone", &message))
    }
}

fn is_paused(metadata: &ObjectMeta) -> bool {
    metadata.annotations.iter().flatten().any(|(name, value)| name == PAUSED && value == "true")
}
