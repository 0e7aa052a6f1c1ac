//! The app that all unit tests use.

use serde_json::{Value, json};

use crate::{
    api::{DriftChange, DriftItem, HardenedApp, HardeningPolicy},
    app::{App, AppId, Policy},
    desired::{Child, KINDS, Kind, children},
    plan::{Again, Releases},
    release::{Record, Target},
};

/// Image of the operator.
pub(crate) const OPERATOR_IMAGE: &str = "r.io/hardened-app:1";

/// UID of the app.
pub(crate) const UID: &str = "app-uid";

/// The spec of an app with one of everything that a difference can be about.
pub(crate) fn shop() -> Value {
    json!({ "components": [{
        "name": "web",
        "image": "r.io/web:1",
        "ports": [{ "name": "http", "port": 8080 }],
        "args": ["serve"],
        "env": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "EMPTY", "value": "" }],
        "writablePaths": [{ "path": "/var/cache/shop", "size": "64Mi" }],
        "allowFrom": [{ "app": "portal", "component": "web" }],
    }] })
}

/// An app named `shop` with a spec, accepted under the built-in policy.
pub(crate) fn app(spec: Value) -> App {
    let mut app = HardenedApp::new("shop", serde_json::from_value(spec).unwrap());
    app.metadata.namespace = Some("demo".to_owned());
    app.metadata.uid = Some(UID.to_owned());
    App::accept(&app, &Policy::default()).unwrap()
}

pub(crate) fn no_releases() -> Releases {
    Releases { record: Record::default(), jobs: Vec::new(), again: Again::Done }
}

pub(crate) fn target(spec: Value) -> Target {
    Target::of(app(spec))
}

pub(crate) fn id() -> AppId {
    app(shop()).id
}

pub(crate) fn kind(name: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.name == name).unwrap()
}

/// The first child of a kind of an app with this spec.
pub(crate) fn child_of(spec: Value, kind: &str) -> Child {
    children(&Target::of(app(spec)).with_tasks(OPERATOR_IMAGE))
        .into_iter()
        .find(|child| child.kind.name == kind)
        .unwrap()
}

/// The shop with a database that the operator runs.
pub(crate) fn shop_with_database() -> Value {
    let mut shop = shop();
    shop["components"][0]["connectsTo"] = json!(["db"]);
    shop["databases"] = json!([{
        "name": "db",
        "engine": "postgres",
        "managed": { "image": "r.io/postgres:17", "storage": "10Gi", "passwordSecret": "shop-db" },
    }]);
    shop
}

/// The shop with a migration of that database.
pub(crate) fn shop_with_migration() -> Value {
    let mut shop = shop_with_database();
    shop["migration"] = json!({ "command": ["/app/migrate", "up"], "connectsTo": ["db"] });
    shop
}

/// The shop's child of a kind.
pub(crate) fn child(kind: &str) -> Child {
    let spec = match kind {
        "HTTPRoute" | "ListenerSet" | "BackendTLSPolicy" => return exposed(&gateway(), kind),
        "Ingress" => return exposed(&ingress("Ingress"), kind),
        "HTTPProxy" | "Certificate" => return exposed(&ingress("Contour"), kind),
        "Middleware" | "TLSOption" => return exposed(&ingress("Traefik"), kind),
        "StatefulSet" => shop_with_database(),
        "Job" => shop_with_migration(),
        _ => shop(),
    };
    child_of(spec, kind)
}

/// What a policy says about a Gateway whose listeners are the apps'.
fn gateway() -> Value {
    json!({ "gateway": { "name": "edge", "namespace": "edge", "listeners": "App" } })
}

/// What a policy says about an ingress controller.
pub(crate) fn ingress(profile: &str) -> Value {
    json!({ "ingress": { "className": "edge", "profile": profile } })
}

/// The shop, exposed under a policy.
pub(crate) fn exposed_app(entry: &Value) -> App {
    let mut policy = json!({
        "allowedHosts": ["*.example.com"],
        "enforces": { "minTLSVersion": "1.2", "headers": true, "redirect": true },
        "issuers": [{ "name": "letsencrypt" }],
        "controllers": [{ "namespace": "edge", "podLabels": { "app": "envoy" } }],
    });
    policy.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
    let policy = HardeningPolicy::new("default", serde_json::from_value(json!({ "exposure": policy })).unwrap());
    let mut spec = shop();
    spec["exposures"] = json!([{ "host": "shop.example.com", "routes": [{ "path": "/", "component": "web" }] }]);
    if entry.get("gateway").is_some() {
        spec["exposures"][0]["backendTLS"] = json!({ "hostname": "web.internal", "caConfigMap": "internal-ca" });
    }
    let mut app = HardenedApp::new("shop", serde_json::from_value(spec).unwrap());
    app.metadata.namespace = Some("demo".to_owned());
    app.metadata.uid = Some(UID.to_owned());
    App::accept(&app, &Policy::accept(&policy).unwrap()).unwrap()
}

fn exposed(entry: &Value, kind: &str) -> Child {
    let mut children = children(&Target::of(exposed_app(entry))).into_iter();
    children.find(|child| child.kind.name == kind).unwrap()
}

/// A changed type of a Service, which no manager claims.
pub(crate) fn drift_item(name: &str) -> DriftItem {
    DriftItem {
        kind: "Service".to_owned(),
        name: name.to_owned(),
        path: "spec.type".to_owned(),
        change: DriftChange::Changed,
        dangerous: false,
        desired: String::new(),
        live: String::new(),
        manager: String::new(),
        since: None,
    }
}
