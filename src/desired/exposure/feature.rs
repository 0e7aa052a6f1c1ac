//! What an exposure may ask for, and whether the controller enforces it.

use crate::app::{Exposure, default_headers};

/// What an exposure may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    /// A lowest version of TLS.
    MinTls,
    /// HTTP is redirected to HTTPS.
    Redirect,
    /// Security headers.
    Headers,
    /// A limit of the rate of requests.
    RateLimit,
    /// A limit of the length of bodies.
    MaxBodySize,
    /// Only some addresses.
    Clients,
    /// Encryption towards components, verified by a certificate in a ConfigMap.
    BackendTlsByConfigMap,
    /// The same by a certificate in a Secret.
    BackendTlsBySecret,
}

impl Feature {
    pub(super) const ALL: [Self; 8] = [
        Self::MinTls,
        Self::Redirect,
        Self::Headers,
        Self::RateLimit,
        Self::MaxBodySize,
        Self::Clients,
        Self::BackendTlsByConfigMap,
        Self::BackendTlsBySecret,
    ];

    /// The field that asks for it, or what it is where it is always asked for.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::MinTls => "minTLSVersion",
            Self::Redirect => "the redirect to HTTPS",
            Self::Headers => "headers",
            Self::RateLimit => "rateLimit",
            Self::MaxBodySize => "maxBodySize",
            Self::Clients => "allowCIDRs",
            Self::BackendTlsByConfigMap => "backendTLS.caConfigMap",
            Self::BackendTlsBySecret => "backendTLS.caSecret",
        }
    }

    /// What the platform team can attest; `None` where it can't.
    pub(super) const fn attestation(self) -> Option<&'static str> {
        match self {
            Self::MinTls => Some("minTLSVersion"),
            Self::Redirect => Some("redirect"),
            Self::Headers => Some("headers"),
            Self::RateLimit => Some("rateLimit"),
            Self::MaxBodySize => Some("maxBodySize"),
            Self::Clients | Self::BackendTlsByConfigMap | Self::BackendTlsBySecret => None,
        }
    }

    pub(super) fn is_asked_for(self, exposure: &Exposure) -> bool {
        let backend = exposure.backend_tls.as_ref();
        match self {
            Self::MinTls | Self::Redirect | Self::Headers => true,
            Self::RateLimit => exposure.rate_limit.is_some(),
            Self::MaxBodySize => exposure.max_body.is_some(),
            Self::Clients => !exposure.clients.is_empty(),
            Self::BackendTlsByConfigMap => backend.is_some_and(|tls| tls.ca_config_map.is_some()),
            Self::BackendTlsBySecret => backend.is_some_and(|tls| tls.ca_secret.is_some()),
        }
    }

    /// Whether the platform says that the controller enforces at least what is asked for.
    pub(super) fn is_attested(self, exposure: &Exposure) -> bool {
        let attested = &exposure.attested;
        match self {
            Self::MinTls => attested.min_tls.is_some_and(|version| version >= exposure.min_tls),
            Self::Redirect => attested.redirect,
            Self::Headers => attested.headers && exposure.headers == default_headers(),
            Self::RateLimit => attested.rate_limit.zip(exposure.rate_limit).is_some_and(|(enforced, asked)| {
                enforced.requests_per_second <= asked.requests_per_second && enforced.burst <= asked.burst
            }),
            Self::MaxBodySize => {
                attested.max_body.zip(exposure.max_body).is_some_and(|(enforced, asked)| enforced <= asked)
            }
            Self::Clients | Self::BackendTlsByConfigMap | Self::BackendTlsBySecret => false,
        }
    }
}
