//! Image references: each has a version or a digest, and comes from a registry that the policy allows.

use crate::{
    api::PullPolicy,
    app::{policy::Policy, review::Review},
};

/// An image, and how the node gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            "write registry/repository:tag@sha256:digest, in lower case but for the tag",
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
    if !policy.allowed_registries.is_empty() && !from_any(name, &policy.allowed_registries) {
        review.reject(
            path,
            format!("policy {} doesn't allow this registry", policy.name),
            format!("use an image from {}", policy.allowed_registries.join(", ")),
        );
    }
    let pinned = digest.is_some();
    Image {
        reference: reference.to_owned(),
        pinned,
        pull_policy: policy.pull.unwrap_or(if pinned { PullPolicy::IfNotPresent } else { PullPolicy::Always }),
        pull_secrets: policy.pull_secrets.clone(),
    }
}

/// Whether `name` is an optional registry with an optional port, and a path.
fn is_repository(name: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let (host, folders) = name.split_once('/').map_or(("", name), |(host, folders)| match host.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, folders),
        _ => ("", name),
    });
    folders.split('/').chain((!host.is_empty()).then_some(host)).all(|part| {
        part.starts_with(alphanumeric)
            && part.ends_with(alphanumeric)
            && part.chars().all(|c| alphanumeric(c) || "._-".contains(c))
    })
}

fn is_tag(tag: &str) -> bool {
    !tag.starts_with(['.', '-']) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Whether `name` is one of `prefixes`, with or without a tag, or lies below one at a path boundary: `ghcr.io/team`
/// matches `ghcr.io/team/x` and not `ghcr.io/teams`.
fn from_any(name: &str, prefixes: &[String]) -> bool {
    let name = with_registry(name);
    prefixes.iter().filter_map(|prefix| name.strip_prefix(prefix.trim_end_matches('/'))).any(|rest| {
        let tag = rest.strip_prefix(':').is_some_and(|tag| !tag.contains('/'));
        rest.is_empty() || rest.starts_with('/') || tag
    })
}

/// A reference without a registry means Docker Hub. If it has no path either, it means Docker Hub's folder `library`.
fn with_registry(name: &str) -> String {
    match name.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    }
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
            ("nginx", true),
            ("bitnami/nginx", true),
            ("localhost/nginx", false),
            ("quay.io/docker.io/nginx", false),
        ] {
            assert_eq!(from_any(name, &allowed), expected, "{name}");
        }
    }
}
