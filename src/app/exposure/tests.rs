//! Hosts, names and header values.

use super::{accepted::object_name, content_security_policy, hosts};

#[test]
fn a_pattern_allows_hosts_label_by_label() {
    for (pattern, host, allowed) in [
        ("shop.example.com", "shop.example.com", true),
        ("shop.example.com", "a.shop.example.com", false),
        ("*.example.com", "shop.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "a.b.example.com", false),
        ("*.example.com", "*.example.com", true),
        ("{namespace}.example.com", "demo.example.com", true),
        ("{namespace}.example.com", "other.example.com", false),
        ("*.{namespace}.example.com", "shop.demo.example.com", true),
        ("{namespace}-*.example.com", "demo-a.example.com", false),
        ("{namespace}-shop.example.com", "demo-shop.example.com", true),
    ] {
        assert_eq!(hosts::allows(pattern, host, "demo"), allowed, "{pattern} {host}");
    }
}

#[test]
fn a_host_is_a_name_and_no_address() {
    let longest = format!("{}.{}.{}.com", "a".repeat(63), "b".repeat(63), "c".repeat(63));
    for host in ["a.b", "shop.example.com", "*.example.com", "xn--bcher-kva.example", "1.2.example", &longest] {
        assert!(hosts::is_host(host), "{host}");
    }
    let too_long = format!("a{longest}");
    for host in [
        "",
        "com",
        "Shop.example.com",
        "shop.example.com.",
        ".example.com",
        "a..b",
        "10.0.0.1",
        "a_b.example.com",
        "-a.example.com",
        "a-.example.com",
        "shop.*.com",
        "*",
        "*.com.",
        "b\u{fc}cher.example",
        "shop.example.com:443",
        "https://a.b",
        "a.b/c",
        "a.b ",
        &too_long,
    ] {
        assert!(!hosts::is_host(host), "{host}");
    }
}

#[test]
fn a_name_fits_into_a_label_and_distinguishes_hosts() {
    let app = "a".repeat(30);
    let host = format!("{}.example.com", "b".repeat(63));
    let name = object_name(&app, &host, "redirect");
    assert!(name.len() <= 63, "{name}: {}", name.len());
    assert!(object_name("shop", "shop.example.com", "").starts_with("shop.shop-"));
    assert!(object_name("shop", "*.example.com", "").starts_with("shop.wildcard-"));
    assert_ne!(object_name("shop", "www.example.com", ""), object_name("shop", "www.example.org", ""));
}

#[test]
fn a_content_security_policy_lets_nobody_else_run_scripts() {
    for (value, problem) in [
        ("default-src 'self'", None),
        ("default-src 'none'; script-src 'self' https://cdn.example.com; style-src 'self' 'unsafe-inline'", None),
        ("default-src 'self'; img-src *; object-src 'none'", None),
        ("default-src 'self'; script-src 'sha256-abc='", None),
        ("script-src 'self'", Some("it has no default-src")),
        ("default-src *", Some("default-src * lets")),
        ("default-src 'self'; script-src https:", Some("script-src https: lets")),
        ("default-src 'self'; script-src 'unsafe-inline'", Some("script-src 'unsafe-inline' lets")),
        ("default-src 'self' 'unsafe-eval'", Some("default-src 'unsafe-eval' lets")),
        ("default-src 'self'; script-src 'nonce-1234'", Some("script-src 'nonce-1234' lets")),
        ("default-src 'self'; script-src http://cdn.example.com", Some("script-src http://cdn.example.com lets")),
        ("default-src 'self'; default-src *", Some("default-src is given twice")),
        ("Default-Src 'self'", Some("'Default-Src' is no directive")),
        ("default-src 'self'\r\nSet-Cookie: a=b", Some("it has a character that isn't allowed")),
        ("default-src %REQ(:path)%", Some("it has a character that isn't allowed")),
        ("", Some("it has a character that isn't allowed")),
    ] {
        let found = content_security_policy::problem(value, false).map(|(problem, _)| problem);
        let matches = match (&found, problem) {
            (Some(found), Some(expected)) => found.starts_with(expected),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(matches, "{value}: {found:?}");
    }
    assert_eq!(content_security_policy::problem("default-src 'self' 'unsafe-inline'", true), None);
}
