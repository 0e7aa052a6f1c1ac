//! Which hosts have names in common: `*.example.com` has all names below `example.com`.

use std::{borrow::Borrow, collections::BTreeMap};

/// The values of all hosts that have a name in common with this one.
pub(super) fn overlapping<'a, K, V>(all: &'a BTreeMap<K, V>, host: &'a str) -> Box<dyn Iterator<Item = &'a V> + 'a>
where
    K: Borrow<str> + Ord,
{
    let wider = parents(host).filter_map(|parent| all.get(parent.as_str()));
    match host.strip_prefix('*') {
        None => Box::new(all.get(host).into_iter().chain(wider)),
        // Few hosts have a wildcard.
        Some(suffix) => Box::new(
            all.iter()
                .filter(move |(known, _)| (*known).borrow().ends_with(suffix))
                .map(|(_, value)| value)
                .chain(wider),
        ),
    }
}

/// The wildcards that have all names of a host.
fn parents(host: &str) -> impl Iterator<Item = String> {
    let host = host.strip_prefix("*.").unwrap_or(host);
    host.match_indices('.').map(|(dot, _)| format!("*{}", host.get(dot..).unwrap_or_default()))
}
