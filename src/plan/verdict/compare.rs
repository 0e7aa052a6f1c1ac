//! Projection: where a live object differs from what is declared, field by field.

use serde_json::{Map, Value};

use super::path::{Path, Segment};
use crate::{
    api::DriftChange,
    desired::{Rules, TOLERATED_EVERYWHERE},
};

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

impl Difference {
    /// Whether a whole list or map is meant, because too much was added to it.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        let whole = |value: &Option<Value>| value.as_ref().is_some_and(|value| value.is_array() || value.is_object());
        self.change == DriftChange::Changed && !self.path.is_order() && whole(&self.desired) && whole(&self.live)
    }
}

/// Lists of object metadata that server-side apply merges by key.
const KEYED_METADATA: (&str, &[&str]) = ("metadata ownerReferences", &["uid"]);

/// Maps of object metadata that are judged key by key even where none is declared.
const MAPS: [&str; 2] = ["annotations", "labels"];

/// More additions than this to one list or map are one difference, a change of the whole: a client that adds thousands
/// must not be able to keep the operator busy, or to fill the status.
const MANY: usize = 100;

/// More pairs of members than this aren't compared in the search for equal ones: those that are written alike were found before.
const MOST_PAIRS: usize = 1000;

/// More differences than this aren't looked for: the object counts as different in every field.
pub(super) const MOST: usize = 300;

/// All differences but tolerated additions, in the order of the declared object.
///
/// A member that one side lacks is one difference, not one per field below it.
#[must_use]
pub fn differences(desired: &Value, live: &Value, rules: &Rules) -> Vec<Difference> {
    let mut comparison = Comparison { rules, only_whether: false, found: Vec::new() };
    comparison.value(desired, live, &Path::default());
    comparison.found
}

