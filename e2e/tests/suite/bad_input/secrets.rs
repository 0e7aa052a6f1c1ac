//! Required Secrets with names that none can have, too many keys, or rules that can't be checked.

use serde_json::{Value, json};

use super::row::{Row, operator, server, unreadable};
use crate::tamper::set;

/// Requires the Secret `shop-env` with a key that has these fields.
fn key(app: &mut Value, fields: &Value) {
    let mut key = json!({ "name": "MODE" });
    if let (Some(key), Some(fields)) = (key.as_object_mut(), fields.as_object()) {
        key.extend(fields.clone());
    }
    set(app, "/spec/secrets", json!([{ "name": "shop-env", "keys": [key] }]));
}

pub(super) const ROWS: &[Row] = &[
    server(
        "a required Secret with a name that none can have",
        "",
        "spec.secrets[0].name: … use the name of a Secret: lower-case letters, digits, '-' and '.'",
        "spec.secrets[Shop_Env].name: not a name for a Secret; use lower-case letters",
    )
    .made_by(|app| set(app, "/spec/secrets", json!([{ "name": "Shop_Env", "keys": [{ "name": "A" }] }]))),
    server(
        "a Secret that is required twice",
        "",
        "spec.secrets[1]: Duplicate value",
        "spec.secrets[shop-env]: it is listed twice; remove one",
    )
    .made_by(|app| {
        let secret = json!({ "name": "shop-env", "keys": [{ "name": "A" }] });
        set(app, "/spec/secrets", json!([secret, secret]));
    }),
    server(
        "a required Secret without keys",
        "",
        "spec.secrets[0].keys…should have at least 1 items",
        "spec.secrets[shop-env].keys: it is empty; give at least one member",
    )
    .made_by(|app| set(app, "/spec/secrets", json!([{ "name": "shop-env", "keys": [] }]))),
    server(
        "a key that is required twice",
        "",
        "spec.secrets[0].keys[1]: Duplicate value",
        "spec.secrets[shop-env].keys[A]: it is listed twice; remove one",
    )
    .made_by(|app| {
        set(app, "/spec/secrets", json!([{ "name": "shop-env", "keys": [{ "name": "A" }, { "name": "A" }] }]));
    }),
    server(
        "a required key that no Secret can have",
        "",
        "spec.secrets[0].keys[0].name: … use a key of the Secret",
        "spec.secrets[shop-env].keys[a/b].name: not a key of a Secret; use letters",
    )
    .made_by(|app| key(app, &json!({ "name": "a/b" }))),
    operator(
        "a required key that leads out of a folder",
        "",
        "spec.secrets[shop-env].keys[..].name: not a key of a Secret; use letters",
    )
    .made_by(|app| key(app, &json!({ "name": ".." }))),
    server(
        "more required keys than fit into a check",
        "",
        "spec.secrets: … list at most 100 keys in all",
        "spec.secrets: 128 keys in all, where at most 100 are allowed; list only those that a wrong value breaks",
    )
    .made_by(|app| {
        let keys: Vec<Value> = (0..32).map(|n| json!({ "name": format!("KEY_{n}") })).collect();
        let secrets: Vec<Value> = (0..4).map(|n| json!({ "name": format!("s{n}"), "keys": keys })).collect();
        set(app, "/spec/secrets", json!(secrets));
    }),
    unreadable(
        "a format that isn't known",
        "",
        "spec.secrets[0].keys[0].format: Unsupported value: \"uuid\"",
        "spec.secrets[shop-env].keys[MODE].format: not one of the allowed values; write url or base64 or pem or integer or nonEmpty",
    )
    .made_by(|app| key(app, &json!({ "format": "uuid" }))),
    server(
        "a pattern that is no regular expression",
        "",
        "spec.secrets[0].keys[0].pattern: … error parsing regexp: … write a regular expression in the syntax of RE2",
        "spec.secrets[shop-env].keys[MODE].pattern: not a regular expression; write it in the syntax of RE2",
    )
    .made_by(|app| key(app, &json!({ "pattern": "(live|test" }))),
    server(
        "a pattern with look-ahead",
        "",
        "spec.secrets[0].keys[0].pattern: … write a regular expression in the syntax of RE2",
        "spec.secrets[shop-env].keys[MODE].pattern: not a regular expression; write it in the syntax of RE2",
    )
    .made_by(|app| key(app, &json!({ "pattern": "^(?!test)" }))),
    server(
        "a pattern in other than ASCII",
        "",
        "spec.secrets[0].keys[0].pattern: … use printable ASCII characters",
        "spec.secrets[shop-env].keys[MODE].pattern: it has other than printable ASCII characters; write '.' or a class",
    )
    .made_by(|app| key(app, &json!({ "pattern": "^ä$" }))),
    operator(
        "a pattern that takes much memory",
        "",
        "spec.secrets[shop-env].keys[MODE].pattern: too large a regular expression; repeat less, or give the length as minLength",
    )
    .made_by(|app| key(app, &json!({ "pattern": "^([a-z0-9]{100}){9}$" }))),
    server(
        "a pattern of too many characters",
        "",
        "spec.secrets[0].keys[0].pattern: Too long: may not be more than 256",
        "spec.secrets[shop-env].keys[MODE].pattern: 257 characters, where at most 256 are allowed; shorten it",
    )
    .made_by(|app| key(app, &json!({ "pattern": "x".repeat(257) }))),
    server(
        "a least length of zero",
        "",
        "spec.secrets[0].keys[0].minLength…should be greater than or equal to 1",
        "spec.secrets[shop-env].keys[MODE].minLength: 0 is too small; give at least 1",
    )
    .made_by(|app| key(app, &json!({ "minLength": 0 }))),
    server(
        "a least length beyond what can be checked",
        "",
        "spec.secrets[0].keys[0].minLength…should be less than or equal to 65536",
        "spec.secrets[shop-env].keys[MODE].minLength: 65537 is too large; give at most 65536",
    )
    .made_by(|app| key(app, &json!({ "minLength": 65_537 }))),
];
