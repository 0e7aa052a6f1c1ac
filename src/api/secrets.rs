//! What a `HardenedApp` requires of the Secrets of its namespace.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Secret that must exist, with these keys.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct RequiredSecret {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a Secret: lower-case letters, digits, '-' and '.'"))]
    pub name: String,
    /// The keys that it must have. It may have others.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub keys: Vec<RequiredKey>,
}

/// A key that must exist, and what holds for its value. The value is checked as an environment variable: don't list a key whose value is
/// longer than 128 KiB, isn't UTF-8 or has a NUL.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RequiredKey {
    /// Name of the key.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[-._a-zA-Z0-9]+$')").message("use a key of the Secret: letters, digits, '-', '_' and '.'"))]
    pub name: String,
    /// What the value is written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<KeyFormat>,
    /// Regular expression that matches the value or a part of it; `^` and `$` are the beginning and the end of the value. The syntax is
    /// that of RE2 and of the Rust crate regex, without look-around and back-references. `.` is one byte other than a line feed; `\w`,
    /// `\d`, `\s`, `\b` and `(?i)` know ASCII only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(
        validation = Rule::new("self.matches('^[ -~]*$')").message("use printable ASCII characters"),
        // An error while a rule is evaluated is a rejection, and its text says what is wrong with the expression.
        validation = Rule::new("''.matches(self) in [true, false]").message("write a regular expression in the syntax of RE2")
    )]
    pub pattern: Option<String>,
    /// Least number of characters of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65536))]
    pub min_length: Option<i32>,
}

/// `url`: `scheme://host` with user, port, path, query and fragment as in RFC 3986; several hosts are separated by commas, and `jdbc:`
/// may be in front. `base64`: with the standard or the URL-safe alphabet, with or without padding, on one line. `pem`: one or several
/// PEM blocks. `integer`: decimal digits, after `-` or not. `nonEmpty`: not only white space.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum KeyFormat {
    /// `scheme://host`, as in RFC 3986.
    Url,
    /// Base64 on one line, as in RFC 4648.
    Base64,
    /// PEM blocks, as in RFC 7468.
    Pem,
    /// Decimal digits, after `-` or not.
    Integer,
    /// Not only white space.
    NonEmpty,
}
