//! What a check has found. It holds names and rules, never a value, a part of one or its length.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest termination message, in bytes: "Will be truncated by the node if greater than 4096 bytes".
const LONGEST: usize = 4096;

/// What a check has found.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// The rules that values break.
    pub keys: Vec<KeyFault>,
    /// The databases that can't be used.
    pub databases: Vec<DatabaseFault>,
    /// How many faults a message has left out, because it would have been too long.
    pub omitted: usize,
    /// Whether a connection succeeded that NetworkPolicies deny.
    pub open_network: bool,
}

/// A rule that a value breaks.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// Name of the Secret.
    pub secret: String,
    /// Name of the key.
    pub key: String,
    /// The rule, such as `must be a URL`.
    pub rule: String,
}

/// A database that can't be used.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFault {
    /// Name within the app.
    pub name: String,
    /// Why: the text of a [`super::Problem`].
    pub problem: String,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret {}: {} {}", self.secret, self.key, self.rule)
    }
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {}: {}", self.name, self.problem)
    }
}

impl Report {
    /// Whether the release must wait. An open network is a finding, no fault.
    #[must_use]
    pub const fn has_faults(&self) -> bool {
        !self.keys.is_empty() || !self.databases.is_empty() || self.omitted > 0
    }

    /// The report as a termination message: JSON of at most 4096 bytes. Whole faults are left out where it would be longer, and counted.
    #[must_use]
    pub fn message(&self) -> String {
        let faults = self.keys.len() + self.databases.len();
        // The count has its most digits in the empty report.
        let empty = Self { omitted: self.omitted + faults, open_network: self.open_network, ..Self::default() };
        let mut room = LONGEST.saturating_sub(json(&empty).len());
        let databases = fitting(&self.databases, &mut room);
        let keys = fitting(&self.keys, &mut room);
        let omitted = empty.omitted - keys.len() - databases.len();
        json(&Self { keys, databases, omitted, ..empty })
    }

    /// Reads a termination message. `None` if it isn't one of [`Self::message`].
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        serde_json::from_str(message).ok()
    }

    /// All faults as text. Empty without faults.
    #[must_use]
    pub fn in_words(&self) -> String {
        let keys = self.keys.iter().map(ToString::to_string);
        let databases = self.databases.iter().map(ToString::to_string);
        let omitted = (self.omitted > 0).then(|| format!("and {} more", self.omitted));
        keys.chain(databases).chain(omitted).collect::<Vec<_>>().join("; ")
    }
}

/// The first ones that have room as members of a JSON list.
fn fitting<T: Serialize + Clone>(faults: &[T], room: &mut usize) -> Vec<T> {
    let fits = |fault: &&T| {
        let left = room.checked_sub(json(*fault).len() + ",".len());
        *room = left.unwrap_or(0);
        left.is_some()
    };
    faults.iter().take_while(fits).cloned().collect()
}

/// Structs of texts, numbers and lists can always be written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
