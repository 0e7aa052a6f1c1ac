//! Who else reaches pods that only some clients may reach. Policies add up: what one of them allows, no other can take back.

use std::collections::BTreeMap;

use super::{
    listener::Listener,
    policy::{Peer, Policy},
    selector::{NAMESPACE_NAME, Selector},
    words,
};

/// Pods that are allowed to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Their namespace; that of the listener if `None`.
    pub namespace: Option<String>,
    /// Labels that they all have; all pods of the namespace if empty.
    pub labels: BTreeMap<String, String>,
}

/// A policy that lets in others than the allowed clients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// Name of the policy.
    pub policy: String,
    /// Whom it lets in, in at most 200 characters: `pods app=report of namespace team-b on port 5432`.
    pub what: String,
}

/// The policies among these that let in others than the allowed clients, in the order of the policies. Those of other namespaces, those
/// that can't select the listener, and those that only open other ports don't count; one that isn't about ingress doesn't either.
///
/// A peer counts as allowed if all that it can match is one client: what several clients cover together is reported.
#[must_use]
pub fn openings<'a>(
    policies: impl IntoIterator<Item = &'a Policy>,
    listener: &Listener,
    allowed: &[Client],
) -> Vec<Opening> {
    let policies = policies.into_iter().filter(|policy| policy.namespace == listener.namespace);
    let policies = policies.filter(|policy| policy.pods.may_match(&listener.labels));
    policies.filter_map(|policy| opening(policy, listener, allowed)).collect()
}

fn opening(policy: &Policy, listener: &Listener, allowed: &[Client]) -> Option<Opening> {
    let rules = policy.ingress.iter().flatten().filter(|rule| listener.is_covered(rule));
    let let_in =
        rules.flat_map(words::peers).filter(|(peer, _)| !peer.is_some_and(|peer| is_allowed(peer, listener, allowed)));
    let what = words::listed(let_in, |port| listener.is_on(port));
    (!what.is_empty()).then(|| Opening { policy: policy.name.clone(), what })
}

/// Whether all that the peer of a policy in the listener's namespace can match is an allowed client.
fn is_allowed(peer: &Peer, listener: &Listener, allowed: &[Client]) -> bool {
    match peer {
        Peer::Range { .. } => false,
        Peer::Pods { namespaces, pods } => {
            let namespaces = match namespaces {
                None => Some(vec![listener.namespace.as_str()]),
                Some(selector) => selector.values(NAMESPACE_NAME),
            };
            let is_client = |namespace: &str| {
                allowed.iter().any(|client| is_of_client(namespace, pods.as_ref(), client, &listener.namespace))
            };
            namespaces.is_some_and(|names| names.into_iter().all(is_client))
        }
    }
}

fn is_of_client(namespace: &str, pods: Option<&Selector>, client: &Client, own: &str) -> bool {
    let Client { namespace: of, labels } = client;
    let has_labels = labels.is_empty() || pods.is_some_and(|pods| pods.requires(labels));
    namespace == of.as_deref().unwrap_or(own) && has_labels
}
