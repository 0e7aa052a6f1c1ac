//! Which hosts an app may have.

/// Whether a pattern of the policy allows a host: `*` stands for one label, `{namespace}` for the name of the namespace.
pub(super) fn allows(pattern: &str, host: &str, namespace: &str) -> bool {
    let pattern = pattern.replace("{namespace}", namespace);
    let (mut pattern, mut labels) = (pattern.split('.'), host.split('.'));
    loop {
        match (pattern.next(), labels.next()) {
            (None, None) => return true,
            (Some(expected), Some(label)) if expected == "*" || expected == label => {}
            _ => return false,
        }
    }
}

/// Whether it is the name of a host: lower-case ASCII labels, the last one with a letter in front so that it is no address. `*.` may stand in
/// front.
pub(super) fn is_host(host: &str) -> bool {
    let labels: Vec<&str> = host.strip_prefix("*.").unwrap_or(host).split('.').collect();
    let ends_in_letters = labels.last().is_some_and(|label| label.starts_with(|c: char| c.is_ascii_lowercase()));
    host.len() <= LONGEST && labels.len() >= 2 && ends_in_letters && labels.iter().all(|label| is_label(label))
}

/// Longest name of a host.
const LONGEST: usize = 200;

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
