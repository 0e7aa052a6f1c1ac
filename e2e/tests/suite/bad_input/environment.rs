//! Variables with plain-text secrets, variables that control the loader, and invalid ones.

use serde_json::json;

use super::row::{Row, operator, server, unreadable};
use crate::tamper::set;

const SECRET: &str = "the name indicates a secret, but the value is plain text; put the value into a Secret";
const IN_URL: &str = "spec.components[web].env[DATABASE_URL]: the value is a URL with a password in plain text";
const IN_ARGUMENT: &str = "it has a secret in plain text, which every reader of the pod sees; mount the Secret";
const ONE: &str = "spec.components[0].env[0]: … give exactly one of value and secretKey";
const NAME: &str = "spec.components[0].env[0].name: … use letters, digits and '_', not starting with a digit";
const NAME_TOO: &str = "not a variable name; use letters, digits and '_', not starting with a digit";
const STEERS: &str = "this variable controls the cluster client or the dynamic loader; remove it";

pub(super) const ROWS: &[Row] = &[
    operator("a password in plain text", "env: [{name: DB_PASSWORD, value: hunter2}]", SECRET),
    operator("a token in plain text, in lower case", "env: [{name: api_token, value: abc}]", SECRET),
    operator("a private key in plain text", "env: [{name: SSH_PRIVATE_KEY, value: abc}]", SECRET),
    operator("a password in a URL", "env: [{name: DATABASE_URL, value: 'postgres://u:hunter2@db/x'}]", IN_URL),
    operator("a password among the arguments", "args: ['--password=hunter2']", IN_ARGUMENT),
    operator("a password in a URL among the arguments", "command: [serve, 'redis://:hunter2@cache']", IN_ARGUMENT),
    operator("another loader's library", "env: [{name: LD_PRELOAD, value: /tmp/evil.so}]", STEERS),
    operator("another API server", "env: [{name: KUBERNETES_SERVICE_HOST, value: 203.0.113.1}]", STEERS),
    server(
        "a variable that is set twice",
        "env: [{name: A, value: b}, {name: A, value: c}]",
        "spec.components[0].env[1]: Duplicate value",
        "spec.components[web].env[A]: this variable is set twice; remove one",
    ),
    server(
        "a value and a secret",
        "env: [{name: A, value: b, secretKey: {secret: s, key: k}}]",
        ONE,
        "spec.components[web].env[A]: value and secretKey exclude each other; give exactly one of them",
    ),
    server(
        "neither value nor secret",
        "env: [{name: A}]",
        ONE,
        "spec.components[web].env[A]: neither value nor secretKey is given; give exactly one of them",
    ),
    server("a variable's name with a dash", "env: [{name: LOG-LEVEL, value: info}]", NAME, NAME_TOO),
    server("a variable's name that begins with a digit", "env: [{name: 2ND, value: b}]", NAME, NAME_TOO),
    server(
        "a value of more than 4096 characters",
        "",
        "spec.components[0].env[0].value: Too long: may not be more than 4096",
        "spec.components[web].env[A].value: 4097 characters, where at most 4096 are allowed; shorten it",
    )
    .made_by(|app| set(app, "/spec/components/0/env", json!([{ "name": "A", "value": "x".repeat(4097) }]))),
    operator(
        "a value with a NUL character",
        r#"env: [{name: A, value: "a\0b"}]"#,
        "spec.components[web].env[A]: it holds a NUL character; remove it",
    ),
    server(
        "a Secret's name in upper case",
        "env: [{name: A, secretKey: {secret: Shop_Env, key: k}}]",
        "spec.components[0].env[0].secretKey.secret: … use the name of a Secret",
        "spec.components[web].env[A].secretKey.secret: not a name for a Secret; use lower-case letters",
    ),
    server(
        "a Secret's key with a slash",
        "env: [{name: A, secretKey: {secret: shop-env, key: a/b}}]",
        "spec.components[0].env[0].secretKey.key: … use a key of the Secret",
        "spec.components[web].env[A].secretKey.key: not a key of a Secret; use letters, digits",
    ),
    unreadable(
        "variables as a map",
        "env: {LOG_LEVEL: info}",
        "unknown field \"spec.components[0].env.LOG_LEVEL\"",
        "spec.components[web].env: not a list; begin each member with '-'",
    ),
    unreadable(
        "a number as value",
        "env: [{name: WORKERS, value: 4}]",
        "spec.components[0].env[0].value: … must be of type string",
        "spec.components[web].env[WORKERS].value: not text; put it in quotes",
    ),
    unreadable(
        "valueFrom, as in a pod",
        "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
        "unknown field \"spec.components[0].env[0].valueFrom\"",
        "spec.components[web].env[A].valueFrom: unknown field; correct its spelling, or remove it",
    ),
];
