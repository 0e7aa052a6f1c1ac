//! Checks a spec against the schema of its kind: types, lengths, numbers. The API server checks every write in the same
//! way; this repeats it for objects that no server has checked, and for those that were stored under an older schema.

use std::{collections::HashSet, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    metadata::UNKNOWN,
    review::{Rejection, Review},
};
use crate::api::{self, LONGEST_SPEC, spec_length};

static DEFINITIONS: LazyLock<Vec<CustomResourceDefinition>> = LazyLock::new(api::crds);

/// What doesn't fit a schema.
#[derive(Debug, Default)]
struct Misfits {
    /// It can't be read as an object of the kind: other types, unknown fields, missing ones.
    form: Vec<Rejection>,
    /// It can be read, but is too long, too large or too many.
    bounds: Vec<Rejection>,
}

/// Mistakes that prevent a spec from being read as this kind. A spec without them can be read without loss.
#[must_use]
pub fn malformed(kind: &str, spec: &Value) -> Vec<Rejection> {
    misfits(kind, spec).form
}

fn missing(path: String) -> Rejection {
    Rejection::new(path, "it is missing", "add it")
}

fn unknown_field(path: String) -> Rejection {
    Rejection::new(path, UNKNOWN.0, UNKNOWN.1)
}

/// Rejects values beyond a bound of the schema, unless another check has rejected the field already.
pub(super) fn bounds(kind: &str, spec: &impl Serialize, review: &mut Review) {
    let Ok(spec) = serde_json::to_value(spec) else { return };
    for found in misfits(kind, &spec).bounds {
        // Other rules report a wrong name at the list member that has it.
        let known =
            review.rejects(&found.path) || found.path.strip_suffix(".name").is_some_and(|it| review.rejects(it));
        if !known {
            review.reject(found.path, found.problem, found.remedy);
        }
    }
    let length = spec_length(&spec);
    if length > LONGEST_SPEC {
        let Rejection { path, problem, remedy } = too_long(length);
        review.reject(path, problem, remedy);
    }
}

/// The rejection of a spec that is longer than [`LONGEST_SPEC`].
pub(super) fn too_long(length: usize) -> Rejection {
    let problem = format!("it has {} KiB, where at most {} are allowed", length.div_ceil(1024), LONGEST_SPEC / 1024);
    Rejection::new("spec", problem, "mount what is large as a ConfigMap (config)")
}

fn misfits(kind: &str, spec: &Value) -> Misfits {
    let definition = DEFINITIONS.iter().find(|definition| definition.spec.names.kind == kind);
    let schema = definition
        .and_then(|definition| definition.spec.versions.first()?.schema.as_ref()?.open_api_v3_schema.as_ref())
        .and_then(|root| root.properties.as_ref()?.get("spec"));
    let mut misfits = Misfits::default();
    if spec.is_null() {
        misfits.form.push(missing("spec".to_owned()));
    }
    if let Some(schema) = schema {
        misfits.of(spec, schema, "spec");
    }
    misfits
}

