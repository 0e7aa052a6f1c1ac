//! Connections to components that don't exist, and to addresses that must stay unreachable.

use super::row::{Row, operator, server, unreadable};
use crate::tamper::{remove, set};
use serde_json::json;

const METADATA: &str = "which is not outside the cluster; name another range; metadata addresses are never opened";

pub(super) const ROWS: &[Row] = &[
    operator(
        "a connection to a component that isn't there",
        "connectsTo: [database]",
        "spec.components[web].connectsTo[database]: the app has no component or database database; name a component or database of this app",
    ),
    operator(
        "a connection to a component without ports",
        "",
        "spec.components[web].connectsTo[api]: component api has no ports; declare spec.components[api].ports",
    )
    .made_by(|app| {
        set(app, "/spec/components/0/connectsTo", json!(["api"]));
        remove(app, "/spec/components/1/ports");
    }),
    server(
        "the same connection twice",
        "connectsTo: [api, api]",
        "spec.components[0].connectsTo[1]: Duplicate value",
        "spec.components[web].connectsTo[api]: it is listed twice; remove one",
    ),
    unreadable(
        "another app among the components of this one",
        "connectsTo: [{app: portal, component: web}]",
        "unknown field \"spec.components[0].connectsTo[0].app\"",
        "spec.components[web].connectsTo[0]: not text; put it in quotes",
    ),
    unreadable(
        "another app without its component",
        "connectsToApps: [{app: portal}]",
        "spec.components[0].connectsToApps[0].component: Required value",
        "spec.components[web].connectsToApps[0].component: it is missing; add it",
    ),
    server(
        "any namespace",
        "allowFrom: [{namespace: '*', app: portal, component: web}]",
        "spec.components[0].allowFrom[0].namespace: … use the name of a namespace",
        "spec.components[web].allowFrom[0].namespace: not a name of a namespace; use lower-case letters",
    ),
    server(
        "an app's name that is none",
        "connectsToApps: [{app: Portal, component: web}]",
        "spec.components[0].connectsToApps[0].app: … use the name of a HardenedApp",
        "spec.components[web].connectsToApps[0].app: not a name of a HardenedApp; use at most 30 lower-case letters",
    ),
    server(
        "a component and its app in one name",
        "allowFrom: [{app: portal, component: portal.web}]",
        "spec.components[0].allowFrom[0].component: … use the name of a component",
        "spec.components[web].allowFrom[0].component: not a name of a component; use at most 20 lower-case letters",
    ),
    operator(
        "allowFrom for a component without ports",
        "ports: null, allowFrom: [{app: portal, component: web}]",
        "spec.components[web].allowFrom: the component has no ports; declare ports, or remove allowFrom",
    ),
    server(
        "an address in place of a range",
        "egress: [{cidr: 203.0.113.7, ports: [443]}]",
        "spec.components[0].egress[0].cidr: … write an address range such as 203.0.113.0/24",
        "spec.components[web].egress[203.0.113.7]: not an address range; write one such as 203.0.113.0/24",
    ),
    server(
        "a name in place of a range",
        "egress: [{cidr: api.example.com, ports: [443]}]",
        "spec.components[0].egress[0].cidr: … write an address range such as 203.0.113.0/24",
        "spec.components[web].egress[api.example.com]: not an address range; write one such as 203.0.113.0/24",
    ),
    operator("the cloud's credentials", "egress: [{cidr: 169.254.169.254/32, ports: [80]}]", METADATA),
    operator("the cloud's credentials over IPv6", "egress: [{cidr: 'fd00:ec2::254/128', ports: [80]}]", METADATA),
    server(
        "the cloud's credentials as IPv6 that is IPv4",
        "egress: [{cidr: '::ffff:169.254.169.254/128', ports: [80]}]",
        "spec.components[0].egress[0].cidr: … write an address range such as 203.0.113.0/24",
        "spec.components[web].egress[::ffff:169.254.169.254/128]: an IPv4 range in IPv6 form; write it in IPv4 form",
    ),
    operator(
        "a private range under a policy without clusterCIDRs",
        "egress: [{cidr: 10.20.0.0/16, ports: [5432]}]",
        "lies in 10.0.0.0/8 … name an outside range; … the platform team sets clusterCIDRs",
    ),
    server(
        "a range without ports",
        "egress: [{cidr: 203.0.113.0/24, ports: []}]",
        "spec.components[0].egress[0].ports … should have at least 1 item",
        "spec.components[web].egress[0].ports: it is empty; give at least one member",
    ),
    server(
        "an outside port 0, for any",
        "egress: [{cidr: 203.0.113.0/24, ports: [0]}]",
        "spec.components[0].egress[0].ports[0]: … greater than or equal to 1",
        "spec.components[web].egress[0].ports[0]: 0 is too small; give at least 1",
    ),
    unreadable(
        "a Service of another type",
        "service: {type: LoadBalancer}",
        "unknown field \"spec.components[0].service\"",
        "spec.components[web].service: unknown field; correct its spelling, or remove it",
    ),
];
