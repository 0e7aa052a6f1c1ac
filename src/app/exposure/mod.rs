//! The hosts under which an app is reachable from outside the cluster, checked against what the platform allows.

mod accept;
mod accepted;
mod attested;
mod content_security_policy;
mod headers;
mod hosts;
mod rules;

pub(super) use self::accept::accept;
pub use self::{
    accepted::{Certificate, EntryPoint, ExposedPath, Exposure, Header},
    attested::Attested,
    headers::{REMOVED_HEADERS, default_headers},
    rules::ExposureRules,
};

#[cfg(test)]
mod tests;
