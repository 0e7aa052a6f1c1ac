//! Image references: each has a version or a digest, and comes from a registry that the policy allows.

use serde::{Deserialize, Serialize};
use std::net::Ipv6Addr;

use crate::{
    api::PullPolicy,
    app::{policy::Policy, review::Review},
};

/// Longest name without tag and digest.
const LONGEST_NAME: usize = 255;

/// An image, and how the node gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As the user wrote it.
    pub reference: String,
    /// Whether it names its content by digest.
    pub pinned: bool,
    /// When the node asks the registry.
    pub pull_policy: PullPolicy,
    /// Secrets with registry credentials.
    pub pull_secrets: Vec<String>,
}

pub(super) fn accept(reference: &str, policy: &Policy, path: &str, review: &mut Review) -> Image {
    let (name, digest) = match reference.split_once("@sha256:") {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let tag = name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
    let repository = tag.and_then(|tag| name.strip_suffix(tag)?.strip_suffix(':')).unwrap_or(name);
    if !is_repository(repository) || !tag.is_none_or(is_tag) {
        review.reject(
            path,
            "not an image reference",
            "write registry/repository:tag@sha256:digest, the repository in lower case",
        );
    } else if digest.is_some_and(|digest| digest.len() != 64 || !digest.bytes().all(is_hex)) {
        review.reject(path, "the digest is not complete", "copy all 64 hex digits after @sha256:, in lower case");
    } else if digest.is_none() && tag.is_none_or(str::is_empty) {
        review.reject(path, "no tag and no digest", "append :<version> or @sha256:<digest>");
    } else if digest.is_none() && tag == Some("latest") {
        review.reject(path, "the tag 'latest' changes under a running app", "name a version or a digest");
    } else if digest.is_none() && policy.require_digest {
        review.reject(path, format!("policy {} requires a digest", policy.name), "append @sha256:<digest>");
    }
    if !policy.allowed_registries.is_empty() {
        let allowed = policy.allowed_registries.join(", ");
        if split_registry(repository).0.is_none() {
            // Which registry a short name means is the node's configuration.
            review.reject(path, "it names no registry", format!("name the registry: use an image from {allowed}"));
        } else if !from_any(name, &policy.allowed_registries) {
            review.reject(
                path,
                format!("policy {} doesn't allow this registry", policy.name),
                format!("use an image from {allowed}"),
            );
        }
    }
    let pinned = digest.is_some();
    Image {
        reference: reference.to_owned(),
        pinned,
        pull_policy: policy.pull.unwrap_or(if pinned { PullPolicy::IfNotPresent } else { PullPolicy::Always }),
        pull_secrets: policy.pull_secrets.clone(),
    }
}

/// Whether `name` is an optional registry and a path, as containerd and CRI-O parse it (github.com/distribution/reference).
fn is_repository(name: &str) -> bool {
    let (registry, path) = split_registry(name);
    name.len() <= LONGEST_NAME && registry.is_none_or(is_registry) && path.split('/').all(is_path_component)
}

/// The registry, if the name has one, and the path. A first part is a registry if it has a dot, a port or an upper-case letter, or
/// is `localhost`.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, path))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.contains(|c: char| c.is_ascii_uppercase()) =>
        {
            (Some(first), path)
        }
        _ => (None, name),
    }
}

/// A host name or address (IPv6 in brackets), with an optional port.
fn is_registry(registry: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if let Some((address, rest)) = registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return !address.contains('.')
            && address.parse::<Ipv6Addr>().is_ok()
            && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = registry.split_once(':').map_or((registry, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        let alphanumeric = |c: char| c.is_ascii_alphanumeric();
        label.starts_with(alphanumeric)
            && label.ends_with(alphanumeric)
            && label.chars().all(|c| alphanumeric(c) || c == '-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// Lower-case letters and digits, separated by one dot, one or two underscores, or any number of dashes.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = component.split(alphanumeric).filter(|separator| !separator.is_empty());
    component.starts_with(alphanumeric)
        && component.ends_with(alphanumeric)
        && separators.all(|it| matches!(it, "." | "_" | "__") || it.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Whether `name` is one of `prefixes`, with or without a tag, or lies below one at a path boundary: `ghcr.io/team`
/// matches `ghcr.io/team/x` and not `ghcr.io/teams`.
fn from_any(name: &str, prefixes: &[String]) -> bool {
    prefixes.iter().filter_map(|prefix| name.strip_prefix(prefix.trim_end_matches('/'))).any(|rest| {
        let tag = rest.strip_prefix(':').is_some_and(|tag| !tag.contains('/'));
        rest.is_empty() || rest.starts_with('/') || tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_match_at_path_boundaries() {
        let allowed = ["ghcr.io/team".to_owned(), "docker.io".to_owned()];
        for (name, expected) in [
            ("ghcr.io/team/shop", true),
            ("ghcr.io/teams/shop", false),
            ("ghcr.io/team:1", true),
            ("ghcr.io/team", true),
            ("docker.io:5000/nginx", false),
            ("docker.io/library/nginx", true),
            ("localhost/nginx", false),
            ("quay.io/docker.io/nginx", false),
        ] {
            assert_eq!(from_any(name, &allowed), expected, "{name}");
        }
    }

    #[test]
    fn references_are_those_that_runtimes_can_parse() {
        for (name, expected) in [
            ("registry.example.com/shop/web", true),
            ("Registry.Example.com/web", true),
            ("[2001:db8::1]:5000/web", true),
            ("localhost:5000/web", true),
            ("a__b/c--d/e.f", true),
            ("registry.example.com/a..b", false),
            ("registry.example.com/a._b", false),
            ("registry.example.com/a___b", false),
            ("my_registry.example.com/x", false),
            ("[2001:db8::zz]/x", false),
            ("[::ffff:192.0.2.1]/x", false),
            ("registry.example.com:/x", false),
            ("registry.example.com/Web", false),
            ("a//b", false),
            ("", false),
        ] {
            assert_eq!(is_repository(name), expected, "{name}");
        }
        assert!(is_tag(&"a".repeat(128)) && !is_tag(&"a".repeat(129)));
    }
}
