//! Names of objects: the app's own, and those that a spec refers to.

use std::collections::BTreeMap;

use super::review::Review;

/// Whether `name` is a DNS label that starts with a letter, as Service names must (RFC 1035), and has at most `longest`
/// characters.
pub(super) fn is_name(name: &str, longest: usize) -> bool {
    name.len() <= longest && name.starts_with(|c: char| c.is_ascii_lowercase()) && is_label(name)
}

/// Refuses what can't be the name of a component or database.
pub(super) fn of_part(kind: &str, name: &str, path: &str, review: &mut Review) {
    if !is_name(name, 20) {
        review.reject(
            path,
            format!("not a name for a {kind}"),
            "use at most 20 lower-case letters, digits and '-', starting with a letter",
        );
    } else if matches!(name, "migrate" | "preflight") {
        review.reject(path, "this name is reserved", "choose another name");
    }
}

/// Refuses what can't be the name of a Secret, a ConfigMap or a claim: DNS labels with dots between (RFC 1123).
pub(super) fn of_object(kind: &str, name: &str, path: impl Into<String>, review: &mut Review) {
    if name.len() > 253 || !name.split('.').all(is_label) {
        review.reject(
            path,
            format!("not a name for a {kind}"),
            "use lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
        );
    }
}

/// Refuses what can't be a key of a Secret.
pub(super) fn of_key(key: &str, path: String, review: &mut Review) {
    // As the API server requires of the keys of Secrets and ConfigMaps.
    let is_plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if key == "." || key.starts_with("..") || !is_plain {
        review.reject(path, "not a key of a Secret", "use letters, digits, '-', '_' and '.'");
    }
}

/// Refuses what can't be the name of a namespace.
pub(super) fn of_namespace(name: &str, path: String, review: &mut Review) {
    if name.len() > 63 || !is_label(name) {
        review.reject(path, "not a name of a namespace", "use lower-case letters, digits and '-'");
    }
}

/// Refuses what can't be the name of an app or component.
pub(super) fn of_peer(kind: &str, name: &str, longest: usize, path: String, review: &mut Review) {
    if !is_name(name, longest) {
        review.reject(
            path,
            format!("not a name of a {kind}"),
            format!("use at most {longest} lower-case letters, digits and '-', starting with a letter"),
        );
    }
}

/// Refuses what can't be labels.
pub(super) fn of_labels(labels: &BTreeMap<String, String>, path: &str, review: &mut Review) {
    for (key, value) in labels {
        of_label(key, value, format!("{path}[{key}]"), review);
    }
}

/// Refuses what can't be a label: a key of at most 63 characters, with a domain in front or without one, and a value.
pub(super) fn of_label(key: &str, value: &str, path: String, review: &mut Review) {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    let whole = !name.is_empty() && domain.is_none_or(|domain| domain.len() <= 253 && domain.split('.').all(is_label));
    if !whole || !is_label_text(name) || !is_label_text(value) {
        review.reject(
            path,
            "not a label",
            "use letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
        );
    }
}

/// The name in a label's key, or its value.
fn is_label_text(text: &str) -> bool {
    text.len() <= 63
        && !text.starts_with(['-', '_', '.'])
        && !text.ends_with(['-', '_', '.'])
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Whether it is a DNS label (RFC 1123).
fn is_label(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
