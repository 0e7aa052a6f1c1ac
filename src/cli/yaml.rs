//! YAML in and out, as kubectl reads and writes it.

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

/// Objects of a multi-document text or of a stream of JSON; those of a List by themselves. Empty documents are skipped.
pub(super) fn documents(text: &str) -> anyhow::Result<Vec<Value>> {
    let documents = match json(text) {
        Some(documents) => documents,
        None => yaml(text)?,
    };
    Ok(documents.into_iter().flat_map(objects).filter(|object| !object.is_null()).collect())
}

/// A stream of JSON objects, which needs no separators; `None` if the text isn't one.
fn json(text: &str) -> Option<Vec<Value>> {
    let stream = serde_json::Deserializer::from_str(text).into_iter();
    text.trim_start().starts_with('{').then(|| stream.collect::<Result<_, _>>().ok()).flatten()
}

fn yaml(text: &str) -> anyhow::Result<Vec<Value>> {
    // As kubectl does: `0400` is octal.
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    serde_saphyr::from_multiple_with_options(text, options).context("failed to read YAML")
}

/// The members of a List, as `kubectl get` prints one; any other object itself.
fn objects(document: Value) -> Vec<Value> {
    let is_list = document.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    match document {
        Value::Object(mut list) if is_list && list.get("items").is_some_and(Value::is_array) => {
            let Some(Value::Array(items)) = list.remove("items") else { return Vec::new() };
            items.into_iter().flat_map(objects).collect()
        }
        other => vec![other],
    }
}

/// Objects as one multi-document text, each behind a separator.
pub(super) fn text<T: Serialize>(objects: &[T]) -> anyhow::Result<String> {
    let mut text = String::new();
    for object in objects {
        // By way of a JSON value, whose fields are sorted: the same bytes for the same object.
        let object = serde_json::to_value(object).context("failed to write YAML")?;
        text.push_str("---\n");
        // kubectl can't read a block whose first line begins with a tab.
        let options = serde_saphyr::ser_options! { prefer_block_scalars: !has_leading_tab(&object) };
        let written = serde_saphyr::to_string_with_options(&object, options).context("failed to write YAML")?;
        text.push_str(&written);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

fn has_leading_tab(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('\t'),
        Value::Array(members) => members.iter().any(has_leading_tab),
        Value::Object(fields) => fields.values().any(has_leading_tab),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_that_begins_with_a_tab_is_quoted() {
        assert_eq!(text(&[json!({ "a": "\tone\ntwo" })]).unwrap(), "---\na: \"\\tone\\ntwo\"\n");
        assert_eq!(text(&[json!({ "a": "one\ntwo\n" })]).unwrap(), "---\na: |\n  one\n  two\n");
    }

    #[test]
    fn no_object_is_left_out() {
        let (a, b) = (json!({ "kind": "A" }), json!({ "kind": "B" }));
        let both = vec![a, b];
        for text in [
            "kind: A\n---\n---\nkind: B\n",
            "kind: List\nitems: [{kind: A}, {kind: B}]\n",
            "{kind: HardenedAppList, items: [{kind: A}]}\n---\nkind: B\n",
            "{\"kind\":\"A\"}\n{\"kind\":\"B\"}\n",
            "{\"kind\":\"List\",\"items\":[{\"kind\":\"A\"},{\"kind\":\"List\",\"items\":[{\"kind\":\"B\"}]}]}",
        ] {
            assert_eq!(documents(text).unwrap(), both, "{text}");
        }
    }
}
