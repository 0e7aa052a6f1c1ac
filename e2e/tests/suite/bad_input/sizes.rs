//! Objects and lists that exceed size limits.

use serde_json::{Value, json};

use super::row::{Row, component, operator, server};
use crate::tamper::{push, set};

/// The largest environment of a component: half a megabyte.
fn largest_env() -> Value {
    (0..128).map(|number| json!({ "name": format!("V{number}"), "value": "x".repeat(4096) })).collect()
}

/// Adds components of half a megabyte each.
fn add_large_components(app: &mut Value, count: usize) {
    for number in 0..count {
        let mut large = component(&format!("c{number}"));
        set(&mut large, "/env", largest_env());
        push(app, "/spec/components", large);
    }
}

pub(super) const ROWS: &[Row] = &[
    operator(
        "500 KB, none of it too long by itself",
        "",
        "spec: it has 5 … KiB, where at most 128 are allowed; mount what is large as a ConfigMap",
    )
    .made_by(|app| set(app, "/spec/components/0/env", largest_env())),
    server(
        "500 KB in one argument",
        "",
        "spec.components[0].args[0]: Too long: may not be more than 4096",
        "spec.components[web].args[0]: 500000 characters, where at most 4096 are allowed; shorten it",
    )
    .made_by(|app| set(app, "/spec/components/0/args", json!(["x".repeat(500_000)]))),
    server(
        "500 KB of command",
        "",
        "spec.components[0].command: Too many: 250: must have at most 64 items",
        "spec.components[web].command: 250 members, where at most 64 are allowed; remove some",
    )
    .made_by(|app| set(app, "/spec/components/0/command", json!(vec!["x".repeat(2000); 250]))),
    server(
        "2 MB, more than etcd stores",
        "",
        "trying to send message larger than max",
        "spec: it has … KiB, where at most 128 are allowed; mount what is large as a ConfigMap",
    )
    .made_by(|app| add_large_components(app, 4)),
    server(
        "4 MB, more than the API server reads",
        "",
        "limit is 3145728",
        "spec: it has … KiB, where at most 128 are allowed; mount what is large as a ConfigMap",
    )
    .made_by(|app| add_large_components(app, 8)),
    server(
        "129 variables",
        "",
        "spec.components[0].env: Too many: 129: must have at most 128 items",
        "spec.components[web].env: 129 members, where at most 128 are allowed; remove some",
    )
    .made_by(|app| {
        let env = (0..129).map(|number| json!({ "name": format!("V{number}"), "value": "x" }));
        set(app, "/spec/components/0/env", env.collect());
    }),
    operator(
        "a command with a NUL character",
        r#"command: ["/app\0", run]"#,
        "spec.components[web].command[0]: it holds a NUL character; remove it",
    ),
    operator(
        "an argument with a NUL character",
        r#"args: [run, "--name=\0"]"#,
        "spec.components[web].args[1]: it holds a NUL character; remove it",
    ),
];
