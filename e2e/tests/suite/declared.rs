//! Compares objects by what is declared in them.

use serde_json::Value;

use crate::tamper::remove;

/// An object without what the server and other controllers keep in it.
pub(crate) fn declared(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in ["/status", "/metadata/managedFields", "/metadata/resourceVersion", "/metadata/generation"] {
        remove(&mut object, pointer);
    }
    remove(&mut object, "/metadata/annotations/deployment.kubernetes.io~1revision");
    object
}
