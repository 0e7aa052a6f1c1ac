//! Every rule on values at its edges, the length of a report, and that no report holds a piece of a value.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    api::Engine,
    app::{RequiredKey, RequiredSecret},
};

fn check(rules: &Value) -> KeyCheck {
    let mut check = json!({ "secret": "env", "key": "KEY", "variable": "KEY_0" });
    check.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
    serde_json::from_value(check).unwrap()
}

/// The rules that a value breaks.
fn broken(rules: &Value, value: &[u8]) -> Vec<String> {
    check(rules).faults(value).into_iter().map(|fault| fault.rule).collect()
}

/// Fails unless the values of one list keep a rule and those of the other break it, with this text.
fn judges(rules: &Value, text: &str, good: &[&str], bad: &[&str]) {
    for value in good {
        assert_eq!(broken(rules, value.as_bytes()), [""; 0], "{value:?}");
    }
    for value in bad {
        assert_eq!(broken(rules, value.as_bytes()), [text], "{value:?}");
    }
}

#[test]
fn urls() {
    judges(
        &json!({ "format": "url" }),
        "must be a URL",
        &[
            "https://example.com",
            "postgresql://app:s3%40cret@shop-db.demo.svc:5432/app?sslmode=require&options=-c%20a",
            "postgres://a:1,b:2/x",
            "mongodb+srv://u:p@cluster0.example.net/db?retryWrites=true",
            "redis://:p@[2001:db8::1]:6379/0",
            "mysql+pymysql://u@[::1]/d",
            "amqps://u:p@mq/%2F#part",
            "jdbc:postgresql://db:5432/app",
            "jdbc:sqlserver://db:1433;databaseName=x;password={a;b#@ %}",
            "jdbc:sqlserver://db;encrypt=true",
            "jdbc:db2://db:50000/app:user=u;password=p;",
            "postgresql://%2Fvar%2Frun/app",
            "http://my_host.:65535",
        ],
        &[
            "",
            " ",
            "example.com",
            "db:5432",
            "://host",
            "1http://host",
            "sqlite:///data/app.db",
            "http://",
            "http://:80",
            "http://u:p@",
            "http://host:",
            "http://host:65536",
            "http://host:+80",
            "http://[::1",
            "http://[::1]80",
            "http://[db]:80",
            "http://a,,b",
            "https://example.com\n",
            "jdbc:sqlserver://db:1433;databaseName=x\n",
            "jdbc:sqlserver://db:;databaseName=x",
            "sqlserver://db:1433;databaseName=x",
            " https://example.com",
            "https://exa mple.com",
            "https://exämple.com",
            // An unescaped '#', '/', '?', '@' or '%' of a password.
            "postgres://u:p#ss@host/db",
            "postgres://u:p/ss@host/db",
            "postgres://u:p?ss@host/db",
            "postgres://u:p@ss@host/db",
            "postgres://u:p%ss@host/db",
            "postgres://u:p%",
            "postgres://u:p%ä1@host",
            "https://host/a#b#c",
            "\"https://example.com\"",
        ],
    );
}

#[test]
fn base64() {
    judges(
        &json!({ "format": "base64" }),
        "must be base64",
        &["AA==", "AA", "aGVsbG8=", "aGVsbG8", "+/+/", "-_-_", "password"],
        &["", " ", "A", "A===", "AA=", "AAAAA", "aGVsbG8=\n", "aGVs\nbG8=", "+/-_", "hello!", "äöü=", "AB=="],
    );
}

#[test]
fn pem() {
    const BLOCK: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----\n";
    judges(
        &json!({ "format": "pem" }),
        "must be PEM",
        &[
            BLOCK,
            BLOCK.trim_end(),
            &BLOCK.replace('\n', "\r\n"),
            &format!("{BLOCK}{BLOCK}"),
            &format!("# root\n{BLOCK}# leaf\n{BLOCK}"),
        ],
        &[
            "",
            " ",
            "AAAA",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n",
            "-----BEGIN A-----\n-----END A-----\n",
            &BLOCK.replace("END PRIVATE", "END PUBLIC"),
            // Line feeds that were written as two characters.
            &BLOCK.replace('\n', "\\n"),
            &BLOCK.replace("AAAA", "ÄÄÄÄ"),
            &format!("{BLOCK}-----BEGIN PRIVATE KEY-----\nAAAA\n"),
        ],
    );
}

