//! The security headers of responses.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The security headers of all responses of a host. Each may be stricter than what is set without it, and laxer only as far as scanners
/// still count it as safe. `X-Content-Type-Options: nosniff` is always set; `Server` and `X-Powered-By` are removed.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ResponseHeaders {
    /// `Strict-Transport-Security`: for how long browsers use HTTPS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_transport_security: Option<StrictTransportSecurity>,
    /// `Content-Security-Policy`; `default-src 'self'` if not given. It must have `default-src`; scripts come from the app's own host or from
    /// named ones, and inline ones only where the policy allows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new(r"self.matches('^[A-Za-z0-9 \':;/._=,?&#~@!()+*-]*$')")
        .message("write directives such as default-src 'self', separated by ';', without line breaks, double quotes, '%', '$', '<', '>', '{' and '}'"))]
    pub content_security_policy: Option<String>,
    /// `X-Frame-Options`: whether pages may be shown in frames; `DENY` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_options: Option<FrameOptions>,
    /// `Referrer-Policy`: what other hosts learn of the page that led to them; `strict-origin-when-cross-origin` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer_policy: Option<ReferrerPolicy>,
    /// `Permissions-Policy`; `camera=(), microphone=(), geolocation=()` if not given. These three must be in it; each feature is for none,
    /// `()`, or for the app's own host, `(self)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z][a-z-]*=[(](self)?[)](, [a-z][a-z-]*=[(](self)?[)])*$')")
        .message("write features with () or (self), separated by ', ', such as camera=(), microphone=(self), geolocation=()"))]
    pub permissions_policy: Option<String>,
}

/// For how long browsers use HTTPS only.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(has(self.preload) && self.preload) || ((!has(self.includeSubDomains) || self.includeSubDomains) && (!has(self.maxAgeDays) || self.maxAgeDays >= 365))")
    .message("preload needs includeSubDomains and at least 365 days"))]
pub struct StrictTransportSecurity {
    /// Days, at least 180 and what the policy asks for; 730 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 180, max = 3650))]
    pub max_age_days: Option<i32>,
    /// Whether it holds for the names below the host, too; yes if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_sub_domains: Option<bool>,
    /// Whether browsers may have the domain built in: it can't be taken back for months. A commitment for the whole domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preload: Option<bool>,
}

/// Whether pages may be shown in frames. `DENY`: in none. `SAMEORIGIN`: in those of the same host.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum FrameOptions {
    /// In none.
    #[default]
    Deny,
    /// In those of the same host.
    SameOrigin,
}

impl FrameOptions {
    /// The value of the header.
    #[must_use]
    pub const fn value(self) -> &'static str {
        match self {
            Self::Deny => "DENY",
            Self::SameOrigin => "SAMEORIGIN",
        }
    }
}

/// What other hosts learn of the page that led to them: nothing (`no-referrer`, `same-origin`), or by HTTPS its host
/// (`strict-origin`, and `strict-origin-when-cross-origin`, which sends the whole address within the host).
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerPolicy {
    /// Nothing, and the own host neither.
    NoReferrer,
    /// Nothing; the own host the whole address.
    SameOrigin,
    /// The host.
    StrictOrigin,
    /// The host; the own host the whole address.
    #[default]
    StrictOriginWhenCrossOrigin,
}

impl ReferrerPolicy {
    /// The value of the header.
    #[must_use]
    pub const fn value(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::SameOrigin => "same-origin",
            Self::StrictOrigin => "strict-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        }
    }
}
