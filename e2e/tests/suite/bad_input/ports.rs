//! Ports that a container can't listen on, and duplicate ports.

use serde_json::json;

use super::row::{Row, operator, server, unreadable};
use crate::tamper::set;

const NAME: &str = "spec.components[0].ports[0].name: … use lower-case letters, digits and single '-'";
const NAME_TOO: &str = "not a name for a port; use at most 15 lower-case letters, digits and '-', with a letter";
const BELOW: &str = "spec.components[0].ports[0].port: … use a port from 1024 up";

pub(super) const ROWS: &[Row] = &[
    server(
        "port 80",
        "ports: [{name: http, port: 80}]",
        BELOW,
        "spec.components[web].ports[http].port: … can't listen on 80; use a port from 1024 to 65535",
    ),
    server(
        "port 0",
        "ports: [{name: http, port: 0}]",
        BELOW,
        "spec.components[web].ports[http].port: 0 is not a port number; use one from 1024",
    ),
    server(
        "port 70000",
        "ports: [{name: http, port: 70000}]",
        "spec.components[0].ports[0].port: … less than or equal to 65535",
        "spec.components[web].ports[http].port: 70000 is not a port number; use one from 1024 to 65535",
    ),
    server(
        "two ports of one name",
        "ports: [{name: http, port: 8080}, {name: http, port: 8081}]",
        "spec.components[0].ports[1]: Duplicate value",
        "spec.components[web].ports[http]: two ports have this name; give each its own",
    ),
    operator(
        "one port under two names",
        "ports: [{name: http, port: 8080}, {name: web, port: 8080}]",
        "spec.components[web].ports[web]: port 8080 is declared twice; remove one",
    ),
    server(
        "a port's name of 16 characters",
        "ports: [{name: metrics-exporter, port: 8080}]",
        "spec.components[0].ports[0].name: Too long: may not be more than 15",
        NAME_TOO,
    ),
    server("a port's name in upper case", "ports: [{name: HTTP, port: 8080}]", NAME, NAME_TOO),
    server("a port's name without a letter", "ports: [{name: '8080', port: 8080}]", NAME, NAME_TOO),
    server("a port's name with two dashes", "ports: [{name: a--b, port: 8080}]", NAME, NAME_TOO),
    unreadable(
        "a protocol that isn't known",
        "ports: [{name: http, port: 8080, protocol: SCTP}]",
        "spec.components[0].ports[0].protocol: Unsupported value … \"TCP\", \"UDP\"",
        "spec.components[web].ports[http].protocol: not one of the allowed values; write TCP or UDP",
    ),
    unreadable(
        "a port as text",
        "ports: [{name: http, port: '8080'}]",
        "spec.components[0].ports[0].port: … must be of type integer",
        "spec.components[web].ports[http].port: not a whole number; write digits without quotes",
    ),
    unreadable(
        "ports as bare numbers",
        "ports: [8080]",
        "spec.components[0].ports[0]: … must be of type object",
        "spec.components[web].ports[0]: not a map of fields; write each field as 'name: value'",
    ),
    unreadable(
        "a field of a Kubernetes container",
        "ports: [{name: http, containerPort: 8080}]",
        "unknown field \"spec.components[0].ports[0].containerPort\"",
        "spec.components[web].ports[http].containerPort: unknown field; correct its spelling, or remove it",
    ),
    server(
        "17 ports",
        "",
        "spec.components[0].ports: Too many: 17: must have at most 16 items",
        "spec.components[web].ports: 17 members, where at most 16 are allowed; remove some",
    )
    .made_by(|app| {
        let ports = (0..17).map(|number| json!({ "name": format!("p{number}"), "port": 8080 + number }));
        set(app, "/spec/components/0/ports", ports.collect());
    }),
];
