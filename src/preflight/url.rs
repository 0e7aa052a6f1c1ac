//! What counts as a URL: the connection strings of databases, brokers and HTTP services.

use std::net::Ipv6Addr;

/// Whether it is `scheme://host`, with what RFC 3986 allows around the host. Beyond the RFC, several hosts may be separated by commas, as
/// PostgreSQL and MongoDB have it, and `jdbc:` may be in front; then properties may follow the hosts after `;`, as SQL Server has it, where
/// a value may be any text. A password with a character that isn't percent-encoded is the usual
/// mistake: the host would be another one.
pub(super) fn is_url(text: &str) -> bool {
    let (text, ends): (&str, &[char]) = match text.strip_prefix("jdbc:") {
        Some(text) => (text, &['/', '?', '#', ';']),
        None => (text, &['/', '?', '#']),
    };
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (authority, rest) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    is_scheme(scheme) && consists_of(user, ":") && hosts.split(',').all(is_host) && is_tail(rest)
}

/// What follows the hosts: `/path?query#fragment`, or `;properties`.
fn is_tail(text: &str) -> bool {
    if text.starts_with(';') {
        return !text.contains(char::is_control);
    }
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    // Of path, query and fragment, each may hold these.
    [text, fragment].iter().all(|part| consists_of(part, ":@/?"))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// A name or an address, with a port or without.
fn is_host(host: &str) -> bool {
    let (is_name, port) = if let Some((address, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
        (!name.is_empty() && consists_of(name, ""), port)
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_name && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Whether it has only unreserved characters, `sub-delims`, these `others`, and percent signs with two hexadecimal digits.
fn consists_of(text: &str, others: &str) -> bool {
    let mut pieces = text.split('%');
    let first = pieces.next().unwrap_or_default();
    let is_plain = |text: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || others.contains(c))
    };
    let is_escaped = |piece: &str| match piece.split_at_checked(2) {
        Some((digits, rest)) => digits.bytes().all(|b| b.is_ascii_hexdigit()) && is_plain(rest),
        None => false,
    };
    is_plain(first) && pieces.all(is_escaped)
}