struct Comparison<'a> {
    rules: &'a Rules,
    /// Ends at the first difference, which is recorded without its values.
    only_whether: bool,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn value(&mut self, desired: &Value, live: &Value, path: &Path) {
        if self.found.len() > MOST || (self.only_whether && !self.found.is_empty()) {
            return;
        }
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => self.fields(desired, live, path),
            (Value::Array(desired), Value::Array(live)) => match self.keys(path) {
                Some(keys) => self.members(desired, live, keys, path),
                None => self.atomic(desired, live, path),
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
                None if self.is_omitted(value, &path) => {}
                None => self.add(path, DriftChange::Removed, Some(value), None),
            }
        }
        let added = |(name, value): &(&String, &Value)| !desired.contains_key(*name) && !value.is_null();
        let mut added = live.iter().filter(added);
        let counts = |(name, _): &&(&String, &Value)| !self.tolerates(&path.with(Segment::Field((*name).clone())));
        if self.only_whether {
            // Each declared member may be compared with each that others have added, however large these are.
            if self.found.is_empty() && added.any(|it| counts(&&it)) {
                self.add(path.clone(), DriftChange::Added, None, None);
            }
            return;
        }
        let added: Vec<(&String, &Value)> = added.collect();
        if added.iter().filter(counts).count() > MANY {
            let (desired, live) = (Value::Object(desired.clone()), Value::Object(live.clone()));
            return self.add(path.clone(), DriftChange::Changed, Some(&desired), Some(&live));
        }
        for (name, value) in added {
            let path = path.with(Segment::Field(name.clone()));
            match value {
                // Each key has its own manager and its own rules: a restart's annotation may stay, an injector's may
                // not.
                Value::Object(live) if MAPS.contains(&name.as_str()) => self.fields(&Map::new(), live, &path),
                // So has each member: an added container is shown by name, whether or not others are declared.
                Value::Array(_) if self.keys(&path).is_some() => self.value(&Value::Array(Vec::new()), value, &path),
                _ => self.add(path, DriftChange::Added, None, Some(value)),
            }
        }
    }

    /// Lists whose members have a key. Their order is compared where it has a meaning, and only if nothing else differs in the list:
    /// the apply that restores a member restores the order too.
    fn members(&mut self, desired: &[Value], live: &[Value], keys: &'static [&'static str], path: &Path) {
        let mut unmatched: Vec<(usize, &Value, Key)> =
            live.iter().enumerate().map(|(index, member)| (index, member, key_of(member, keys))).collect();
        let mut matched = Vec::new();
        for member in desired {
            let key = key_of(member, keys);
            let position = unmatched.iter().position(|(_, _, live)| *live == key);
            matched.push((member, key, position.map(|position| unmatched.remove(position))));
        }
        if unmatched.len() > MANY {
            let (desired, live) = (Value::from(desired), Value::from(live));
            return self.add(path.clone(), DriftChange::Changed, Some(&desired), Some(&live));
        }
        let before = self.found.len();
        let order: Vec<usize> = matched.iter().filter_map(|(.., found)| Some(found.as_ref()?.0)).collect();
        for (member, key, found) in matched {
            let index = found.as_ref().map_or(live.len(), |(index, ..)| *index);
            let path = path.with(Segment::Member { key, index });
            if let Some((_, live, _)) = found {
                self.value(member, live, &path);
            } else {
                self.add(path, DriftChange::Removed, Some(member), None);
            }
        }
        for (index, member, key) in unmatched {
            self.add(path.with(Segment::Member { key, index }), DriftChange::Added, None, Some(member));
        }
        let has_order = self.rules.ordered.iter().any(|pattern| path.is(pattern));
        if has_order && self.found.len() == before && !order.is_sorted() {
            let (desired, live) = (Value::from(desired), Value::from(live));
            self.add(path.with(Segment::Order), DriftChange::Changed, Some(&desired), Some(&live));
        }
    }

    /// Atomic lists: the position counts, unless the order has no meaning. Then members that are equal belong together, and the others
    /// in their order.
    fn atomic(&mut self, desired: &[Value], live: &[Value], path: &Path) {
        if live.len() > desired.len() + MANY {
            let (desired, live) = (Value::from(desired), Value::from(live));
            return self.add(path.clone(), DriftChange::Changed, Some(&desired), Some(&live));
        }
        let mut declared: Vec<(usize, &Value)> = desired.iter().enumerate().collect();
        let mut found: Vec<(usize, &Value)> = live.iter().enumerate().collect();
        if self.rules.unordered.iter().any(|pattern| path.is(pattern)) {
            let mut pair = |is_equal: &dyn Fn(&Value, &Value) -> bool| {
                declared.retain(|(_, member)| {
                    let position = found.iter().position(|(_, other)| is_equal(member, other));
                    position.map(|position| found.remove(position)).is_none()
                });
                declared.len().saturating_mul(found.len())
            };
            if pair(&|member, other| member == other) <= MOST_PAIRS {
                pair(&|member, other| self.are_equal(member, other, path));
            }
        }
        for position in 0..declared.len().max(found.len()) {
            let at = |index: usize| path.with(Segment::Index(index));
            match (declared.get(position), found.get(position)) {
                (Some((_, desired)), Some((index, live))) => self.value(desired, live, &at(*index)),
                (Some((index, desired)), None) => self.add(at(*index), DriftChange::Removed, Some(desired), None),
                (None, Some((index, live))) => self.add(at(*index), DriftChange::Added, None, Some(live)),
                (None, None) => {}
            }
        }
    }

    /// Whether two members of a list are equal.
    fn are_equal(&self, desired: &Value, live: &Value, path: &Path) -> bool {
        let mut comparison = Comparison { rules: self.rules, only_whether: true, found: Vec::new() };
        comparison.value(desired, live, &path.with(Segment::Index(0)));
        comparison.found.is_empty()
    }

    fn keys(&self, path: &Path) -> Option<&'static [&'static str]> {
        let keyed = self.rules.keyed.iter().copied().chain([KEYED_METADATA]);
        keyed.into_iter().find(|(pattern, _)| path.is(pattern)).map(|(_, keys)| keys)
    }

    /// Whether the operator ignores an addition at this path.
    fn tolerates(&self, path: &Path) -> bool {
        let patterns = self.rules.tolerated.iter().chain(TOLERATED_EVERYWHERE);
        patterns.into_iter().any(|pattern| path.is_within(pattern))
    }

    /// Whether the API server doesn't store such a value, so that declaring it and finding nothing is no difference.
    fn is_omitted(&self, value: &Value, path: &Path) -> bool {
        match value {
            Value::Bool(false) => self.rules.omitted_if_false.iter().any(|pattern| path.is(pattern)),
            // Go's `omitempty`.
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Number(_) | Value::Bool(true) => false,
        }
    }

    fn add(&mut self, path: Path, change: DriftChange, desired: Option<&Value>, live: Option<&Value>) {
        if change == DriftChange::Added && self.tolerates(&path) {
            return;
        }
        let kept = |value: Option<&Value>| value.filter(|_| !self.only_whether).cloned();
        let (desired, live) = (kept(desired), kept(live));
        self.found.push(Difference { path, change, desired, live });
    }
}

/// The values of a member's merge keys; a missing one is null.
type Key = Vec<(&'static str, Value)>;

fn key_of(member: &Value, keys: &'static [&'static str]) -> Key {
    keys.iter().map(|key| (*key, member.get(key).cloned().unwrap_or_default())).collect()
}
