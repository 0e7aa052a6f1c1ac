//! Edits of objects by other field managers.

use anyhow::Result;
use e2e::until;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::Value;

use crate::wait::LIMIT;

/// The field manager of a user of `kubectl edit`.
pub(crate) const HUMAN: &str = "kubectl-edit";

/// The image of the first container: as a JSON pointer, and as the status shows it in component `web`.
pub(crate) const IMAGE: &str = "/spec/template/spec/containers/0/image";
pub(crate) const IMAGE_PATH: &str = "spec.template.spec.containers[name=web].image";

/// Reads, changes and replaces an object, as `kubectl edit` does; retries on conflicts with other writers.
pub(crate) async fn edit(api: &Api<DynamicObject>, name: &str, change: impl Fn(&mut Value)) -> Result<Value> {
    let parameters = PostParams { field_manager: Some(HUMAN.into()), ..Default::default() };
    until("the object is replaced", LIMIT, async || {
        let mut object = serde_json::to_value(api.get(name).await?)?;
        change(&mut object);
        let object: DynamicObject = serde_json::from_value(object)?;
        match api.replace(name, &parameters, &object).await {
            Err(kube::Error::Api(status)) if status.is_conflict() => Ok(None),
            answer => Ok(Some(serde_json::to_value(answer?)?)),
        }
    })
    .await
}

/// Patches an object as another field manager.
pub(crate) async fn patch(api: &Api<DynamicObject>, name: &str, patch: &Patch<Value>) -> Result<()> {
    let parameters = PatchParams { field_manager: Some("kubectl-patch".into()), ..Default::default() };
    api.patch(name, &parameters, patch).await?;
    Ok(())
}

/// Sets the value at a JSON pointer whose parent exists.
pub(crate) fn set(object: &mut Value, pointer: &str, to: Value) {
    if let Some((parent, key)) = pointer.rsplit_once('/')
        && let Some(Value::Object(parent)) = object.pointer_mut(parent)
    {
        parent.insert(key.replace("~1", "/"), to);
    }
}

/// Appends to the list at a JSON pointer; creates the list if it doesn't exist.
pub(crate) fn push(object: &mut Value, pointer: &str, member: Value) {
    match object.pointer_mut(pointer) {
        Some(Value::Array(list)) => list.push(member),
        _ => set(object, pointer, Value::Array(vec![member])),
    }
}

/// Removes the field at a JSON pointer.
pub(crate) fn remove(object: &mut Value, pointer: &str) {
    if let Some((parent, key)) = pointer.rsplit_once('/')
        && let Some(Value::Object(parent)) = object.pointer_mut(parent)
    {
        parent.remove(&key.replace("~1", "/"));
    }
}
