//! Names that are invalid for children, reserved, or used twice.

use serde_json::{Value, json};

use super::row::{Row, component, server, unreadable};
use crate::tamper::{push, set};

const APP: &str = "metadata.name: … use at most 30 lower-case letters";
const COMPONENT: &str = "spec.components[0].name: … use lower-case letters, digits and '-', starting with a letter";
const COMPONENT_TOO: &str = "not a name for a component; use at most 20 lower-case letters";

fn named(app: &mut Value, name: &str) {
    set(app, "/metadata/name", name.into());
}

pub(super) const ROWS: &[Row] = &[
    server("an app's name of 31 characters", "", APP, APP).made_by(|app| named(app, &"a".repeat(31))),
    server("an app's name that begins with a digit", "", APP, APP).made_by(|app| named(app, "9to5")),
    server("an app's name with a dot", "", APP, APP).made_by(|app| named(app, "shop.web")),
    server("an app's name in upper case", "", "metadata.name: … lower case", APP).made_by(|app| named(app, "Shop")),
    server("an app's name that ends with a dash", "", "metadata.name: … lower case", APP)
        .made_by(|app| named(app, "shop-")),
    server(
        "a component's name of 21 characters",
        "name: a-name-that-is-2-long",
        "spec.components[0].name: Too long: may not be more than 20",
        COMPONENT_TOO,
    ),
    server("a component's name in upper case", "name: Web", COMPONENT, COMPONENT_TOO),
    server("a component's name that begins with a digit", "name: 2nd", COMPONENT, COMPONENT_TOO),
    server("a component's name that ends with a dash", "name: web-", COMPONENT, COMPONENT_TOO),
    server("a component's name with a dot, as in a selector label", "name: web.api", COMPONENT, COMPONENT_TOO),
    server(
        "a component named migrate",
        "name: migrate",
        "spec.components[0].name: … choose another name",
        "spec.components[migrate]: this name is reserved; choose another name",
    ),
    server(
        "a component named preflight",
        "name: preflight",
        "spec.components[0].name: … choose another name",
        "spec.components[preflight]: this name is reserved; choose another name",
    ),
    server(
        "two components of one name",
        "name: api",
        "spec.components[1]: Duplicate value",
        "spec.components[api]: two components have this name; give each its own",
    ),
    unreadable(
        "a component without a name",
        "name: null",
        "spec.components[0].name: Required value",
        "spec.components[0].name: it is missing; add it",
    ),
    server(
        "an app without components",
        "",
        "spec.components … should have at least 1 item",
        "spec.components: an app needs at least one; add a component",
    )
    .made_by(|app| set(app, "/spec/components", json!([]))),
    server(
        "an app of 17 components",
        "",
        "spec.components: Too many: 17: must have at most 16 items",
        "spec.components: 17 members, where at most 16 are allowed; remove some",
    )
    .made_by(|app| {
        for number in 3..=17 {
            push(app, "/spec/components", component(&format!("c{number}")));
        }
    }),
    unreadable(
        "a spec without its one field",
        "",
        "spec.components: Required value",
        "spec.components: it is missing; add it",
    )
    .made_by(|app| set(app, "/spec/components", Value::Null)),
];
