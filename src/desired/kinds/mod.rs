//! The table of child kinds: one file and one row for each. No other code names a kind.

mod backend_tls_policy;
mod certificate;
mod controller_revision;
mod deployment;
mod horizontal_pod_autoscaler;
mod http_proxy;
mod http_route;
mod ingress;
mod job;
mod listener_set;
mod middleware;
mod network_policy;
mod pod_disruption_budget;
mod pod_template;
mod service;
mod service_account;
mod stateful_set;
mod tls_option;

pub use controller_revision::entry;
pub use job::pods_of_task;

use super::kind::Kind;

/// Every kind of object that an app is made of, in the order in which its objects are created.
///
/// A ServiceAccount and a NetworkPolicy are created before the pods they restrict, so that no pod template ever exists
/// without them.
pub static KINDS: &[Kind] = &[
    service_account::KIND,
    network_policy::KIND,
    controller_revision::KIND,
    job::KIND,
    stateful_set::KIND,
    deployment::KIND,
    service::KIND,
    pod_disruption_budget::KIND,
    horizontal_pod_autoscaler::KIND,
    certificate::KIND,
    listener_set::KIND,
    backend_tls_policy::KIND,
    middleware::KIND,
    tls_option::KIND,
    http_route::KIND,
    ingress::KIND,
    http_proxy::KIND,
];

/// The row of the components' workloads. Like those below for code that addresses one kind.
pub static DEPLOYMENTS: &Kind = &deployment::KIND;

/// The row of routes of the Gateway API.
pub static HTTP_ROUTES: &Kind = &http_route::KIND;

/// The row of Contour's proxies.
pub static HTTP_PROXIES: &Kind = &http_proxy::KIND;

/// The row of tasks.
pub static JOBS: &Kind = &job::KIND;

/// The row of the record's entries.
pub static REVISIONS: &Kind = &controller_revision::KIND;
