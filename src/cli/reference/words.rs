//! Schemas as text: types, limits, rules.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use serde_json::Value;

use super::schema::{member, versions};

/// How to reach objects of the kind.
pub(super) fn kind(crd: &CustomResourceDefinition) -> String {
    let names = &crd.spec.names;
    let short = names.short_names.iter().flatten().next().or(names.singular.as_ref()).unwrap_or(&names.plural);
    let of = if crd.spec.scope == "Cluster" { "of the cluster" } else { "in a namespace" };
    let names: Vec<String> = versions(crd).map(|it| format!("`{}/{}`", crd.spec.group, it.name)).collect();
    let columns: Vec<String> = versions(crd)
        .flat_map(|version| version.additional_printer_columns.iter().flatten())
        .map(|column| column.name.clone())
        .collect();
    format!(
        "An object {of}, apiVersion {}. `kubectl get {short}` shows {}; `kubectl explain {short}.spec` explains its fields.",
        list(&names, "or"),
        list(&columns, "and")
    )
}

/// Type, limits and default of a field.
pub(super) fn kind_of(field: &JSONSchemaProps) -> String {
    let mut words = match field.type_.as_deref() {
        Some("array") => members(field),
        Some("object") if field.additional_properties.is_some() => entries(field),
        _ => one(field),
    };
    if let Some(default) = field.default.as_ref().map(|default| &default.0)
        && !default.is_object()
    {
        let default = default.as_str().map_or_else(|| default.to_string(), ToOwned::to_owned);
        words.push(format!("default `{default}`"));
    }
    words.join(", ")
}

/// What it is for, and what is refused.
pub(super) fn meaning(field: &JSONSchemaProps) -> String {
    let members = Some(member(field).1).filter(|members| !std::ptr::eq(*members, field));
    // The rules of an object are in its own section.
    let judged = [Some(field), members].into_iter().flatten().filter(|schema| schema.properties.is_none());
    let mut words = vec![plain(field.description.as_deref().unwrap_or_default())];
    words.extend(judged.flat_map(rules));
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// What the messages of its rules ask for.
pub(super) fn rules(schema: &JSONSchemaProps) -> Vec<String> {
    let rules = schema.x_kubernetes_validations.iter().flatten();
    rules
        .map(|rule| match &rule.message {
            Some(message) => format!("Rule: {}.", plain(message)),
            None => format!("Rule: `{}`.", rule.rule.replace('|', "\\|")),
        })
        .collect()
}

/// One value that isn't a list.
fn one(field: &JSONSchemaProps) -> Vec<String> {
    if let Some(values) = &field.enum_ {
        let values: Vec<String> =
            values.iter().map(|value| format!("`{}`", value.0.as_str().unwrap_or_default())).collect();
        return vec![list(&values, "or")];
    }
    let mut words = vec![name(field).to_owned()];
    // The length limit of a quantity's text is left out, since it doesn't help users.
    if words == ["string"] {
        words.extend(range(field.min_length.map(Value::from), field.max_length.map(Value::from), "character"));
    }
    words.extend(range(field.minimum.map(whole), field.maximum.map(whole), ""));
    words.extend(field.pattern.iter().map(|pattern| format!("matches `{}`", pattern.replace('|', "\\|"))));
    words
}

fn name(field: &JSONSchemaProps) -> &str {
    let checks = |function: &str| {
        field.x_kubernetes_validations.iter().flatten().any(|rule| rule.rule.contains(&format!("{function}(self)")))
    };
    match (field.type_.as_deref(), field.format.as_deref()) {
        (_, Some("date-time")) => "time",
        _ if checks("isQuantity") => "quantity",
        _ if checks("isCIDR") => "address range",
        (Some(name), _) => name,
        (None, _) => "any value",
    }
}

fn members(field: &JSONSchemaProps) -> Vec<String> {
    let (_, items) = member(field);
    let mut each = one(items).into_iter();
    let mut words = vec![format!("list of {}", plural(&each.next().unwrap_or_default()))];
    words.extend(range(field.min_items.map(Value::from), field.max_items.map(Value::from), ""));
    let each: Vec<String> = each.collect();
    if !each.is_empty() {
        words.push(format!("each {}", each.join(", ")));
    }
    match field.x_kubernetes_list_type.as_deref() {
        Some("set") => words.push("no duplicates".to_owned()),
        Some("map") => {
            let keys = field.x_kubernetes_list_map_keys.iter().flatten().map(|key| format!("`{key}`"));
            words.push(format!("no two with the same {}", list(&keys.collect::<Vec<_>>(), "and")));
        }
        _ => {}
    }
    words
}

fn entries(field: &JSONSchemaProps) -> Vec<String> {
    let mut each = one(member(field).1).into_iter();
    let mut words = vec![format!("map of names to {}", plural(&each.next().unwrap_or_default()))];
    words.extend(range(field.min_properties.map(Value::from), field.max_properties.map(Value::from), ""));
    let each: Vec<String> = each.collect();
    if !each.is_empty() {
        words.push(format!("each {}", each.join(", ")));
    }
    words
}

/// `1 to 20 characters`; nothing where there is no limit.
fn range(least: Option<Value>, most: Option<Value>, unit: &str) -> Option<String> {
    let limits = match (&least, &most) {
        (Some(least), Some(most)) if least == most => format!("exactly {most}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (None, Some(most)) => format!("at most {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, None) => return None,
    };
    let single = most.or(least) == Some(Value::from(1));
    Some(match unit {
        "" => limits,
        unit if single => format!("{limits} {unit}"),
        unit => format!("{limits} {}", plural(unit)),
    })
}

/// Limits of integers are floating-point numbers in a schema.
fn whole(limit: f64) -> Value {
    let text = limit.to_string();
    text.parse::<i64>().map_or_else(|_| Value::from(limit), Value::from)
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        _ if word.starts_with('`') => word.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{word}s"),
    }
}

/// `a, b and c`.
pub(super) fn list(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [first @ .., word] => format!("{} {last} {word}", first.join(", ")),
    }
}

/// Text on one line, in which nothing outside of code is Markdown.
pub(super) fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let pieces = text.split('`').enumerate().map(|(index, piece)| {
        // Every second piece is code.
        if index % 2 == 1 {
            piece.to_owned()
        } else {
            piece.replace('<', "&lt;").replace('_', "\\_").replace('*', "\\*")
        }
    });
    pieces.collect::<Vec<_>>().join("`")
}
