//! The writes: few kinds of request, each limited in time and all of them in number.

use kube::{
    Api, Client, Resource,
    api::{ApiResource, DeleteParams, Patch, PatchParams, Preconditions, PropagationPolicy, ValidationDirective},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    super::stored::Stored,
    failure::{Cause, Failure, TIMEOUT},
};
use crate::{
    api::{HardenedApp, HardenedAppStatus, MANAGER, version},
    app::AppId,
    desired::{Child, Kind},
    plan::{FailureClass, Live},
};

/// Concurrent requests, for all apps together. On two cores an API server is busy with 8 to 32; more only queue there.
const IN_FLIGHT: usize = 16;
/// The only requests that change nothing.
const READ: &str = "read";
pub(super) const LIST: &str = "list";

/// Sends writes.
#[derive(Debug)]
pub struct Writer {
    pub(super) client: ClientHandle,
    in_flight: Semaphore,
    /// Pages of lists are read one at a time: each may be large.
    pub(super) lists: Semaphore,
}

/// `kube::Client` has no `Debug`.
pub(super) struct ClientHandle(pub(super) Client);

impl std::fmt::Debug for ClientHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Writer {
    /// A writer for all apps.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client: ClientHandle(client), in_flight: Semaphore::new(IN_FLIGHT), lists: Semaphore::new(1) }
    }

    /// Creates the object if no object of its name exists.
    ///
    /// A server-side apply that names a resourceVersion updates that version only; none is ever "1", so where the
    /// object exists the answer is 409, forced or not. The cache can't know about foreign objects, since the watches
    /// select by the operator's label.
    pub(in crate::cluster) async fn create(
        &self,
        id: &AppId,
        child: &Child,
        replicas: Option<i64>,
    ) -> Result<Stored, Failure> {
        self.apply_with(id, child, "create", json!({ "resourceVersion": "1" }), replicas).await
    }

    /// Applies the object, if it is still the one that was judged; and where an autoscaler decides the number of pods,
    /// only if that is still the same.
    pub(in crate::cluster) async fn apply(&self, id: &AppId, child: &Child, live: &Live) -> Result<Stored, Failure> {
        let mut precondition = json!({ "uid": live.uid() });
        let (replicas, version) = live.scale();
        if child.autoscaled.is_some()
            && let Some(metadata) = precondition.as_object_mut()
        {
            metadata.insert("resourceVersion".to_owned(), json!(version));
        }
        self.apply_with(id, child, "apply", precondition, replicas).await
    }

    async fn apply_with(
        &self,
        id: &AppId,
        child: &Child,
        action: &'static str,
        precondition: Value,
        replicas: Option<i64>,
    ) -> Result<Stored, Failure> {
        let mut body = child.scaled(replicas);
        if let (Some(metadata), Value::Object(precondition)) =
            (body.get_mut("metadata").and_then(Value::as_object_mut), precondition)
        {
            metadata.extend(precondition);
        }
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            force: true,
            // Otherwise the server would silently drop a field that it doesn't know, and a hardening field must not be
            // dropped.
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::default()
        };
        let api = self.api(id, child.kind);
        self.send(action, id, child.kind.name, &child.name, api.patch(&child.name, &parameters, &Patch::Apply(&body)))
            .await
    }

    /// Sends a JSON patch.
    pub(in crate::cluster) async fn patch(&self, id: &AppId, child: &Child, patch: &Value) -> Result<Stored, Failure> {
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Json::<()>(serde_json::from_value(patch.clone()).unwrap_or_default());
        let api = self.api(id, child.kind);
        self.send("patch", id, child.kind.name, &child.name, api.patch(&child.name, &parameters, &patch)).await
    }

    /// Reads the object: only after a write was refused, or if it is missing from the cache and won't be recreated.
    pub(in crate::cluster) async fn get(&self, id: &AppId, child: &Child) -> Result<Stored, Failure> {
        let api = self.api(id, child.kind);
        self.send(READ, id, child.kind.name, &child.name, api.get(&child.name)).await
    }

    /// Deletes exactly the object that was judged.
    pub(in crate::cluster) async fn delete(
        &self,
        id: &AppId,
        kind: &Kind,
        name: &str,
        uid: &str,
        version: &str,
    ) -> Result<(), Failure> {
        let parameters = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: Some(version.to_owned()),
            }),
            // A Job deleted without a policy leaves its pods behind.
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        self.send("delete", id, kind.name, name, self.api(id, kind).delete(name, &parameters)).await?;
        Ok(())
    }

    /// Replaces the status, if the app is still the one with this UID. Returns the version of the app with it.
    ///
    /// # Errors
    /// If the API server refuses or doesn't answer.
    pub async fn status(&self, id: &AppId, status: &HardenedAppStatus) -> Result<u64, Failure> {
        let patch = json!([
            { "op": "test", "path": "/metadata/uid", "value": id.uid },
            { "op": "add", "path": "/status", "value": status },
        ]);
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Json::<()>(serde_json::from_value(patch).unwrap_or_default());
        let resource = ApiResource::erase::<HardenedApp>(&());
        let api = Api::<Stored>::namespaced_with(self.client.0.clone(), &id.namespace, &resource);
        let kind = HardenedApp::kind(&());
        let app = self
            .send("update the status of", id, &kind, &id.name, api.patch_status(&id.name, &parameters, &patch))
            .await?;
        Ok(version(app.meta()))
    }

    fn api(&self, id: &AppId, kind: &Kind) -> Api<Stored> {
        Api::namespaced_with(self.client.0.clone(), &id.namespace, &kind.resource())
    }

    pub(super) async fn send<T>(
        &self,
        action: &'static str,
        id: &AppId,
        kind: &str,
        name: &str,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, Failure> {
        // The semaphore is never closed, so a permit always comes.
        let _permit = self.in_flight.acquire().await;
        let answer = tokio::time::timeout(TIMEOUT, request).await;
        let namespace = &id.namespace;
        let cause = match answer {
            Ok(Ok(value)) => {
                if matches!(action, READ | LIST) {
                    tracing::debug!(namespace, kind, name, action, "done");
                } else {
                    tracing::info!(namespace, kind, name, action, "done");
                }
                return Ok(value);
            }
            Ok(Err(error)) => Cause::Kube(Box::new(error)),
            Err(_) => Cause::Timeout,
        };
        let failure = Failure { action, kind: kind.to_owned(), name: name.to_owned(), source: cause };
        if failure.class() == FailureClass::Outdated {
            // Expected: another client was faster, or its object has the name.
            tracing::debug!(namespace, kind, name, action, "conflict or not found");
        } else {
            tracing::warn!(namespace, kind, name, action, error = failure.in_words(), "failed");
        }
        Err(failure)
    }
}
