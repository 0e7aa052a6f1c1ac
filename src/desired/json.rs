//! Building JSON objects field by field.

use serde_json::Value;

/// Sets a field of an object.
pub(super) fn insert(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}
