//! Which class each field of a kind has. The rules of the kinds table are lists of fields, so a field that a new version of
//! Kubernetes brings would be in none of them; a census over the version's schema shows it.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

use super::verdict::Path;
use crate::desired::{
    Child, DANGEROUS_EVERYWHERE, HARMLESS_EVERYWHERE, Kind, TOLERATED_EVERYWHERE, VOLATILE_EVERYWHERE,
};

/// What happens to a field that another client sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldClass {
    /// Nothing can be added: the operator sets it in every object that has its parent.
    Set,
    /// An addition stays.
    Tolerated,
    /// An addition is reverted, whoever claims it.
    Dangerous,
    /// An addition is reverted, whoever claims it, unless the policy tolerates it.
    Commanding,
    /// An addition is reverted if another field manager claims it.
    Harmless,
}

/// The fields of a kind by class.
#[derive(Clone, Debug)]
pub struct Census {
    kind: &'static Kind,
    classes: Vec<(String, FieldClass)>,
    /// Fields without a class.
    pub unclassed: Vec<String>,
    /// Fields that the table lists as harmless and under another class.
    pub contradictory: Vec<String>,
}

impl Census {
    /// Classes all fields of a kind. `children` should have each declared field at least once; those of other kinds are left
    /// out.
    #[must_use]
    pub fn take(kind: &'static Kind, children: &[Child], fields: &BTreeSet<String>) -> Self {
        let bodies: Vec<Value> = children.iter().filter(|child| child.kind == kind).map(body).collect();
        let mut census = Self { kind, classes: Vec::new(), unclassed: Vec::new(), contradictory: Vec::new() };
        for field in fields {
            let found = rules(kind, field);
            match found.as_slice() {
                _ if is_set(&bodies, field) => census.classes.push((field.clone(), FieldClass::Set)),
                [] => census.unclassed.push(field.clone()),
                [_, .., FieldClass::Harmless] => census.contradictory.push(field.clone()),
                [class, ..] => census.classes.push((field.clone(), *class)),
            }
        }
        census
    }

    /// Number of fields of a class.
    #[must_use]
    pub fn count(&self, class: FieldClass) -> usize {
        self.classes.iter().filter(|(_, found)| *found == class).count()
    }

    /// What to do about fields without a class, or with two.
    #[must_use]
    pub fn remedies(&self) -> Vec<String> {
        let file = format!("the row of {} in src/desired/kinds", self.kind.name);
        let add = |field: &String| format!("{field}: add it to dangerous, commanding, tolerated or harmless in {file}");
        let remove = |field: &String| format!("{field}: remove it from harmless in {file}, it has another class too");
        self.unclassed.iter().map(add).chain(self.contradictory.iter().map(remove)).collect()
    }
}

/// A row of a table: kind, number of fields, and how many have which class.
impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.classes.len() + self.unclassed.len() + self.contradictory.len();
        write!(f, "{}: {all} fields", self.kind.name)?;
        for class in [
            FieldClass::Set,
            FieldClass::Tolerated,
            FieldClass::Dangerous,
            FieldClass::Commanding,
            FieldClass::Harmless,
        ] {
            write!(f, ", {} {}", self.count(class), format!("{class:?}").to_lowercase())?;
        }
        write!(f, ", {} without a class", self.unclassed.len())
    }
}

/// Patterns of a kind's rules that match none of its fields: misspelt, or of a version that is no longer supported.
#[must_use]
pub fn unmatched_rules(kind: &Kind, fields: &BTreeSet<String>) -> Vec<String> {
    let rules = &kind.rules;
    let listed = [rules.dangerous, rules.commanding, rules.tolerated, rules.harmless, rules.omitted_if_false].concat();
    let keyed = rules.keyed.iter().map(|(list, _)| *list);
    let everywhere = [DANGEROUS_EVERYWHERE, TOLERATED_EVERYWHERE, HARMLESS_EVERYWHERE].concat();
    let volatile = rules.volatile.iter().chain(VOLATILE_EVERYWHERE).map(|path| path.join(" "));
    // Some kinds have no status.
    let patterns = listed.into_iter().chain(keyed).chain(everywhere).map(str::to_owned).chain(volatile);
    let patterns = patterns.filter(|pattern| pattern != "status");
    let matches = |pattern: &String| {
        // A key of a map, such as one annotation, is no field of the schema: the map is.
        let map = pattern.rsplit_once(' ').map(|(map, _)| format!("{map} *"));
        fields.iter().any(|field| Path::of_pattern(field).is_within(pattern))
            || map.is_some_and(|map| fields.contains(&map))
    };
    patterns.filter(|pattern| !matches(pattern)).collect()
}

