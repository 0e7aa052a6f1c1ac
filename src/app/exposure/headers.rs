//! The security headers: strict without being asked, and laxer only as far as that still counts as safe.

use super::{accepted::Header, content_security_policy, rules::ExposureRules};
use crate::{
    api::{FrameOptions, ReferrerPolicy, ResponseHeaders, StrictTransportSecurity},
    app::review::Review,
};

/// What tells attackers which software serves.
pub const REMOVED_HEADERS: [&str; 2] = ["Server", "X-Powered-By"];

/// What browsers allow without being asked, and a page seldom needs.
const RESTRICTED_FEATURES: [&str; 3] = ["camera", "microphone", "geolocation"];

/// Days of `Strict-Transport-Security` if not given: two years, what the list of preloaded domains recommends.
const DEFAULT_HSTS_DAYS: i32 = 730;

/// Days without which no domain is preloaded.
const FEWEST_PRELOAD_DAYS: i32 = 365;

/// The headers of an app that gives none.
#[must_use]
pub fn default_headers() -> Vec<Header> {
    headers(None)
}

pub(super) fn accept(
    given: Option<&ResponseHeaders>,
    platform: &ExposureRules,
    path: &str,
    review: &mut Review,
) -> Vec<Header> {
    if let Some(given) = given {
        let path = format!("{path}.headers");
        if let Some(strict) = &given.strict_transport_security {
            strict_transport_security(strict, platform, &format!("{path}.strictTransportSecurity"), review);
        }
        let value = given.content_security_policy.as_deref();
        if let Some((problem, remedy)) =
            value.and_then(|value| content_security_policy::problem(value, platform.allow_unsafe_inline))
        {
            review.reject(format!("{path}.contentSecurityPolicy"), problem, remedy);
        }
        if let Some(value) = &given.permissions_policy {
            permissions(value, format!("{path}.permissionsPolicy"), review);
        }
    }
    headers(given)
}

fn headers(given: Option<&ResponseHeaders>) -> Vec<Header> {
    let given = given.cloned().unwrap_or_default();
    let features = || RESTRICTED_FEATURES.map(|feature| format!("{feature}=()")).join(", ");
    let policy = given.content_security_policy.unwrap_or_else(|| "default-src 'self'".to_owned());
    [
        ("Strict-Transport-Security", hsts(&given.strict_transport_security.unwrap_or_default())),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        (
            "X-Frame-Options",
            given.frame_options.map_or(FrameOptions::default().value(), FrameOptions::value).to_owned(),
        ),
        (
            "Referrer-Policy",
            given.referrer_policy.map_or(ReferrerPolicy::default().value(), ReferrerPolicy::value).to_owned(),
        ),
        ("Permissions-Policy", given.permissions_policy.unwrap_or_else(features)),
        ("Content-Security-Policy", policy),
    ]
    .into_iter()
    .map(|(name, value)| Header { name: name.to_owned(), value })
    .collect()
}

fn hsts(given: &StrictTransportSecurity) -> String {
    let seconds = i64::from(given.max_age_days.unwrap_or(DEFAULT_HSTS_DAYS)) * 24 * 60 * 60;
    let sub_domains = if given.include_sub_domains.unwrap_or(true) { "; includeSubDomains" } else { "" };
    let preload = if given.preload.unwrap_or_default() { "; preload" } else { "" };
    format!("max-age={seconds}{sub_domains}{preload}")
}

fn strict_transport_security(
    given: &StrictTransportSecurity,
    platform: &ExposureRules,
    path: &str,
    review: &mut Review,
) {
    let days = given.max_age_days.unwrap_or(DEFAULT_HSTS_DAYS);
    if days < platform.min_hsts_days {
        let problem = format!("{days} days, where at least {} are asked for", platform.min_hsts_days);
        review.reject(format!("{path}.maxAgeDays"), problem, "give more, or leave it out for 730");
    }
    let covers_all = given.include_sub_domains.unwrap_or(true) && days >= FEWEST_PRELOAD_DAYS;
    if given.preload.unwrap_or_default() && !covers_all {
        let problem = "preload needs includeSubDomains and at least 365 days";
        review.reject(format!("{path}.preload"), problem, "give them, or remove preload");
    }
}

/// Each feature is for none or for the app's own host.
fn permissions(value: &str, path: String, review: &mut Review) {
    let features: Vec<Option<(&str, &str)>> = value.split(", ").map(|feature| feature.split_once('=')).collect();
    let is_feature = |feature: &Option<(&str, &str)>| {
        feature.is_some_and(|(name, allowed)| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                && matches!(allowed, "()" | "(self)")
        })
    };
    if !features.iter().all(is_feature) {
        let remedy =
            "write features with () or (self), separated by ', ', such as camera=(), microphone=(self), geolocation=()";
        review.reject(path, "not a list of features for none or for the app's own host", remedy);
        return;
    }
    let names: Vec<&str> = features.into_iter().flatten().map(|(name, _)| name).collect();
    if let Some(missing) = RESTRICTED_FEATURES.into_iter().find(|feature| !names.contains(feature)) {
        review.reject(path, format!("{missing} isn't in it"), format!("add {missing}=() or {missing}=(self)"));
    }
}