impl Misfits {
    fn of(&mut self, value: &Value, schema: &JSONSchemaProps, path: &str) {
        match (schema.type_.as_deref(), value) {
            // The API server keeps a null where the schema allows it, and then holds it against the allowed values.
            (_, Value::Null) if schema.nullable == Some(true) && schema.enum_.is_some() => {
                self.word(None, schema, path);
            }
            // Elsewhere `null` counts as not given.
            (_, Value::Null) | (None, _) | (Some("boolean"), Value::Bool(_)) => {}
            (Some("object"), Value::Object(fields)) => self.object(fields, schema, path),
            (Some("array"), Value::Array(members)) => self.list(members, schema, path),
            (Some("string"), Value::String(text)) => self.text(text, schema, path),
            (Some("integer"), Value::Number(number)) if number.is_i64() => {
                self.number(number.as_i64().unwrap_or_default(), schema, path);
            }
            (Some(expected), _) => {
                let (problem, remedy) = match expected {
                    "object" => ("not a map of fields", "write each field as 'name: value'"),
                    "array" => ("not a list", "begin each member with '-'"),
                    "string" => ("not text", "put it in quotes"),
                    "integer" => ("not a whole number", "write digits without quotes"),
                    _ => ("neither true nor false", "write true or false without quotes"),
                };
                self.form.push(Rejection::new(path, problem, remedy));
            }
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, schema: &JSONSchemaProps, path: &str) {
        for required in schema.required.iter().flatten() {
            if fields.get(required).is_none_or(Value::is_null) {
                self.form.push(missing(format!("{path}.{required}")));
            }
        }
        self.count(fields.len(), None, schema.max_properties, path);
        for (name, value) in fields {
            let known = schema.properties.as_ref().and_then(|properties| properties.get(name));
            match (known, &schema.additional_properties) {
                (Some(known), _) => self.of(value, known, &format!("{path}.{name}")),
                (None, Some(JSONSchemaPropsOrBool::Schema(any))) => self.of(value, any, &format!("{path}[{name}]")),
                (None, _) => self.form.push(unknown_field(format!("{path}.{name}"))),
            }
        }
    }

    fn list(&mut self, members: &[Value], schema: &JSONSchemaProps, path: &str) {
        self.count(members.len(), schema.min_items, schema.max_items, path);
        let keys = schema.x_kubernetes_list_map_keys.as_deref().unwrap_or_default();
        let is_set = schema.x_kubernetes_list_type.as_deref() == Some("set");
        let Some(JSONSchemaPropsOrArray::Schema(of_members)) = &schema.items else { return };
        let mut names = HashSet::new();
        for (index, member) in members.iter().enumerate() {
            let name = if is_set { Some(member) } else { keys.first().and_then(|key| member.get(key)) };
            let path = match name {
                Some(Value::String(name)) => format!("{path}[{name}]"),
                _ => format!("{path}[{index}]"),
            };
            match name {
                Some(name) if !names.insert(name.to_string()) => {
                    self.bounds.push(Rejection::new(&path, "it is listed twice", "remove one"));
                }
                _ => {}
            }
            if member.is_null() {
                self.form.push(Rejection::new(&path, "a member of the list is empty", "give it a value, or remove it"));
            }
            self.of(member, of_members, &path);
        }
    }

    fn count(&mut self, count: usize, least: Option<i64>, most: Option<i64>, path: &str) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if least.is_some_and(|least| count < least) {
            self.bounds.push(Rejection::new(path, "it is empty", "give at least one member"));
        }
        if let Some(most) = most.filter(|most| count > *most) {
            self.bounds.push(Rejection::new(
                path,
                format!("{count} members, where at most {most} are allowed"),
                "remove some",
            ));
        }
    }

    fn word(&mut self, word: Option<&str>, schema: &JSONSchemaProps, path: &str) {
        let words = schema.enum_.iter().flatten().filter_map(|word| word.0.as_str()).collect::<Vec<_>>();
        if !words.is_empty() && !word.is_some_and(|word| words.contains(&word)) {
            self.form.push(Rejection::new(
                path,
                "not one of the allowed values",
                format!("write {}", words.join(" or ")),
            ));
        }
    }

    fn text(&mut self, text: &str, schema: &JSONSchemaProps, path: &str) {
        self.word(Some(text), schema, path);
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(most) = schema.max_length.filter(|most| length > *most) {
            self.bounds.push(Rejection::new(
                path,
                format!("{length} characters, where at most {most} are allowed"),
                "shorten it",
            ));
        }
        if let Some(least) = schema.min_length.filter(|least| length < *least) {
            self.bounds.push(Rejection::new(path, format!("{length} characters"), format!("give at least {least}")));
        }
    }

    // The schema has floating point bounds; those of this API are small enough to be exact.
    #[expect(clippy::cast_precision_loss)]
    fn number(&mut self, number: i64, schema: &JSONSchemaProps, path: &str) {
        if schema.format.as_deref() == Some("int32") && i32::try_from(number).is_err() {
            self.form.push(Rejection::new(
                path,
                format!("{number} is outside the range of a 32-bit integer"),
                "give a smaller one",
            ));
        }
        if let Some(least) = schema.minimum.filter(|least| (number as f64) < *least) {
            self.bounds.push(Rejection::new(path, format!("{number} is too small"), format!("give at least {least}")));
        }
        if let Some(most) = schema.maximum.filter(|most| number as f64 > *most) {
            self.bounds.push(Rejection::new(path, format!("{number} is too large"), format!("give at most {most}")));
        }
    }
}

#[cfg(test)]
mod tests;
