//! Databases without a form or with several, that reach too far, or that nothing connects to.

use serde_json::{Value, json};

use super::row::{Row, operator, server};
use crate::tamper::set;

/// Adds a database that component `web` connects to.
fn database(app: &mut Value, database: &Value) {
    set(app, "/spec/components/0/connectsTo", json!([database.get("name")]));
    set(app, "/spec/databases", json!([database]));
}

fn pods(app: &mut Value, fields: &[(&str, Value)]) {
    let mut pods = json!({ "name": "db", "engine": "postgres", "pods": { "matchLabels": { "app": "pg" } } });
    for (pointer, value) in fields {
        set(&mut pods, pointer, value.clone());
    }
    database(app, &pods);
}

fn managed(app: &mut Value, fields: &[(&str, Value)]) {
    let managed = json!({ "image": "registry.example.com/db:1.0.0", "storage": "1Gi", "passwordSecret": "db" });
    let mut it = json!({ "name": "db", "engine": "postgres", "managed": managed });
    for (pointer, value) in fields {
        set(&mut it, pointer, value.clone());
    }
    database(app, &it);
}

fn external(app: &mut Value, cidr: &str) {
    database(app, &json!({ "name": "db", "engine": "mysql", "external": { "cidrs": [cidr] } }));
}

pub(super) const ROWS: &[Row] = &[
    operator(
        "a connection of a component to itself",
        "connectsTo: [web]",
        "spec.components[web].connectsTo[web]: a component needs no connection to itself; remove it",
    ),
    server(
        "a database in two forms",
        "",
        "spec.databases[0]: Invalid value:…give exactly one of managed, pods and external",
        "spec.databases[db]: a database has one form; give exactly one of managed, pods and external",
    )
    .made_by(|app| pods(app, &[("/external", json!({ "cidrs": ["192.0.2.5/32"] }))])),
    server(
        "a database without a form",
        "",
        "spec.databases[0]: Invalid value:…give exactly one of managed, pods and external",
        "spec.databases[db]: a database has one form; give exactly one of managed, pods and external",
    )
    .made_by(|app| database(app, &json!({ "name": "db", "engine": "postgres" }))),
    server(
        "a database with a port out of range",
        "",
        "spec.databases[0].port…should be less than or equal to 65535",
        "spec.databases[db].port: 65536 is not a port number; use one from 1 to 65535",
    )
    .made_by(|app| pods(app, &[("/port", json!(65_536))])),
    server(
        "an engine without a default port and no port",
        "",
        "spec.databases[0]: Invalid value:…the engine 'other' has no default port: give port",
        "spec.databases[db].port: this engine has no default port; give the port",
    )
    .made_by(|app| pods(app, &[("/engine", json!("other"))])),
    server(
        "an external database at something else than a range",
        "",
        "spec.databases[0].external.cidrs: Invalid value:…write address ranges such as 192.0.2.5/32",
        "spec.databases[db].external.cidrs[db.example.com]: not an address range; write one such as 203.0.113.0/24",
    )
    .made_by(|app| external(app, "db.example.com")),
    operator(
        "an external database within the cluster",
        "",
        "spec.databases[db].external.cidrs[10.20.0.5/32]: 10.20.0.5/32 lies in 10.0.0.0/8…the platform team sets clusterCIDRs",
    )
    .made_by(|app| external(app, "10.20.0.5/32")),
    operator(
        "an external database at the metadata address",
        "",
        "spec.databases[db].external.cidrs[169.254.169.254/32]…metadata addresses are never opened",
    )
    .made_by(|app| external(app, "169.254.169.254/32")),
    operator(
        "an external database at every address",
        "",
        "spec.databases[db].external.cidrs[0.0.0.0/0]: 0.0.0.0/0 covers 10.0.0.0/8…name only the addresses of the database",
    )
    .made_by(|app| external(app, "0.0.0.0/0")),
    server(
        "database pods without labels",
        "",
        "spec.databases[0].pods.matchLabels…should have at least 1 properties",
        "spec.databases[db].pods.matchLabels: no labels would select every pod; name the labels of the database's pods",
    )
    .made_by(|app| pods(app, &[("/pods/matchLabels", json!({}))])),
    operator(
        "database pods that are the app's own",
        "",
        "spec.databases[db].pods.matchLabels: the pods of component web have these labels; name labels that only the database's",
    )
    .made_by(|app| pods(app, &[("/pods/matchLabels", json!({ "app.kubernetes.io/part-of": "shop" }))])),
    operator(
        "database pods by the operator's label",
        "",
        "spec.databases[db].pods.matchLabels[hardened.dev/workload]: only pods of HardenedApps have this label; name labels",
    )
    .made_by(|app| pods(app, &[("/pods/matchLabels", json!({ "hardened.dev/workload": "portal.web" }))])),
    operator(
        "a database without clients",
        "",
        "spec.databases[db]: no component connects to this database; name it under connectsTo of a component",
    )
    .made_by(|app| {
        pods(app, &[]);
        set(app, "/spec/components/0/connectsTo", json!(["api"]));
    }),
    server(
        "two databases of one name",
        "",
        "spec.databases[1]: Duplicate value",
        "spec.databases[db]: another database or a component has this name; give each its own",
    )
    .made_by(|app| {
        pods(app, &[]);
        let first = app.pointer("/spec/databases/0").cloned();
        set(app, "/spec/databases", json!([first, first]));
    }),
    operator(
        "a database with the name of a component",
        "",
        "spec.databases[api]: another database or a component has this name; give each its own",
    )
    .made_by(|app| pods(app, &[("/name", json!("api"))])),
    server(
        "a managed database of another engine",
        "",
        "spec.databases[0]: Invalid value:…only postgres and redis can be managed: use pods or external",
        "spec.databases[db].engine: only postgres and redis can be managed; use pods or external",
    )
    .made_by(|app| managed(app, &[("/engine", json!("mongodb"))])),
    server(
        "a managed postgres with an amount of memory for data",
        "",
        "spec.databases[0]: Invalid value:…maxMemory is for redis: remove it",
        "spec.databases[db].managed.maxMemory: maxMemory is for redis; remove it",
    )
    .made_by(|app| managed(app, &[("/managed/maxMemory", json!("1Gi"))])),
    operator(
        "a managed redis with too little memory",
        "",
        "spec.databases[db].managed.resources.memory: redis with maxMemory 256Mi needs 448Mi; give at least 448Mi",
    )
    .made_by(|app| managed(app, &[("/engine", json!("redis")), ("/managed/resources", json!({ "memory": "256Mi" }))])),
    server(
        "a managed database without a size",
        "",
        "spec.databases[0].managed.storage: Invalid value:…write a quantity above 0 such as 10Gi",
        "spec.databases[db].managed.storage: '0' is not a quantity above 0",
    )
    .made_by(|app| managed(app, &[("/managed/storage", json!("0"))])),
];
