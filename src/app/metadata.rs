//! What stands around the spec of an object: its metadata, checked as the API server checks it.

use serde_json::{Map, Value};

use super::{
    names,
    review::{Rejection, Review},
};

/// Fields of an object of a kind of ours, and of its metadata
/// (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/>).
const AROUND_SPEC: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Maps of texts in the metadata.
const LABELS: &str = "labels";
const ANNOTATIONS: &str = "annotations";

/// An object as the API server reads it: a field that is null counts as not given. (A null in a list doesn't, and a label that is
/// null is an empty text.)
#[must_use]
pub fn without_nulls(mut object: Value) -> Value {
    for map in [LABELS, ANNOTATIONS] {
        let texts = object.pointer_mut(&format!("/metadata/{map}")).and_then(Value::as_object_mut);
        for text in texts.into_iter().flat_map(Map::values_mut).filter(|text| text.is_null()) {
            *text = Value::from("");
        }
    }
    drop_nulls(&mut object);
    object
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(members) => members.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Mistakes beside the spec and in the metadata.
#[must_use]
pub fn malformed_around_spec(object: &Value) -> Vec<Rejection> {
    let mut review = Review::default();
    unknown(Some(object), "", &AROUND_SPEC, &mut review);
    unknown(object.get("metadata"), "metadata.", &METADATA, &mut review);
    for map in [LABELS, ANNOTATIONS] {
        let path = format!("metadata.{map}");
        match object.pointer(&format!("/metadata/{map}")) {
            Some(Value::Object(texts)) => {
                for (key, text) in texts {
                    label(map, key, text, format!("{path}[{key}]"), &mut review);
                }
            }
            Some(Value::Null) | None => {}
            Some(_) => review.reject(path, "not a map of fields", "write each field as 'name: value'"),
        }
    }
    review.into_findings().err().unwrap_or_default()
}

fn label(map: &str, key: &str, text: &Value, path: String, review: &mut Review) {
    // A label that is null is an empty text.
    let text = if text.is_null() { Some("") } else { text.as_str() };
    match text {
        None => review.reject(path, "not text", "put it in quotes"),
        Some(value) if map == LABELS => names::of_label(key, value, path, review),
        // Only the key of an annotation has a form.
        Some(_) => names::of_label(&key.to_lowercase(), "", path, review),
    }
}

fn unknown(value: Option<&Value>, prefix: &str, known: &[&str], review: &mut Review) {
    let names = value.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    for name in names.filter(|name| !known.contains(&name.as_str())) {
        review.reject(format!("{prefix}{name}"), UNKNOWN.0, UNKNOWN.1);
    }
}

/// Problem and remedy of a field that no type has.
pub(super) const UNKNOWN: (&str, &str) = ("unknown field", "correct its spelling, or remove it");

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_that_are_null_count_as_not_given() {
        let object = json!({
            "metadata": { "labels": { "a": null }, "annotations": null },
            "spec": { "args": null, "list": [null, { "value": null }] },
        });
        let read = json!({ "metadata": { "labels": { "a": "" } }, "spec": { "list": [null, {}] } });
        assert_eq!(without_nulls(object), read);
    }

    #[test]
    fn labels_and_annotations_are_checked_as_the_api_server_checks_them() {
        let object = json!({ "metadata": {
            "labels": { "team": "shop", "a.b/c": "", "d": null, "port": 8080, "two words": "x", "note": "two words" },
            "annotations": { "Note/Upper": "two words", "é": "x", "on": true },
        } });
        let found: Vec<String> = malformed_around_spec(&object).into_iter().map(|found| found.path).collect();
        let expected = ["labels[note]", "labels[port]", "labels[two words]", "annotations[on]", "annotations[é]"]
            .map(|it| format!("metadata.{it}"));
        assert_eq!(found, expected);
        let object = json!({ "metadata": { "labels": [] } });
        assert_eq!(malformed_around_spec(&object)[0].path, "metadata.labels");
    }
}
