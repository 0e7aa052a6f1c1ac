//! Which policy applies in which namespace.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use k8s_openapi::api::core::v1::Namespace;
use kube::{ResourceExt, api::PartialObjectMeta, core::DeserializeGuard};

use crate::{
    api::{HardeningPolicy, POLICY_LABEL},
    app::{Policy, Rejection},
};

/// Name of the policy that applies if a namespace names none.
const DEFAULT: &str = "default";

/// The policies, accepted, and the label of each namespace.
#[derive(Debug, Default)]
pub struct Settings(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    policies: HashMap<String, Result<Policy, Vec<Rejection>>>,
    namespaces: HashMap<String, NamespaceState>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct NamespaceState {
    policy: Option<String>,
    terminating: bool,
}

impl Settings {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy that applies in a namespace: the one its label names, else `default`, else the built-in one.
    ///
    /// # Errors
    /// If the label names a policy that doesn't exist, or the policy itself was refused.
    pub fn policy(&self, namespace: &str) -> Result<Policy, Vec<Rejection>> {
        let state = self.read();
        let named = state.namespaces.get(namespace).and_then(|namespace| namespace.policy.as_deref());
        match (named, state.policies.get(named.unwrap_or(DEFAULT))) {
            (_, Some(Ok(policy))) => Ok(policy.clone()),
            (_, Some(Err(rejections))) => Err(rejections.clone()),
            (None, None) => Ok(Policy::default()),
            (Some(name), None) => Err(vec![Rejection {
                path: format!("namespace {namespace}, label {POLICY_LABEL}"),
                problem: format!("there is no HardeningPolicy {name}"),
                remedy: "the platform team creates it or corrects the label".to_owned(),
            }]),
        }
    }

    /// Whether the watch has reported the namespace: until then it is unknown which policy applies in it.
    #[must_use]
    pub fn knows(&self, namespace: &str) -> bool {
        self.read().namespaces.contains_key(namespace)
    }

    /// Whether a namespace is being deleted: nothing can be created in it any more.
    #[must_use]
    pub fn is_terminating(&self, namespace: &str) -> bool {
        self.read().namespaces.get(namespace).is_some_and(|namespace| namespace.terminating)
    }

    /// Stores a policy. Returns whether it changed anything.
    pub(in crate::cluster) fn policy_observed(&self, policy: &DeserializeGuard<HardeningPolicy>) -> bool {
        let accepted = match &policy.0 {
            Ok(policy) => Policy::accept(policy).map_err(|rejections| in_policy(&policy.name_any(), rejections)),
            Err(invalid) => Err(vec![Rejection {
                path: format!("HardeningPolicy {}", policy.name_any()),
                problem: format!("it doesn't fit the schema: {}", invalid.error),
                remedy: "the platform team corrects it".to_owned(),
            }]),
        };
        let earlier = self.write().policies.insert(policy.name_any(), accepted.clone());
        earlier != Some(accepted)
    }

    /// Forgets the policies that a full list doesn't contain. Returns whether there were any.
    pub(in crate::cluster) fn policies_listed(&self, names: &HashSet<String>) -> bool {
        let mut state = self.write();
        let before = state.policies.len();
        state.policies.retain(|name, _| names.contains(name));
        state.policies.len() != before
    }

    /// Forgets the namespaces that a full list doesn't contain; their apps are deleted with them.
    pub(in crate::cluster) fn namespaces_listed(&self, names: &HashSet<String>) {
        self.write().namespaces.retain(|name, _| names.contains(name));
    }

    /// Forgets a policy.
    pub(in crate::cluster) fn policy_deleted(&self, name: &str) {
        self.write().policies.remove(name);
    }

    /// Stores a namespace. Returns whether it changed anything for its apps.
    pub(in crate::cluster) fn namespace_observed(&self, namespace: &PartialObjectMeta<Namespace>) -> bool {
        let state = NamespaceState {
            policy: namespace.labels().get(POLICY_LABEL).cloned(),
            terminating: namespace.metadata.deletion_timestamp.is_some(),
        };
        let earlier = self.write().namespaces.insert(namespace.name_any(), state.clone());
        earlier.unwrap_or_default() != state
    }

    /// Forgets a namespace.
    pub(in crate::cluster) fn namespace_deleted(&self, name: &str) {
        self.write().namespaces.remove(name);
    }
}

/// Adds to each path the policy in whose spec the field is.
fn in_policy(name: &str, rejections: Vec<Rejection>) -> Vec<Rejection> {
    rejections
        .into_iter()
        .map(|rejection| Rejection { path: format!("HardeningPolicy {name}: {}", rejection.path), ..rejection })
        .collect()
}
