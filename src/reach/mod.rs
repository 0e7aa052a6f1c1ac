//! 5 Who reaches whom: NetworkPolicies are read once, and judged together, because policies add up. Pure.

mod endpoint;
mod evaluate;
mod listener;
mod openings;
mod other_policies;
mod pod_labels;
mod policy;
mod population;
mod ports;
mod read;
mod selector;
mod service;
mod set;
mod words;

pub use endpoint::{Endpoint, Pod};
pub use evaluate::{Judgement, Matrix, Side};
pub use listener::Listener;
pub use openings::{Client, Opening, openings};
pub use other_policies::{OTHER_POLICIES, group_of};
pub use pod_labels::PodLabels;
pub use policy::{Peer, Policy, Rule};
pub use ports::{NamedPort, PolicyPort, Transport};
pub use read::Unjudged;
pub use selector::{Expression, NAMESPACE_NAME, Operator, Selector};
pub use service::{Service, ServicePort};
pub use words::opens;

#[cfg(test)]
mod tests;
