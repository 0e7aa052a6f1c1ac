//! Projection: where a live object differs from what is declared, field by field.

use serde_json::{Map, Value};

use super::path::{Path, Segment};
use crate::{api::DriftChange, desired::Rules};

/// One place where live and declared differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// How; never `Deleted`, which is about whole objects.
    pub change: DriftChange,
    /// Declared value, unless added.
    pub desired: Option<Value>,
    /// Live value, unless removed.
    pub live: Option<Value>,
}

/// Lists of object metadata that server-side apply merges by key.
const KEYED_METADATA: (&str, &[&str]) = ("metadata ownerReferences", &["uid"]);

/// Maps of object metadata that are judged key by key even where none is declared.
const MAPS: [&str; 2] = ["annotations", "labels"];

/// All differences, in the order of the declared object.
///
/// A member that one side lacks is one difference, not one per field below it.
#[must_use]
pub fn differences(desired: &Value, live: &Value, rules: &Rules) -> Vec<Difference> {
    let mut comparison = Comparison { rules, found: Vec::new() };
    comparison.value(desired, live, &Path::default());
    comparison.found
}

struct Comparison<'a> {
    rules: &'a Rules,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn value(&mut self, desired: &Value, live: &Value, path: &Path) {
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => self.fields(desired, live, path),
            (Value::Array(desired), Value::Array(live)) => match self.keys(path) {
                Some(keys) => self.members(desired, live, keys, path),
                None => self.positions(desired, live, path),
            },
            _ if desired == live => {}
            _ => self.add(path.clone(), DriftChange::Changed, Some(desired), Some(live)),
        }
    }

    fn fields(&mut self, desired: &Map<String, Value>, live: &Map<String, Value>, path: &Path) {
        for (name, value) in desired {
            let path = path.with(Segment::Field(name.clone()));
            match live.get(name) {
                Some(live) => self.value(value, live, &path),
                None if is_absent(name, value) => {}
                None => self.add(path, DriftChange::Removed, Some(value), None),
            }
        }
        for (name, value) in live.iter().filter(|(name, value)| !desired.contains_key(*name) && !value.is_null()) {
            let path = path.with(Segment::Field(name.clone()));
            match value {
                // Each key has its own manager and its own rules: a restart's annotation may stay, an injector's may not.
                Value::Object(live) if MAPS.contains(&name.as_str()) => self.fields(&Map::new(), live, &path),
                // So has each member: an added container is shown by name, whether or not others are declared.
                Value::Array(_) if self.keys(&path).is_some() => self.value(&Value::Array(Vec::new()), value, &path),
                _ => self.add(path, DriftChange::Added, None, Some(value)),
            }
        }
    }

    /// Lists whose members have a key: their order means nothing.
    fn members(&mut self, desired: &[Value], live: &[Value], keys: &'static [&'static str], path: &Path) {
        let mut unmatched: Vec<(usize, &Value)> = live.iter().enumerate().collect();
        for value in desired {
            let key = key_of(value, keys);
            if let Some(position) = unmatched.iter().position(|(_, live)| key_of(live, keys) == key) {
                let (index, live) = unmatched.remove(position);
                self.value(value, live, &path.with(Segment::Member { key, index }));
            } else {
                let path = path.with(Segment::Member { key, index: live.len() });
                self.add(path, DriftChange::Removed, Some(value), None);
            }
        }
        for (index, value) in unmatched {
            let path = path.with(Segment::Member { key: key_of(value, keys), index });
            self.add(path, DriftChange::Added, None, Some(value));
        }
    }

    /// Atomic lists: the position counts.
    fn positions(&mut self, desired: &[Value], live: &[Value], path: &Path) {
        for index in 0..desired.len().max(live.len()) {
            let path = path.with(Segment::Index(index));
            match (desired.get(index), live.get(index)) {
                (Some(desired), Some(live)) => self.value(desired, live, &path),
                (desired, None) => self.add(path, DriftChange::Removed, desired, None),
                (None, live) => self.add(path, DriftChange::Added, None, live),
            }
        }
    }

    fn keys(&self, path: &Path) -> Option<&'static [&'static str]> {
        let keyed = self.rules.keyed.iter().copied().chain([KEYED_METADATA]);
        keyed.into_iter().find(|(pattern, _)| path.is(pattern)).map(|(_, keys)| keys)
    }

    fn add(&mut self, path: Path, change: DriftChange, desired: Option<&Value>, live: Option<&Value>) {
        self.found.push(Difference { path, change, desired: desired.cloned(), live: live.cloned() });
    }
}

/// The values of a member's merge keys; a missing one is null.
fn key_of(member: &Value, keys: &'static [&'static str]) -> Vec<(&'static str, Value)> {
    keys.iter().map(|key| (*key, member.get(key).cloned().unwrap_or_default())).collect()
}

/// The switches that the API server doesn't store where they are off. All others are pointers: it keeps their `false`, and
/// where that is gone the default counts, which for tokens and privilege escalation is `true`.
const OMITTED_IF_FALSE: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

/// Values that the API server doesn't store (Go's `omitempty`), so that declaring them and finding nothing is no difference.
fn is_absent(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(false) => OMITTED_IF_FALSE.contains(&name),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(_) | Value::Bool(true) => false,
    }
}
