//! An API server that stores one object: server-side apply, updates and JSON patches with the resulting ownership, as
//! in structured-merge-diff, as far as it matters to the plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    api::MANAGER,
    desired::{Child, Rules},
    plan::{Path, verdict::Segment},
};

/// A field that a manager can own: a value below which nothing has an owner of its own.
type Leaf = Vec<Step>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Field(String),
    /// A list member by its keys, as JSON.
    Key(String),
    /// The list member itself, besides its fields.
    Member,
}

#[derive(Default)]
pub(super) struct Fake {
    object: Option<Value>,
    rules: Option<&'static Rules>,
    /// Leaves by manager and operation.
    owners: BTreeMap<(String, &'static str), BTreeSet<Leaf>>,
    version: u64,
}

/// The manager to which the API server gives all fields of an object that has no managed fields when it is first applied.
const BEFORE_APPLY: &str = "before-first-apply";

/// Metadata that no manager owns.
const SYSTEM: [&str; 6] = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"];

impl Fake {
    /// The object as a response would contain it.
    pub(super) fn live(&self) -> Value {
        let mut object = self.object.clone().unwrap();
        let entries: Vec<Value> = self.owners.iter().filter(|(_, leaves)| !leaves.is_empty()).map(entry).collect();
        object["metadata"]["managedFields"] = json!(entries);
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        object
    }

    pub(super) const fn is_there(&self) -> bool {
        self.object.is_some()
    }

    /// Forced server-side apply by the operator, which also creates.
    pub(super) fn apply(&mut self, child: &Child) {
        self.rules = Some(&child.kind.rules);
        let body = &child.body;
        if let Some(object) = self.object.as_ref().filter(|_| self.owners.is_empty()) {
            self.owners.insert((BEFORE_APPLY.to_owned(), "Update"), self.leaves(object));
        }
        let mut object = self.object.take().unwrap_or_else(|| {
            json!({ "apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": {
                "name": child.name, "namespace": "demo", "uid": "1", "creationTimestamp": "2026-01-01T00:00:00Z" } })
        });
        let declared = self.leaves(body);
        let operator = (MANAGER.to_owned(), "Apply");
        let before = self.owners.remove(&operator).unwrap_or_default();
        // Values that no other manager sets either are removed; a list member as a whole before its fields, while its
        // key still identifies it.
        let unowned = |leaf: &&Leaf| !self.owners.values().any(|owned| owned.contains(*leaf));
        for leaf in before.difference(&declared).filter(unowned).collect::<Vec<_>>().into_iter().rev() {
            remove(&mut object, leaf);
        }
        for owned in self.owners.values_mut() {
            owned.retain(|leaf| !declared.contains(leaf) || get(&object, leaf) == get(body, leaf));
        }
        self.merge(&mut object, body, &Path::default());
        self.owners.insert(operator, declared);
        self.object = Some(stored(&object));
        self.version += 1;
    }

    /// An update by another manager, which then owns what changed.
    pub(super) fn edit(&mut self, manager: &str, change: impl FnOnce(&mut Value)) {
        let before = self.object.clone().unwrap();
        let mut after = before.clone();
        change(&mut after);
        self.update(manager, &before, &after);
    }

    /// A change that no manager claims: a server default, or a controller that removes its managed fields.
    pub(super) fn unclaimed(&mut self, change: impl FnOnce(&mut Value)) {
        change(self.object.as_mut().unwrap());
        let leaves = self.leaves(self.object.as_ref().unwrap());
        self.owners.values_mut().for_each(|owned| owned.retain(|leaf| leaves.contains(leaf)));
        self.version += 1;
    }

    /// Forgets all owners, as `metadata.managedFields: [{}]` in an update does.
    pub(super) fn forget_owners(&mut self) {
        self.owners.clear();
    }

    /// A JSON patch by the operator. Entries of `managedFields` that it removes are forgotten; after a reset none is added either, until
    /// the next apply.
    pub(super) fn patch(&mut self, patch: &Value) -> Result<(), String> {
        let before = self.object.clone().unwrap();
        let mut after = self.live();
        let operations: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
        json_patch::patch(&mut after, &operations).map_err(|error| error.to_string())?;
        let left = after["metadata"]["managedFields"].as_array().unwrap();
        self.owners.retain(|(manager, operation), _| {
            left.iter().any(|entry| entry["manager"] == json!(manager) && entry["operation"] == json!(operation))
        });
        self.update(MANAGER, &before, &stored(&after));
        if after["metadata"]["managedFields"] == json!([{}]) {
            self.forget_owners();
        }
        Ok(())
    }

    fn update(&mut self, manager: &str, before: &Value, after: &Value) {
        let mut after = after.clone();
        after["metadata"].as_object_mut().unwrap().remove("managedFields");
        let leaves = self.leaves(&after);
        let changed: BTreeSet<Leaf> =
            leaves.iter().filter(|leaf| get(before, leaf) != get(&after, leaf)).cloned().collect();
        for owned in self.owners.values_mut() {
            owned.retain(|leaf| leaves.contains(leaf) && !changed.contains(leaf));
        }
        self.owners.entry((manager.to_owned(), "Update")).or_default().extend(changed);
        self.owners.retain(|_, owned| !owned.is_empty());
        self.object = Some(after);
        self.version += 1;
    }

    fn keys(&self, path: &Path) -> Option<&'static [&'static str]> {
        let owners = ("metadata ownerReferences", ["uid"].as_slice());
        let keyed = self.rules.unwrap().keyed.iter().copied().chain([owners]);
        keyed.into_iter().find(|(pattern, _)| path.is(pattern)).map(|(_, keys)| keys)
    }