#[test]
fn integers() {
    judges(
        &json!({ "format": "integer" }),
        "must be an integer",
        &["0", "42", "-1", "007", &"9".repeat(400)],
        &["", " ", "-", "--1", "+1", "1.0", "1e3", "0x10", "1_000", "42\n", " 42", "٤٢"],
    );
}

#[test]
fn not_empty() {
    judges(
        &json!({ "format": "nonEmpty" }),
        "must not be empty",
        &["x", " x ", "ä", "\u{0}"],
        &["", " ", "\n", "\t \r\n", "\u{a0}\u{2003}"],
    );
}

#[test]
fn least_lengths_count_characters() {
    let three = json!({ "minLength": 3 });
    judges(&three, "must have at least 3 characters", &["abc", "äöü", "   ", "🔑🔑🔑"], &["", "ab", "äö", "🔑"]);
    judges(&json!({ "minLength": 1 }), "must have at least 1 character", &["a"], &[""]);
    judges(&json!({ "minLength": 65_536 }), "must have at least 65536 characters", &[&"x".repeat(65_536)], &[]);
}

#[test]
fn patterns_match_anywhere_unless_they_are_anchored() {
    judges(
        &json!({ "pattern": "^(live|test)$" }),
        "must match ^(live|test)$",
        &["live", "test"],
        &["", "Live", "alive", "live\n", "live test"],
    );
    judges(&json!({ "pattern": "sk_" }), "must match sk_", &["sk_", "xsk_y", "a\nsk_\n"], &["", "sk"]);
    // Classes know ASCII only, and '.' is a byte.
    judges(&json!({ "pattern": r"^\w\d$" }), r"must match ^\w\d$", &["a1"], &["ä1", "a١"]);
    judges(&json!({ "pattern": "^..$" }), "must match ^..$", &["ab", "ä"], &["a", "ää"]);
}

#[test]
fn values_that_are_not_utf_8_break_formats_of_text_and_have_a_length_in_bytes() {
    let value = b"\xff\xfe\xc3(";
    for (format, rule) in [
        ("url", "must be a URL"),
        ("base64", "must be base64"),
        ("pem", "must be PEM"),
        ("integer", "must be an integer"),
    ] {
        assert_eq!(broken(&json!({ "format": format }), value), [rule]);
    }
    assert_eq!(broken(&json!({ "format": "nonEmpty", "minLength": 4, "pattern": "[(]$" }), value), [""; 0]);
    assert_eq!(broken(&json!({ "minLength": 5 }), value), ["must have at least 5 characters"]);
}

#[test]
fn a_key_without_rules_only_has_to_exist() {
    assert_eq!(broken(&json!({}), b""), [""; 0]);
}

#[test]
fn every_rule_that_is_broken_is_reported() {
    let rules = json!({ "format": "url", "minLength": 32, "pattern": "^https" });
    assert_eq!(broken(&rules, b"x"), ["must be a URL", "must have at least 32 characters", "must match ^https"]);
}

fn secret(name: &str, keys: &[&str]) -> RequiredSecret {
    let key = |name: &&str| RequiredKey { name: (*name).to_owned(), format: None, pattern: None, min_length: None };
    RequiredSecret { name: name.to_owned(), keys: keys.iter().map(key).collect() }
}

#[test]
fn each_key_has_a_variable_of_its_own() {
    let db =
        DatabaseCheck { name: "db".to_owned(), engine: Engine::Redis, hosts: vec!["cache".to_owned()], port: 6379 };
    let checks = Checks::of(&[secret("a", &["x", "y"]), secret("b", &["x"])], vec![db], true);
    let expected = json!({
        "keys": [
            { "secret": "a", "key": "x", "variable": "KEY_0" },
            { "secret": "a", "key": "y", "variable": "KEY_1" },
            { "secret": "b", "key": "x", "variable": "KEY_2" },
        ],
        "databases": [{ "name": "db", "engine": "redis", "hosts": ["cache"], "port": 6379 }],
        "denied": true,
    });
    assert_eq!(serde_json::to_value(&checks).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Checks>(expected).unwrap(), checks);
}

