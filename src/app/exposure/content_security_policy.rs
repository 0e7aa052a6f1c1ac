//! Whether a `Content-Security-Policy` protects: scripts come from the app's own host or from named ones, and no inline ones.

use std::collections::BTreeMap;

/// Directives that decide about scripts and plugins. Each falls back to `default-src`.
const OF_SCRIPTS: [&str; 6] =
    ["default-src", "script-src", "script-src-elem", "script-src-attr", "object-src", "worker-src"];

/// Sources that let anybody's scripts run. A nonce that never changes is known to everybody.
const UNSAFE: [&str; 7] = ["*", "http:", "https:", "data:", "blob:", "filesystem:", "'unsafe-eval'"];

/// What is wrong with a policy, and what to do; `None` where it protects.
pub(super) fn problem(value: &str, allow_unsafe_inline: bool) -> Option<(String, &'static str)> {
    if value.is_empty() || value.len() > LONGEST || !value.chars().all(is_allowed) {
        let remedy = "write directives such as default-src 'self', separated by ';', without line breaks, double quotes, '%', '$', '<', '>', '{' and '}'";
        return Some(("it has a character that isn't allowed".to_owned(), remedy));
    }
    let mut directives: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for directive in value.split(';').map(str::trim).filter(|directive| !directive.is_empty()) {
        let mut words = directive.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Some((format!("'{name}' is no directive"), "begin each part with a directive in lower case"));
        }
        // "If a directive of that name is already there, it is ignored": a reader would take the other one for granted.
        if directives.insert(name, words.collect()).is_some() {
            return Some((format!("{name} is given twice"), "put its sources into one directive"));
        }
    }
    if !directives.contains_key("default-src") {
        return Some(("it has no default-src".to_owned(), "begin with default-src 'self' or default-src 'none'"));
    }
    OF_SCRIPTS.into_iter().find_map(|name| {
        let sources = directives.get(name)?;
        let source = sources.iter().find(|source| is_unsafe(source, allow_unsafe_inline))?;
        let remedy = if *source == "'unsafe-inline'" {
            "remove it, or give the hash of the script; the platform team may set exposure.allowUnsafeInline"
        } else {
            "name hosts, such as https://cdn.example.com, or 'self'"
        };
        Some((format!("{name} {source} lets others run scripts"), remedy))
    })
}

/// Longest value.
const LONGEST: usize = 2048;

fn is_unsafe(source: &str, allow_unsafe_inline: bool) -> bool {
    UNSAFE.contains(&source)
        || source.starts_with("'nonce-")
        || source == "'unsafe-inline'" && !allow_unsafe_inline
        // Without encryption anybody on the way may change the script.
        || source.starts_with("http://")
}

/// What neither a header nor a configuration language gives a meaning to: `%` begins a variable of Envoy.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || " ':;/._=,?&#~@!()+*-".contains(c)
}
