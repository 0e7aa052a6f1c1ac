//! Compares objects without the fields that other controllers write.

use serde_json::Value;

use crate::tamper::remove;

/// An object without the fields that the API server and other controllers write.
pub(crate) fn declared(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in ["/status", "/metadata/managedFields", "/metadata/resourceVersion", "/metadata/generation"] {
        remove(&mut object, pointer);
    }
    // The members of a list don't carry their type.
    for pointer in ["/apiVersion", "/kind"] {
        remove(&mut object, pointer);
    }
    remove(&mut object, "/metadata/annotations/deployment.kubernetes.io~1revision");
    object
}
