//! YAML in and out, as kubectl reads and writes it.

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

/// Documents of a multi-document text; empty ones are skipped.
pub(super) fn documents(text: &str) -> anyhow::Result<Vec<Value>> {
    // As kubectl does: `0400` is octal.
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).context("failed to read YAML")?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// Objects as one multi-document text, each behind a separator.
pub(super) fn text<T: Serialize>(objects: &[T]) -> anyhow::Result<String> {
    let mut text = String::new();
    for object in objects {
        // By way of a JSON value, whose fields are sorted: the same bytes for the same object.
        let object = serde_json::to_value(object).context("failed to write YAML")?;
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(&object).context("failed to write YAML")?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}
