//! The accepted form of an exposure.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::attested::Attested;
use crate::{
    api::{BackendTls, GatewayParent, IngressProfile, IssuerKind, RateLimit, TlsVersion},
    app::{
        hash::short_hash,
        id::{AppId, PartName},
        quantity::Quantity,
    },
};

/// A host, and what leads from there to the app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// The host; `*.` in front stands for one label or more.
    pub host: String,
    /// Which component serves which paths, by path.
    pub paths: Vec<ExposedPath>,
    /// The security headers of all responses.
    pub headers: Vec<Header>,
    /// The lowest version of TLS.
    pub min_tls: TlsVersion,
    /// How many requests are accepted.
    pub rate_limit: Option<RateLimit>,
    /// The longest body of a request, in bytes.
    pub max_body: Option<Quantity>,
    /// Addresses from which requests are accepted; all if empty.
    pub clients: Vec<IpNet>,
    /// How the controller verifies the components' certificates, where it encrypts towards them.
    pub backend_tls: Option<BackendTls>,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// What serves the host.
    pub entry: EntryPoint,
    /// What the controller enforces for every host, as the policy says.
    pub attested: Attested,
}

/// One header, and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// Which component serves a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposedPath {
    /// The path, with all below it.
    pub path: String,
    /// The component.
    pub component: PartName,
    /// Name of its port. Its number is that of the release that runs.
    pub port: String,
}

/// Where the certificate of a host comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certificate {
    /// The platform's listener has it.
    Platform,
    /// This Secret has it.
    Secret(String),
    /// cert-manager issues it into this Secret.
    Issued {
        /// The Secret.
        secret: String,
        /// Name of the issuer.
        issuer: String,
        /// Where the issuer is.
        kind: IssuerKind,
    },
}

impl Certificate {
    /// The Secret that has it.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Platform => None,
            Self::Secret(secret) | Self::Issued { secret, .. } => Some(secret),
        }
    }
}

/// What serves hosts: the platform's controller, and how it is configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EntryPoint {
    /// Routes of the Gateway API, attached to a Gateway.
    Gateway(GatewayParent),
    /// An ingress controller.
    Ingress {
        /// Name of its class.
        class: String,
        /// What it is configured with.
        profile: IngressProfile,
    },
}

impl Exposure {
    /// Name of its objects; with a suffix where it has several of a kind. It fits into a label, whatever the host.
    #[must_use]
    pub fn object_name(&self, id: &AppId, suffix: &str) -> String {
        object_name(&id.name, &self.host, suffix)
    }

    /// Whether an object of this name is one of its.
    #[must_use]
    pub fn has_object(&self, id: &AppId, name: &str) -> bool {
        let rest = name.strip_prefix(&self.object_name(id, ""));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// Where it leads.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host)
    }
}

/// Begins with what a reader recognizes, and ends with what distinguishes it. No name of a part contains a dot.
pub(super) fn object_name(app: &str, host: &str, suffix: &str) -> String {
    let label = host.split('.').next().unwrap_or_default();
    let label = if label == "*" { "wildcard" } else { label };
    let label: String = label.chars().take(LONGEST_LABEL).collect();
    let hash: String = short_hash(host).chars().take(HASH).collect();
    let suffix = if suffix.is_empty() { String::new() } else { format!("-{suffix}") };
    format!("{app}.{}-{hash}{suffix}", label.trim_end_matches('-'))
}

/// With the longest name of an app, the hash and the longest suffix a name of 63 characters at most, as a label's value must be.
const LONGEST_LABEL: usize = 12;

/// Characters of the hash.
const HASH: usize = 8;
