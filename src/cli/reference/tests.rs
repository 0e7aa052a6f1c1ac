//! The reference is complete, its links have a target, and it describes what the schema defines.

use std::collections::BTreeSet;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Value, json};

use super::{schema::member, text};
use crate::api;

/// All headings, as addresses.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let letters = |heading: &str| heading.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    headings.map(letters).collect()
}

fn of(spec: &Value) -> String {
    let mut crd = serde_json::to_value(&api::crds()[0]).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] =
        json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": spec } } });
    text(&[serde_json::from_value(crd).unwrap()])
}

/// The cells of a field's row.
fn row(text: &str, field: &str) -> Vec<String> {
    let row = text.lines().find(|line| line.starts_with(&format!("| `{field}`")));
    row.unwrap().trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
}

/// Whether the fields of the object at the path, and what is below them, have their rows; the number of rows.
fn rows(path: &str, schema: &JSONSchemaProps, sections: &[&str]) -> usize {
    let heading = |section: &&&str| section.lines().next().unwrap().trim_start_matches(['#', ' ']) == path;
    let own = sections.iter().find(heading);
    let same = || sections.iter().find(|section| section.contains(&format!("`{path}`")));
    let section = own.or_else(same).unwrap_or_else(|| panic!("no section for {path}"));
    let mut number = 0;
    for (name, field) in schema.properties.iter().flatten() {
        let row = section.lines().find(|line| line.starts_with("| ") && line.split('`').nth(1) == Some(name));
        let row = row.unwrap_or_else(|| panic!("no row for {name} of {path}"));
        let cells: Vec<&str> = row.split(" | ").collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| cell.trim_matches(['|', ' ']).len() > 3), "{row}");
        number += 1;
        let (brackets, member) = member(field);
        if own.is_some() && member.properties.is_some() {
            number += rows(&format!("{path}.{name}{brackets}"), member, sections);
        }
    }
    number
}

#[test]
fn every_field_has_a_row_in_the_section_of_its_object() {
    let crds = api::crds();
    let text = text(&crds);
    let sections: Vec<&str> = text.split("\n#").skip(1).collect();
    for crd in &crds {
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        assert!(rows(&crd.spec.names.kind, schema, &sections) > 30);
    }
}

#[test]
fn every_link_leads_to_one_heading_and_every_heading_has_a_link() {
    let text = text(&api::crds());
    let anchors = anchors(&text);
    let unique: BTreeSet<&String> = anchors.iter().collect();
    assert_eq!(unique.len(), anchors.len(), "two headings of one address");
    let links: BTreeSet<String> =
        text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()).collect();
    // The title is no section.
    assert_eq!(
        links.iter().collect::<BTreeSet<_>>(),
        unique.into_iter().filter(|it| *it != "fieldreference").collect()
    );
}

#[test]
fn types_limits_and_rules_are_described() {
    let text = of(&json!({
        "name": { "type": "string", "minLength": 1, "maxLength": 20, "description": "A <name>,\nsuch as `a_b`." },
        "mode": { "type": "string", "enum": ["On", "Off"], "default": "On" },
        "size": { "type": "string", "x-kubernetes-validations": [{ "rule": "isQuantity(self)", "message": "write 1Mi" }] },
        "count": { "type": "integer", "minimum": 0.0, "maximum": 100.0 },
        "paths": { "type": "array", "maxItems": 4, "x-kubernetes-list-type": "set",
            "items": { "type": "string", "maxLength": 256 } },
        "labels": { "type": "object", "maxProperties": 8, "additionalProperties": { "type": "string" } },
    }));
    assert_eq!(row(&text, "name")[1..], ["string, 1 to 20 characters", "A &lt;name>, such as `a_b`."]);
    assert_eq!(row(&text, "mode")[1], "`On` or `Off`, default `On`");
    assert_eq!(row(&text, "size")[1..], ["quantity", "Rule: write 1Mi."]);
    assert_eq!(row(&text, "count")[1], "integer, 0 to 100");
    assert_eq!(row(&text, "paths")[1], "list of strings, at most 4, each at most 256 characters, no duplicates");
    assert_eq!(row(&text, "labels")[1], "map of names to strings, at most 8");
}

#[test]
fn equal_objects_have_one_section_that_names_all_places() {
    let port = |description| json!({ "type": "object", "description": description, "properties": { "port": { "type": "integer" } } });
    let text = of(&json!({ "first": port("One."), "second": port("Another.") }));
    assert!(text.contains("### HardenedApp.spec.first\n\nThe same at `HardenedApp.spec.second`.\n"), "{text}");
    assert!(text.contains("| [`second`](#hardenedappspecfirst) | object | Another. |"), "{text}");
}

#[test]
fn required_fields_come_first() {
    let text = text(&api::crds());
    let component = text.split("### HardenedApp.spec.components[]\n").nth(1).unwrap();
    let rows: Vec<&str> = component.lines().filter(|line| line.starts_with("| ")).skip(1).take(3).collect();
    assert!(rows[0].starts_with("| `image` (required)") && rows[1].starts_with("| `name` (required)"), "{rows:?}");
    assert!(!rows[2].contains("(required)"));
}
