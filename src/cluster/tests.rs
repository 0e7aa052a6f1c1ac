//! What is known of the cluster, without one: the cache, the entries in it, the pods.

mod around;
mod cache;
mod executor;
mod fence;
mod lists;
mod pods;
mod server;
mod settings;
mod surroundings;
mod traffic;
mod triggers;

use serde_json::{Value, json};

use super::stored::Stored;
use crate::desired::Child;

/// The child as the API server would store it.
fn stored(child: &Child, uid: &str, version: u64) -> Value {
    let mut object = child.body.clone();
    object["metadata"]["uid"] = json!(uid);
    object["metadata"]["resourceVersion"] = json!(version.to_string());
    object
}

/// The object as a watch or an answer delivers it.
fn sent(object: &Value) -> Stored {
    serde_json::from_value(object.clone()).unwrap()
}