    fn leaves(&self, object: &Value) -> BTreeSet<Leaf> {
        let mut leaves = BTreeSet::new();
        for (name, value) in object.as_object().unwrap().iter().filter(|(name, _)| *name != "status") {
            if name == "metadata" {
                let fields = value.as_object().unwrap().iter().filter(|(name, _)| !SYSTEM.contains(&name.as_str()));
                self.collect(
                    &Value::Object(fields.map(|(k, v)| (k.clone(), v.clone())).collect()),
                    &[name],
                    &mut leaves,
                );
            } else if value.is_object() || name.starts_with("automount") || name.ends_with("ecrets") {
                self.collect(value, &[name], &mut leaves);
            }
        }
        leaves
    }

    fn collect(&self, value: &Value, names: &[&str], leaves: &mut BTreeSet<Leaf>) {
        let leaf = names.iter().map(|name| Step::Field((*name).to_owned())).collect();
        self.collect_below(value, &Path::of_fields(names), leaf, leaves);
    }

    fn collect_below(&self, value: &Value, path: &Path, leaf: Leaf, leaves: &mut BTreeSet<Leaf>) {
        match (value, self.keys(path)) {
            (Value::Object(fields), _) if !fields.is_empty() => {
                for (name, value) in fields {
                    let below = [leaf.clone(), vec![Step::Field(name.clone())]].concat();
                    self.collect_below(value, &path.with(Segment::Field(name.clone())), below, leaves);
                }
            }
            (Value::Array(members), Some(keys)) => {
                for member in members {
                    let key = Step::Key(key(member, keys).to_string());
                    leaves.insert([leaf.clone(), vec![key.clone(), Step::Member]].concat());
                    let below = path.with(Segment::Member { key: Vec::new(), index: 0 });
                    self.collect_below(member, &below, [leaf.clone(), vec![key]].concat(), leaves);
                }
            }
            _ => drop(leaves.insert(leaf)),
        }
    }

    fn merge(&self, live: &mut Value, body: &Value, path: &Path) {
        match (live, body, self.keys(path)) {
            (Value::Object(live), Value::Object(body), _) => {
                for (name, value) in body {
                    let below = path.with(Segment::Field(name.clone()));
                    match live.get_mut(name) {
                        Some(live) => self.merge(live, value, &below),
                        None => drop(live.insert(name.clone(), value.clone())),
                    }
                }
            }
            (Value::Array(live), Value::Array(body), Some(keys)) => {
                let below = path.with(Segment::Member { key: Vec::new(), index: 0 });
                let is_applied = |live: &Value| body.iter().any(|member| key(live, keys) == key(member, keys));
                // What is applied is in the order of the apply, in the places that it had.
                let places: Vec<usize> = (0..live.len()).filter(|index| is_applied(&live[*index])).collect();
                let mut known: Vec<Value> = places.iter().map(|index| live[*index].clone()).collect();
                let mut places = places.into_iter();
                for member in body {
                    let found = known.iter().position(|live| key(live, keys) == key(member, keys));
                    let mut merged = found.map_or_else(|| member.clone(), |found| known.remove(found));
                    self.merge(&mut merged, member, &below);
                    match places.next() {
                        Some(place) => live[place] = merged,
                        None => live.push(merged),
                    }
                }
            }
            (live, body, _) => *live = body.clone(),
        }
    }
}

/// What the server stores of an object: Go's `omitempty` drops empty lists and texts, and `false` where the field is no
/// pointer.
fn stored(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, value)| {
                let omitted = *value == &json!(false) && name.starts_with("host");
                !omitted && *value != &json!("") && *value != &json!([])
            })
            .map(|(name, value)| (name.clone(), stored(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(stored).collect(),
        other => other.clone(),
    }
}

fn key(member: &Value, keys: &[&str]) -> Value {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), member.get(*key)?.clone()))).collect::<Map<_, _>>().into()
}

/// The list member that a step names.
fn position(list: &[Value], wanted: &str) -> Option<usize> {
    let wanted: Map<String, Value> = serde_json::from_str(wanted).unwrap();
    list.iter().position(|member| wanted.iter().all(|(name, value)| member.get(name) == Some(value)))
}

fn get<'a>(value: &'a Value, leaf: &[Step]) -> Option<&'a Value> {
    leaf.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Key(wanted) => value.as_array().and_then(|list| list.get(position(list, wanted)?)),
        Step::Member => Some(&Value::Null),
    })
}

fn remove(value: &mut Value, leaf: &[Step]) {
    match (leaf, value) {
        ([Step::Field(name)], Value::Object(fields)) => drop(fields.remove(name)),
        ([Step::Key(wanted), Step::Member], Value::Array(list)) => {
            if let Some(index) = position(list, wanted) {
                list.remove(index);
            }
        }
        ([Step::Field(name), rest @ ..], Value::Object(fields)) => {
            if let Some(value) = fields.get_mut(name) {
                remove(value, rest);
            }
        }
        ([Step::Key(wanted), rest @ ..], Value::Array(list)) => {
            if let Some(index) = position(list, wanted) {
                remove(&mut list[index], rest);
            }
        }
        _ => {}
    }
}

/// An entry of `managedFields`.
fn entry(((manager, operation), leaves): (&(String, &'static str), &BTreeSet<Leaf>)) -> Value {
    let mut fields = json!({});
    for leaf in leaves {
        let mut at = &mut fields;
        for step in leaf {
            let name = match step {
                Step::Field(name) => format!("f:{name}"),
                Step::Key(key) => format!("k:{key}"),
                Step::Member => ".".to_owned(),
            };
            at = at.as_object_mut().unwrap().entry(name).or_insert_with(|| json!({}));
        }
    }
    json!({ "manager": manager, "operation": operation, "time": "2026-07-01T12:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields })
}
