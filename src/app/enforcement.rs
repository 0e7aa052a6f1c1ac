//! Whether the operator reverts deviations, or only reports them because the app asks for it and the policy allows it.
//!
//! An app that asks for more than the policy grants isn't refused: the operator reverts its deviations, and a finding
//! reports what isn't granted.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

use super::policy::Policy;
use crate::api::{Check, DriftMode, FindingItem, PAUSED, ToleratedPath};

/// What the operator does about deviations of live objects from what is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// Whether deviations are reverted.
    pub mode: DriftMode,
    /// The operator writes nothing to any child, even if it deviates.
    #[serde(skip)]
    pub paused: bool,
    /// Additions by other field managers that the policy tolerates.
    pub tolerated: Vec<ToleratedPath>,
    /// What the spec asks for.
    asked: Option<DriftMode>,
    /// Findings about requests that weren't granted.
    #[serde(skip)]
    refused: Vec<FindingItem>,
}

impl Enforcement {
    /// Grants what the spec and the annotation ask for, as far as the policy allows it.
    pub(super) fn grant(asked: Option<DriftMode>, metadata: &ObjectMeta, policy: &Policy) -> Self {
        let rules = &policy.drift;
        let may_observe = rules.allow_observe || rules.mode == DriftMode::Observe;
        let mode = asked.filter(|asked| *asked == DriftMode::Enforce || may_observe).unwrap_or(rules.mode);
        let annotation = pause(metadata);
        let paused = annotation == Some("true") && rules.allow_pause;
        let mut refused = Vec::new();
        let mut refuse = |words: String| refused.push(FindingItem::about("", Check::DriftNotGranted, &words));
        if asked == Some(DriftMode::Observe) && !may_observe {
            let words = "spec.drift.mode: Observe isn't granted, deviations are undone: remove it, or have the platform team set";
            refuse(format!("{words} drift.allowObserve in {}", named(policy)));
        }
        match annotation {
            Some("true") if !rules.allow_pause => {
                let words = "isn't granted, nothing is paused: remove it, or have the platform team set";
                refuse(format!("the annotation {PAUSED} {words} drift.allowPause in {}", named(policy)));
            }
            Some("true" | "false") | None => {}
            Some(_) => refuse(format!(
                "the annotation {PAUSED} is neither \"true\" nor \"false\", nothing is paused: write \"true\", or remove it"
            )),
        }
        Self { mode, paused, tolerated: rules.tolerated_paths.clone(), refused, asked }
    }

    /// Updates the last accepted spec while a newer one is refused: the current policy and annotation apply. While the
    /// policy is refused, too, the mode stays as it is, and a pause can only end.
    pub fn keep(&mut self, metadata: &ObjectMeta, policy: Option<&Policy>) {
        match policy {
            Some(policy) => *self = Self::grant(self.asked, metadata, policy),
            None => self.paused &= pause(metadata) == Some("true"),
        }
    }

    /// Whether the deviations of a kind's objects are only reported.
    #[must_use]
    pub fn only_observes(&self, always_enforced: bool) -> bool {
        self.mode == DriftMode::Observe && !always_enforced
    }

    /// Findings for the status: deviations that aren't reverted, and requests that weren't granted.
    #[must_use]
    pub fn findings(&self) -> Vec<FindingItem> {
        let left = match (self.paused, self.mode) {
            (true, _) => Some(format!("nothing is written to the app's objects: remove the annotation {PAUSED}")),
            (false, DriftMode::Observe) => {
                Some("deviations are reported but not undone, except in NetworkPolicies".to_owned())
            }
            (false, DriftMode::Enforce) => None,
        };
        let left = left.map(|words| FindingItem::about("", Check::DriftNotUndone, &words));
        left.into_iter().chain(self.refused.iter().cloned()).collect()
    }
}

/// The policy to change. The built-in policy isn't an object; a policy named `default` replaces it.
fn named(policy: &Policy) -> String {
    if policy.name == Policy::default().name {
        return "a HardeningPolicy named default".to_owned();
    }
    format!("the HardeningPolicy {}", policy.name)
}

fn pause(metadata: &ObjectMeta) -> Option<&str> {
    metadata.annotations.as_ref()?.get(PAUSED).map(String::as_str)
}
