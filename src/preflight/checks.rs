//! What is checked before a release runs.

use serde::{Deserialize, Serialize};

use super::{
    problem::Problem,
    report::{DatabaseFault, KeyFault},
    rule::Rule,
};
use crate::{
    api::{Engine, KeyFormat},
    app::RequiredSecret,
};

/// The environment variable with the [`Checks`], as JSON.
pub const CHECKS: &str = "HARDENED_PREFLIGHT";

/// What is checked before a release runs.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checks {
    /// The keys of Secrets. The value of each is in an environment variable.
    pub keys: Vec<KeyCheck>,
    /// The databases that must answer.
    pub databases: Vec<DatabaseCheck>,
    /// Whether a connection to the API server must be denied: whether NetworkPolicies of the pod allow none.
    pub denied: bool,
}

/// A key of a Secret, and what holds for its value.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyCheck {
    /// Name of the Secret.
    pub secret: String,
    /// Name of the key.
    pub key: String,
    /// The environment variable with its value.
    pub variable: String,
    /// What the value is written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<KeyFormat>,
    /// A regular expression that matches the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Least number of characters of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
}

/// A database that must answer at one of its hosts.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatabaseCheck {
    /// Name within the app.
    pub name: String,
    /// Its kind; decides how it must answer.
    pub engine: Engine,
    /// Host names or addresses, at least one.
    pub hosts: Vec<String>,
    /// TCP port.
    pub port: u16,
}

impl Checks {
    /// Checks of these Secrets and databases. Variables are named `KEY_0`, `KEY_1` and so on, in the order of the Secrets and their keys.
    #[must_use]
    pub fn of(secrets: &[RequiredSecret], databases: Vec<DatabaseCheck>, denied: bool) -> Self {
        let keys = secrets.iter().flat_map(|secret| secret.keys.iter().map(move |key| (secret, key)));
        let keys = keys.enumerate().map(|(index, (secret, key))| KeyCheck {
            secret: secret.name.clone(),
            key: key.name.clone(),
            variable: format!("KEY_{index}"),
            format: key.format,
            pattern: key.pattern.clone(),
            min_length: key.min_length,
        });
        Self { keys: keys.collect(), databases, denied }
    }
}

impl KeyCheck {
    /// The rules that a value breaks.
    #[must_use]
    pub fn faults(&self, value: &[u8]) -> Vec<KeyFault> {
        let rules = [
            self.format.map(Rule::Format),
            self.min_length.map(Rule::MinLength),
            self.pattern.as_deref().map(Rule::Pattern),
        ];
        let broken = rules.into_iter().flatten().filter(|rule| !rule.holds(value));
        broken
            .map(|rule| KeyFault { secret: self.secret.clone(), key: self.key.clone(), rule: rule.to_string() })
            .collect()
    }
}

impl DatabaseCheck {
    /// A problem of this database, for the report.
    #[must_use]
    pub fn fault(&self, problem: Problem) -> DatabaseFault {
        DatabaseFault { name: self.name.clone(), problem: problem.to_string() }
    }
}
