//! YAML in and out, as kubectl reads and writes it.

use anyhow::Context;
use serde::Serialize;
use serde_json::{Number, Value};

/// Objects of a multi-document text or of a stream of JSON; those of a List by themselves. Empty documents are skipped.
pub(super) fn documents(text: &str) -> anyhow::Result<Vec<Value>> {
    let documents = match json(text) {
        Some(documents) => documents,
        None => yaml(text)?,
    };
    let objects = documents.into_iter().flat_map(objects).filter(|object| !object.is_null());
    Ok(objects.map(with_whole_numbers).collect())
}

/// Numbers as the API server takes them: one without a fraction is a whole number however it was written, such as `1e3` or `3.0`.
fn with_whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|_| number.is_f64()).and_then(whole);
            Value::Number(whole.map_or(number, Number::from))
        }
        Value::Array(members) => members.into_iter().map(with_whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, with_whole_numbers(value))).collect(),
        other => other,
    }
}

fn whole(number: f64) -> Option<i64> {
    // Up to 2^53 every whole number has an exact floating point form.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// A stream of JSON objects, which needs no separators; `None` if the text isn't one.
fn json(text: &str) -> Option<Vec<Value>> {
    let stream = serde_json::Deserializer::from_str(text).into_iter();
    text.trim_start().starts_with('{').then(|| stream.collect::<Result<_, _>>().ok()).flatten()
}

fn yaml(text: &str) -> anyhow::Result<Vec<Value>> {
    // As kubectl does: `0400` is octal. Tags such as `!x` would be ignored here, and make a text of a number there.
    let options = serde_saphyr::options! { legacy_octal_numbers: true, reject_unsupported_tags: true };
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
    fn numbers_are_read_by_their_value() {
        let read = |text: &str| documents(&format!("a: {text}\n")).unwrap()[0]["a"].clone();
        for (text, number) in [
            ("1.00064e+09", 1_000_640_000),
            ("3.0", 3),
            ("1e3", 1000),
            ("-0.0", 0),
            ("0400", 256),
            ("0x1f", 31),
            ("1_000", 1000),
        ] {
            assert_eq!(read(text), json!(number), "{text}");
        }
        assert_eq!(read("1.5"), json!(1.5));
        assert!(read("1e300").is_f64());
        assert_eq!(documents("{\"a\": 3.0}").unwrap(), [json!({ "a": 3 })]);
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
