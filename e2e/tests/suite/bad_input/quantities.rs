//! Invalid quantities.

use super::row::{Row, operator, server, unreadable};

const CPU: &str = "spec.components[0].resources.cpu: … write a quantity above 0 such as 100m";
const CPU_TOO: &str = "spec.components[web].resources.cpu: … is not a quantity above 0; write one such as 100m";
const MEMORY: &str = "spec.components[0].resources.memory: … write a quantity above 0 such as 128Mi";
const MEMORY_TOO: &str = "spec.components[web].resources.memory: … is not a quantity above 0; write one such as";
const SIZE: &str = "spec.components[0].writablePaths[0].size: … write a quantity above 0 such as 64Mi";
const SIZE_TOO: &str = "spec.components[web].writablePaths[/srv].size: … is not a quantity above 0; write one such as";

pub(super) const ROWS: &[Row] = &[
    server("no CPU at all", "resources: {cpu: '0'}", CPU, CPU_TOO),
    server("less CPU than none", "resources: {cpu: '-1'}", CPU, CPU_TOO),
    server("a CPU that is a word", "resources: {cpu: abc}", CPU, CPU_TOO),
    server("a space before the unit", "resources: {cpu: 100 m}", CPU, CPU_TOO),
    server("memory in megabytes, by another name", "resources: {memory: 128MB}", MEMORY, MEMORY_TOO),
    operator("more memory than there is", "resources: {memory: '1e30'}", MEMORY_TOO),
    server(
        "less disk than none",
        "resources: {ephemeralStorage: '-1Gi'}",
        "spec.components[0].resources.ephemeralStorage: … write a quantity above 0 such as 256Mi",
        "spec.components[web].resources.ephemeralStorage: … is not a quantity above 0",
    ),
    server("a directory of no size", "writablePaths: [{path: /srv, size: '0'}]", SIZE, SIZE_TOO),
    server("a directory whose size is a word", "writablePaths: [{path: /srv, size: big}]", SIZE, SIZE_TOO),
    unreadable(
        "a directory without a size",
        "writablePaths: [{path: /srv}]",
        "spec.components[0].writablePaths[0].size: Required value",
        "spec.components[web].writablePaths[/srv].size: it is missing; add it",
    ),
    unreadable(
        "a CPU that YAML takes for a number",
        "resources: {cpu: 1}",
        "spec.components[0].resources.cpu: … must be of type string",
        "spec.components[web].resources.cpu: not text; put it in quotes",
    ),
    unreadable(
        "limits as in a pod",
        "resources: {limits: {memory: 128Mi}}",
        "unknown field \"spec.components[0].resources.limits\"",
        "spec.components[web].resources.limits: unknown field; correct its spelling, or remove it",
    ),
];
