//! What leads from outside the cluster to an app, by the controller that the platform has. One file for each way to configure one: what it
//! can enforce, and how.

mod contour;
mod enforced;
mod feature;
mod gateway;
mod ingress;
mod objects;
mod parts;
mod traefik;

pub use enforced::unenforceable;
pub(super) use objects::{
    backend_tls_policies, certificates, exposed, http_proxies, http_routes, ingresses, listener_sets, middlewares,
    tls_options,
};