#[test]
fn the_largest_checks_fit_into_one_environment_variable() {
    let key = |n: usize| RequiredKey {
        name: format!("{n:0253}"),
        format: Some(crate::api::KeyFormat::NonEmpty),
        pattern: Some("\\".repeat(256)),
        min_length: Some(65_536),
    };
    let secrets: Vec<_> = (0..4)
        .map(|n| RequiredSecret { name: format!("{n:0253}"), keys: (0..25).map(|m| key(n * 25 + m)).collect() })
        .collect();
    let databases = (0..8).map(|n| DatabaseCheck {
        name: format!("{n:020}"),
        engine: Engine::Postgres,
        hosts: (0..16).map(|m| format!("{m:049}")).collect(),
        port: 65_535,
    });
    let text = serde_json::to_string(&Checks::of(&secrets, databases.collect(), true)).unwrap();
    // Linux: MAX_ARG_STRLEN, with the name, '=' and the NUL at the end.
    assert!(CHECKS.len() + text.len() + 2 <= 128 * 1024, "{}", text.len());
}

fn key_fault(key: &str) -> KeyFault {
    KeyFault { secret: "shop-env".to_owned(), key: key.to_owned(), rule: "must be a URL".to_owned() }
}

#[test]
fn a_report_is_read_back_and_says_everything() {
    let report = Report {
        keys: vec![key_fault("DATABASE_URL")],
        databases: vec![DatabaseFault { name: "db".to_owned(), problem: Problem::NoAnswer(5432).to_string() }],
        ..Report::default()
    };
    assert_eq!(report.in_words(), "Secret shop-env: DATABASE_URL must be a URL; database db: no answer on port 5432");
    assert_eq!(Report::read(&report.message()), Some(report));
    assert_eq!(Report::read("{}"), Some(Report::default()));
    assert!(Report::read("panicked").is_none() && Report::read("").is_none());
    let open = Report { open_network: true, ..Report::default() };
    assert!(!open.has_faults() && open.in_words().is_empty());
}

#[test]
fn a_long_report_leaves_out_whole_faults_and_counts_them() {
    let database = DatabaseFault { name: "db".to_owned(), problem: Problem::Refused.to_string() };
    for faults in [0, 1, 40, 60, 70, 1500] {
        let keys = (0..faults).map(|n| key_fault(&format!("KEY_{n}"))).collect();
        let report = Report { keys, databases: vec![database.clone()], ..Report::default() };
        let message = report.message();
        let read = Report::read(&message).unwrap();
        assert!(message.len() <= 4096, "{} bytes", message.len());
        assert_eq!(read.keys.len() + read.omitted, faults);
        assert!(report.keys.starts_with(&read.keys) && read.databases == report.databases && read.has_faults());
        // What is left out wouldn't have had room.
        assert!(read.omitted == 0 || message.len() > 3900, "{} bytes", message.len());
    }
    let long = Report { keys: vec![key_fault(&"k".repeat(5000))], ..Report::default() };
    let read = Report::read(&long.message()).unwrap();
    assert_eq!((read.keys.len(), read.in_words().as_str()), (0, "and 1 more"));
}

proptest! {
    #[test]
    fn no_report_holds_a_piece_of_a_value(value in "\\PC{8,200}", rules in 0..32_u8) {
        let mut all = json!({});
        for (bit, (name, rule)) in
            [("minLength", json!(300)), ("pattern", json!("^[A-Z]{300}$"))].into_iter().enumerate()
        {
            if rules & (1 << bit) != 0 {
                all[name] = rule;
            }
        }
        let formats = ["url", "base64", "pem", "integer", "nonEmpty"];
        all["format"] = json!(formats[usize::from(rules >> 2) % formats.len()]);
        let report = Report { keys: check(&all).faults(value.as_bytes()), ..Report::default() };
        let told = format!("{}{}", report.message(), report.in_words());
        let characters: Vec<char> = value.chars().collect();
        for piece in characters.windows(8) {
            let piece: String = piece.iter().collect();
            prop_assert!(!told.contains(&piece), "{piece:?} is in {told}");
        }
    }
}