/// The classes that the rules of a kind give to a field, the one that applies first.
fn rules(kind: &Kind, field: &str) -> Vec<FieldClass> {
    // These maps are judged key by key, also where none is declared.
    let is_map = ["metadata annotations", "metadata labels"].iter().any(|map| field.ends_with(map));
    let path = Path::of_pattern(&if is_map { format!("{field} *") } else { field.to_owned() });
    let rules = &kind.rules;
    [
        (FieldClass::Tolerated, rules.tolerated, TOLERATED_EVERYWHERE),
        (FieldClass::Dangerous, rules.dangerous, DANGEROUS_EVERYWHERE),
        (FieldClass::Commanding, rules.commanding, &[]),
        (FieldClass::Harmless, rules.harmless, HARMLESS_EVERYWHERE),
    ]
    .into_iter()
    .filter(|(_, own, everywhere)| own.iter().chain(*everywhere).any(|pattern| path.is_within(pattern)))
    .map(|(class, ..)| class)
    .collect()
}

/// The object as it is applied.
fn body(child: &Child) -> Value {
    let mut body = child.body.clone();
    if let (Some(replicas), Some(spec)) = (child.replicas(None), body.get_mut("spec").and_then(Value::as_object_mut)) {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    body
}

/// Whether every object that has the field's parent has the field. Further members of a list or map can always be added.
fn is_set(bodies: &[Value], field: &str) -> bool {
    let (parent, name) = field.rsplit_once(' ').unwrap_or(("", field));
    let mut parents: Vec<&Value> = bodies.iter().collect();
    for segment in parent.split(' ').filter(|segment| !segment.is_empty()) {
        parents = parents.into_iter().flat_map(|value| below(value, segment)).collect();
    }
    !parents.is_empty() && parents.into_iter().all(|parent| parent.get(name).is_some_and(|value| !value.is_null()))
}

fn below<'a>(value: &'a Value, segment: &str) -> Vec<&'a Value> {
    match (segment, value) {
        ("[]", Value::Array(members)) => members.iter().collect(),
        ("*", Value::Object(fields)) => fields.values().collect(),
        (name, value) => value.get(name).into_iter().collect(),
    }
}

/// The paths of all fields that a JSON schema names, in the syntax of [`Rules`](crate::desired::Rules). What a type has below
/// itself again is left out.
#[must_use]
pub fn schema_fields(document: &Value, schema: &Value) -> BTreeSet<String> {
    let mut walk = Walk { document, above: Vec::new(), fields: BTreeSet::new() };
    walk.value(schema, "");
    walk.fields
}

struct Walk<'a> {
    document: &'a Value,
    /// The references that led here.
    above: Vec<&'a str>,
    fields: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Value, path: &str) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let definition = self.document.pointer(reference.trim_start_matches('#'));
            if let Some(definition) = definition.filter(|_| !self.above.contains(&reference)) {
                self.above.push(reference);
                self.value(definition, path);
                self.above.pop();
            }
        }
        for branch in ["allOf", "anyOf", "oneOf"] {
            for schema in schema.get(branch).and_then(Value::as_array).into_iter().flatten() {
                self.value(schema, path);
            }
        }
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.field(field, path, name);
        }
        if let Some(members) = schema.get("items") {
            self.field(members, path, "[]");
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            self.field(values, path, "*");
        }
    }

    fn field(&mut self, schema: &'a Value, parent: &str, name: &str) {
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent} {name}") };
        self.value(schema, &path);
        self.fields.insert(path);
    }
}
