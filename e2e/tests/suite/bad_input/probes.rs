//! Invalid health checks.

use super::row::{Row, operator, server, unreadable};

const ONE: &str = "spec.components[0].probes.readiness: … give exactly one of http, tcp, grpc and exec";
const ONE_TOO: &str = "spec.components[web].probes.readiness: … give exactly one of them";

pub(super) const ROWS: &[Row] = &[
    server("a check of nothing", "probes: {readiness: {}}", ONE, ONE_TOO),
    server("two checks in one", "probes: {readiness: {tcp: {port: http}, exec: {command: [ok]}}}", ONE, ONE_TOO),
    operator(
        "a check of a port that isn't there",
        "probes: {liveness: {tcp: {port: admin}}}",
        "spec.components[web].probes.liveness: 'admin' is not a TCP port of the component; name a port declared under ports",
    ),
    server(
        "a page without its slash",
        "probes: {readiness: {http: {path: healthz, port: http}}}",
        "spec.components[0].probes.readiness.http.path: … the path starts with '/'",
        "spec.components[web].probes.readiness.http.path: the path is not absolute; start it with '/'",
    ),
    server(
        "a check every 0 seconds",
        "probes: {liveness: {tcp: {port: http}, periodSeconds: 0}}",
        "spec.components[0].probes.liveness.periodSeconds: … greater than or equal to 1",
        "spec.components[web].probes.liveness.periodSeconds: 0 is too small; give at least 1",
    ),
    server(
        "a check that waits an hour",
        "probes: {liveness: {tcp: {port: http}, timeoutSeconds: 3600}}",
        "spec.components[0].probes.liveness.timeoutSeconds: … less than or equal to 300",
        "spec.components[web].probes.liveness.timeoutSeconds: 3600 is too large; give at most 300",
    ),
    server(
        "a command of nothing",
        "probes: {startup: {exec: {command: []}}}",
        "spec.components[0].probes.startup.exec.command … should have at least 1 item",
        "spec.components[web].probes.startup.exec.command: no program is named; give program and arguments",
    ),
    unreadable(
        "a port by number, as in a pod",
        "probes: {readiness: {http: {path: /healthz, port: 8080}}}",
        "spec.components[0].probes.readiness.http.port: … must be of type string",
        "spec.components[web].probes.readiness.http.port: not text; put it in quotes",
    ),
    unreadable(
        "a page without its port",
        "probes: {readiness: {http: {path: /healthz}}}",
        "spec.components[0].probes.readiness.http.port: Required value",
        "spec.components[web].probes.readiness.http.port: it is missing; add it",
    ),
    unreadable(
        "a check of a pod",
        "probes: {readiness: {httpGet: {path: /healthz, port: 8080}}}",
        "unknown field \"spec.components[0].probes.readiness.httpGet\"",
        "spec.components[web].probes.readiness.httpGet: unknown field; correct its spelling, or remove it",
    ),
    operator(
        "metrics on a port that isn't there",
        "metricsPort: metrics",
        "spec.components[web].metricsPort: 'metrics' is not a port of the component; name a port declared under ports",
    ),
];
