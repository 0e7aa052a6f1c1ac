//! The Secrets that an app requires: their names, keys and rules.

use serde::{Deserialize, Serialize};

use super::{names, pattern::compile_pattern, review::Review};
use crate::api::{self, KeyFormat};

/// Most keys of one app. All rules are given to the checking program in one environment variable, which Linux limits to 128 KiB
/// (`MAX_ARG_STRLEN`); 100 keys with the longest names and patterns have 113 KiB.
const MOST_KEYS: usize = 100;

/// Longest pattern, in characters, as in the schema. A longer one isn't compiled.
const LONGEST_PATTERN: usize = 256;

/// A Secret that must exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredSecret {
    /// Its name, in the app's namespace.
    pub name: String,
    /// The keys that it must have, by name.
    pub keys: Vec<RequiredKey>,
}

/// A key that must exist, and what holds for its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredKey {
    /// Its name.
    pub name: String,
    /// What the value is written in.
    pub format: Option<KeyFormat>,
    /// A regular expression that matches the value: [`super::compile_pattern`] compiles it.
    pub pattern: Option<String>,
    /// Least number of characters of the value.
    pub min_length: Option<u32>,
}

/// The required Secrets by name. What is listed twice, too long or out of range is left to the bounds of the schema.
pub(super) fn accept(specs: &[api::RequiredSecret], review: &mut Review) -> Vec<RequiredSecret> {
    let count: usize = specs.iter().map(|spec| spec.keys.len()).sum();
    if count > MOST_KEYS {
        review.reject(
            "spec.secrets",
            format!("{count} keys in all, where at most {MOST_KEYS} are allowed"),
            "list only those that a wrong value breaks",
        );
    }
    let mut accepted: Vec<RequiredSecret> = specs.iter().map(|spec| secret(spec, review)).collect();
    accepted.sort_by(|one, other| one.name.cmp(&other.name));
    accepted
}

fn secret(spec: &api::RequiredSecret, review: &mut Review) -> RequiredSecret {
    let path = format!("spec.secrets[{}]", spec.name);
    names::of_object("Secret", &spec.name, format!("{path}.name"), review);
    let mut keys: Vec<RequiredKey> = spec.keys.iter().map(|key| required_key(key, &path, review)).collect();
    keys.sort_by(|one, other| one.name.cmp(&other.name));
    RequiredSecret { name: spec.name.clone(), keys }
}

fn required_key(spec: &api::RequiredKey, path: &str, review: &mut Review) -> RequiredKey {
    let path = format!("{path}.keys[{}]", spec.name);
    names::of_key(&spec.name, format!("{path}.name"), review);
    if let Some(pattern) = &spec.pattern {
        check_pattern(pattern, format!("{path}.pattern"), review);
    }
    RequiredKey {
        name: spec.name.clone(),
        format: spec.format,
        pattern: spec.pattern.clone(),
        min_length: spec.min_length.and_then(|length| u32::try_from(length).ok()),
    }
}

fn check_pattern(pattern: &str, path: String, review: &mut Review) {
    if pattern.len() > LONGEST_PATTERN {
        return;
    }
    if !pattern.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        review.reject(path, "it has other than printable ASCII characters", "write '.' or a class instead");
        return;
    }
    match compile_pattern(pattern) {
        Ok(_) => {}
        Err(regex::Error::CompiledTooBig(_)) => {
            review.reject(path, "too large a regular expression", "repeat less, or give the length as minLength");
        }
        Err(_) => review.reject(
            path,
            "not a regular expression",
            "write it in the syntax of RE2, without look-around and back-references",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures;

    /// The rejections of a list of required Secrets.
    fn rejected(secrets: Value) -> Vec<String> {
        let specs: Vec<api::RequiredSecret> = serde_json::from_value(secrets).unwrap();
        let mut review = Review::default();
        accept(&specs, &mut review);
        review.into_findings().err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    fn pattern(pattern: &str) -> Vec<String> {
        rejected(json!([{ "name": "env", "keys": [{ "name": "KEY", "pattern": pattern }] }]))
    }

    #[test]
    fn secrets_and_keys_are_kept_by_name_with_their_rules() {
        let mut shop = fixtures::shop();
        shop["secrets"] = json!([
            { "name": "shop-tokens", "keys": [{ "name": "token" }] },
            { "name": "shop-env", "keys": [
                { "name": "SESSION_KEY", "format": "base64", "minLength": 32 },
                { "name": "MODE", "pattern": "^(live|test)$" },
            ] },
        ]);
        let key = |name: &str| RequiredKey { name: name.to_owned(), format: None, pattern: None, min_length: None };
        let expected = [
            RequiredSecret {
                name: "shop-env".to_owned(),
                keys: vec![
                    RequiredKey { pattern: Some("^(live|test)$".to_owned()), ..key("MODE") },
                    RequiredKey { format: Some(KeyFormat::Base64), min_length: Some(32), ..key("SESSION_KEY") },
                ],
            },
            RequiredSecret { name: "shop-tokens".to_owned(), keys: vec![key("token")] },
        ];
        assert_eq!(fixtures::app(shop).release.secrets, expected);
    }

    #[test]
    fn every_pattern_that_is_cheap_and_valid_is_accepted() {
        let patterns =
            ["^(live|test)$", "^[A-Za-z0-9+/]{43}=$", r"^\w{32,64}$", "^sk_(live|test)_[A-Za-z0-9]{24,128}$"];
        for accepted in patterns {
            assert_eq!(pattern(accepted), [""; 0], "{accepted}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_or_too_large_is_rejected_with_its_field() {
        let field = "spec.secrets[env].keys[KEY].pattern: ";
        for (wrong, problem) in [
            ("(live", "not a regular expression"),
            ("a{2,1}", "not a regular expression"),
            ("(?=live)", "not a regular expression"),
            (r"(a)\1", "not a regular expression"),
            ("^[a-f0-9]{1,1000}$", "too large a regular expression"),
            ("((((a{10}){10}){10}){10}){10}", "too large a regular expression"),
            (r"(?u:\w{50})", "too large a regular expression"),
            ("^ä$", "it has other than printable ASCII characters"),
            ("a\nb", "it has other than printable ASCII characters"),
        ] {
            let found = pattern(wrong);
            assert!(found.len() == 1 && found[0].starts_with(&format!("{field}{problem}; ")), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn an_app_lists_at_most_100_keys_in_all() {
        let keys = |count: usize| (0..count).map(|n| json!({ "name": format!("KEY_{n}") })).collect::<Vec<_>>();
        let secrets = |last: usize| {
            json!([
                { "name": "a", "keys": keys(32) },
                { "name": "b", "keys": keys(32) },
                { "name": "c", "keys": keys(32) },
                { "name": "d", "keys": keys(last) },
            ])
        };
        assert_eq!(rejected(secrets(4)), [""; 0]);
        assert_eq!(
            rejected(secrets(5)),
            ["spec.secrets: 101 keys in all, where at most 100 are allowed; list only those that a wrong value breaks"]
        );
    }

    #[test]
    fn names_that_no_secret_and_no_key_can_have_are_rejected() {
        assert_eq!(
            rejected(json!([{ "name": "Shop", "keys": [{ "name": "a/b" }, { "name": ".." }] }])),
            [
                "spec.secrets[Shop].name: not a name for a Secret; use lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
                "spec.secrets[Shop].keys[a/b].name: not a key of a Secret; use letters, digits, '-', '_' and '.'",
                "spec.secrets[Shop].keys[..].name: not a key of a Secret; use letters, digits, '-', '_' and '.'",
            ]
        );
    }
}
