//! What other people and programs do to objects.

use anyhow::Result;
use e2e::until;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::Value;

use crate::sees::LIMIT;

/// The field manager of a person at the keyboard.
pub(crate) const HUMAN: &str = "kubectl-edit";

/// The image of the first container: as a JSON pointer, and as the status shows it in component `web`.
pub(crate) const IMAGE: &str = "/spec/template/spec/containers/0/image";
pub(crate) const IMAGE_PATH: &str = "spec.template.spec.containers[name=web].image";

/// Reads, changes and replaces an object, as `kubectl edit` does, until no controller gets in between.
pub(crate) async fn edit(api: &Api<DynamicObject>, name: &str, change: impl Fn(&mut Value)) -> Result<Value> {
    let parameters = PostParams { field_manager: Some(HUMAN.into()), ..Default::default() };
    until("a human edits the object", LIMIT, async || {
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

/// Patches an object as another manager.
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

/// Appends to the list at a JSON pointer, which is made where there is none.
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
