//! The field reference for users, from the schemas that the API server validates objects against.

use std::fmt::Write;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};

use super::{
    schema::{member, versions},
    words,
};

const INTRODUCTION: &str = "# Field reference

Every field of both kinds, as `kubectl explain` has them too, with the limits that the API server checks. What needs to see two
places at once is checked by the operator, and by `hardened-app render`: see [troubleshooting](troubleshooting.md). A field that
isn't required may be left out. Fields with a link have fields of their own; `[]` stands for each member of a list.
";

/// The whole document.
pub(in crate::cli) fn text(crds: &[CustomResourceDefinition]) -> String {
    let mut sections = Vec::new();
    for crd in crds {
        for schema in versions(crd).filter_map(|version| version.schema.as_ref()?.open_api_v3_schema.as_ref()) {
            collect(&crd.spec.names.kind, schema, &mut sections);
        }
    }
    let mut text = format!("{INTRODUCTION}\n");
    for section in &sections {
        outline(&mut text, section);
    }
    for section in &sections {
        let crd = crds.iter().find(|crd| crd.spec.names.kind == section.path());
        describe(&mut text, section, crd, &sections);
    }
    text
}

/// An object with fields: one section, also where several places hold the same.
struct Section<'a> {
    /// Paths from the kind on, such as `HardenedApp.spec.components[]`.
    places: Vec<String>,
    schema: &'a JSONSchemaProps,
    /// What makes two objects the same: the schema without what depends on the place.
    shape: JSONSchemaProps,
    /// What it is; empty if its places have different descriptions, which are in their rows.
    description: &'a str,
}

impl Section<'_> {
    fn path(&self) -> &str {
        self.places.first().map_or("", String::as_str)
    }

    /// How deeply the object is nested.
    fn depth(&self) -> usize {
        self.path().matches('.').count()
    }

    /// The anchor that GitHub generates from the heading.
    fn anchor(&self) -> String {
        self.path().chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase()
    }
}

fn collect<'a>(path: &str, schema: &'a JSONSchemaProps, sections: &mut Vec<Section<'a>>) {
    let Some(fields) = &schema.properties else { return };
    let shape = JSONSchemaProps { description: None, nullable: None, default: None, ..schema.clone() };
    let description = schema.description.as_deref().unwrap_or_default();
    if let Some(same) = sections.iter_mut().find(|section| section.shape == shape) {
        same.places.push(path.to_owned());
        if same.description != description {
            same.description = "";
        }
        return;
    }
    sections.push(Section { places: vec![path.to_owned()], schema, shape, description });
    for (name, field) in fields {
        let (brackets, member) = member(field);
        collect(&format!("{path}.{name}{brackets}"), member, sections);
    }
}

fn outline(text: &mut String, section: &Section) {
    let name = section.path().rsplit('.').next().unwrap_or_default();
    let indent = "  ".repeat(section.depth());
    line(text, &format!("{indent}- [{name}](#{})", section.anchor()));
}

fn describe(text: &mut String, section: &Section, crd: Option<&CustomResourceDefinition>, sections: &[Section]) {
    line(text, &format!("\n{} {}", if crd.is_some() { "##" } else { "###" }, section.path()));
    if !section.description.is_empty() {
        line(text, &format!("\n{}", words::plain(section.description)));
    }
    if let Some(crd) = crd {
        line(text, &format!("\n{}", words::kind(crd)));
    }
    if let [_, others @ ..] = section.places.as_slice()
        && !others.is_empty()
    {
        let others: Vec<String> = others.iter().map(|path| format!("`{path}`")).collect();
        line(text, &format!("\nThe same at {}.", words::list(&others, "and")));
    }
    for rule in words::rules(section.schema) {
        line(text, &format!("\n{rule}"));
    }
    line(text, "\n| Field | Type | Meaning |\n|---|---|---|");
    // Required fields come first.
    let required = |name: &String| section.schema.required.as_ref().is_some_and(|required| required.contains(name));
    let mut fields: Vec<_> = section.schema.properties.iter().flatten().collect();
    fields.sort_by_key(|(name, _)| !required(name));
    for (name, field) in fields {
        let path = format!("{}.{name}{}", section.path(), member(field).0);
        let target = sections.iter().find(|section| section.places.contains(&path));
        let label = target.map_or_else(|| format!("`{name}`"), |target| format!("[`{name}`](#{})", target.anchor()));
        let label = if required(name) { format!("{label} (required)") } else { label };
        line(text, &format!("| {label} | {} | {} |", words::kind_of(field), words::meaning(field)));
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "{line}");
}
