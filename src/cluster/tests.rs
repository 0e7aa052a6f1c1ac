//! What is known of the cluster, without one: the cache, the entries in it, the pods.

mod cache;
mod memory;
mod pods;
mod settings;
mod traffic;

use serde_json::{Value, json};

use crate::{
    api::HardenedApp,
    app::{App, Owner, Policy},
    desired::{Child, KINDS, Kind, children},
};

fn app() -> App {
    let spec = json!({ "components": [{ "name": "web", "image": "r.io/web:1", "ports": [{ "name": "http", "port": 8080 }] }] });
    let mut app = HardenedApp::new("shop", serde_json::from_value(spec).unwrap());
    app.metadata.namespace = Some("demo".to_owned());
    app.metadata.uid = Some("app-uid".to_owned());
    App::accept(&app, &Policy::default()).unwrap()
}

fn owner() -> Owner {
    app().owner
}

fn kind(name: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.kind == name).unwrap()
}

fn child(kind: &str) -> Child {
    children(&app()).into_iter().find(|child| child.kind.kind == kind).unwrap()
}

/// The child as the API server would store it.
fn stored(child: &Child, uid: &str, version: u64) -> Value {
    let mut object = child.body.clone();
    object["metadata"]["uid"] = json!(uid);
    object["metadata"]["resourceVersion"] = json!(version.to_string());
    object
}
