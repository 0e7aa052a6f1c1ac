//! The part of an object that field managers claim, cut out of it. A set of fields (`fieldsV1`) is gone through once, however many
//! managers there are and however much they claim.

use serde_json::{Map, Value};

use super::{
    compare::{Difference, differences},
    ownership::{Claim, claim, entries},
};
use crate::desired::Child;

/// A list in which more pairs than this would be compared counts as claimed as a whole.
const MOST_PAIRS: usize = 100_000;

/// The differences in what other clients claim.
pub(super) fn claimed_by_others(child: &Child, live: &Value) -> Vec<Difference> {
    let mut fields = Map::new();
    let others = entries(live).filter(|entry| Claim::is_foreign(&claim(entry)));
    for claimed in others.filter_map(|entry| entry.get("fieldsV1")?.as_object()) {
        unite(&mut fields, claimed);
    }
    if fields.is_empty() {
        return Vec::new();
    }
    let fields = Value::Object(fields);
    differences(&part(&child.body, &fields), &part(live, &fields), &child.kind.rules)
}

/// Adds a set of fields to another. A field without others below it stands for everything that is there.
fn unite(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, below) in more {
        let Some(known) = fields.get_mut(name) else {
            fields.insert(name.clone(), below.clone());
            continue;
        };
        match (known, below) {
            (Value::Object(known), Value::Object(below)) if !known.is_empty() && !below.is_empty() => {
                unite(known, below);
            }
            (known, _) => *known = Value::Object(Map::new()),
        }
    }
}

/// What a set of fields has of a value. Members of lists keep their keys and are in the order of the set.
fn part(value: &Value, fields: &Value) -> Value {
    let Some(names) = fields.as_object().filter(|fields| !fields.is_empty()) else { return value.clone() };
    match value {
        Value::Object(object) => {
            let claimed = names.iter().filter_map(|(name, below)| {
                let name = name.strip_prefix("f:")?;
                Some((name.to_owned(), part(object.get(name)?, below)))
            });
            claimed.collect::<Map<_, _>>().into()
        }
        // Each is looked for among all.
        Value::Array(members) if members.len().saturating_mul(names.len()) > MOST_PAIRS => value.clone(),
        Value::Array(members) => names.iter().filter_map(|(name, below)| member(members, name, below)).collect(),
        other => other.clone(),
    }
}

/// What a set of fields has of a member of a list, by its key: `k:{"name":"web"}`.
fn member(members: &[Value], name: &str, below: &Value) -> Option<Value> {
    let key: Map<String, Value> = serde_json::from_str(name.strip_prefix("k:")?).ok()?;
    let is_it = |member: &&Value| key.iter().all(|(name, value)| member.get(name) == Some(value));
    let mut claimed = part(members.iter().find(is_it)?, below);
    if let Value::Object(fields) = &mut claimed {
        fields.extend(key);
    }
    Some(claimed)
}
