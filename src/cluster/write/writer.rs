//! The writes: few kinds of request, each limited in time and all of them in number.

use std::time::Duration;

use kube::{
    Api, Client, Resource,
    api::{ApiResource, DeleteParams, Patch, PatchParams, Preconditions, PropagationPolicy, ValidationDirective},
    runtime::events::{Recorder, Reporter},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    super::stored::Stored,
    failure::{Cause, Failure, TIMEOUT},
    fence::NotLeading,
};
use crate::{
    api::{HardenedApp, HardenedAppStatus, MANAGER, version},
    app::AppId,
    desired::{Child, Kind, LiveValues},
    plan::{FailureClass, Live},
};

/// Concurrent requests, for all apps together. On two cores an API server is busy with 8 to 32; more only queue there.
const IN_FLIGHT: usize = 16;
/// The only requests that change nothing.
pub(super) const READ: &str = "read";
pub(super) const LIST: &str = "list";

/// Sends writes.
pub struct Writer {
    pub(super) client: Client,
    pub(super) recorder: Recorder,
    in_flight: Semaphore,
    /// Pages of lists are read one at a time: each may be large.
    pub(super) lists: Semaphore,
}

/// The client has no `Debug`.
impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// A writer for all apps. Its events name this pod, if it is known.
    #[must_use]
    pub fn new(client: Client, pod: Option<String>) -> Self {
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: pod };
        let recorder = Recorder::new(client.clone(), reporter);
        Self { client, recorder, in_flight: Semaphore::new(IN_FLIGHT), lists: Semaphore::new(1) }
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
        values: Option<&LiveValues>,
    ) -> Result<Stored, Failure> {
        self.apply_with(id, child, "create", json!({ "resourceVersion": "1" }), values).await
    }

    /// Applies the object, if it is still the one that was judged; and where something of it is applied as it is, only if that is still
    /// the same.
    pub(in crate::cluster) async fn apply(&self, id: &AppId, child: &Child, live: &Live) -> Result<Stored, Failure> {
        let mut precondition = json!({ "uid": live.uid() });
        let (values, version) = live.values();
        if child.depends_on_live()
            && let Some(metadata) = precondition.as_object_mut()
        {
            metadata.insert("resourceVersion".to_owned(), json!(version));
        }
        self.apply_with(id, child, "apply", precondition, Some(&values)).await
    }

    async fn apply_with(
        &self,
        id: &AppId,
        child: &Child,
        action: &'static str,
        precondition: Value,
        values: Option<&LiveValues>,
    ) -> Result<Stored, Failure> {
        let mut body = child.applied(values);
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
        let api = Api::<Stored>::namespaced_with(self.client.clone(), &id.namespace, &resource);
        let kind = HardenedApp::kind(&());
        let app = self
            .send("update the status of", id, &kind, &id.name, api.patch_status(&id.name, &parameters, &patch))
            .await?;
        Ok(version(app.meta()))
    }

    pub(super) fn api(&self, id: &AppId, kind: &Kind) -> Api<Stored> {
        Api::namespaced_with(self.client.clone(), &id.namespace, &kind.resource())
    }

    pub(super) async fn send<T>(
        &self,
        action: &'static str,
        id: &AppId,
        kind: &str,
        name: &str,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, Failure> {
        self.send_within(TIMEOUT, action, id, kind, name, request).await
    }

    pub(super) async fn send_within<T>(
        &self,
        longest: Duration,
        action: &'static str,
        id: &AppId,
        kind: &str,
        name: &str,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, Failure> {
        // The semaphore is never closed, so a permit always comes.
        let _permit = self.in_flight.acquire().await;
        let answer = tokio::time::timeout(longest, request).await;
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
            Ok(Err(error)) if NotLeading::is(&error) => Cause::NotLeading,
            Ok(Err(error)) => Cause::Kube(Box::new(error)),
            Err(_) => Cause::Timeout(longest),
        };
        let failure = Failure { action, kind: kind.to_owned(), name: name.to_owned(), source: cause };
        if failure.class() == FailureClass::Outdated {
            // Expected: another client was faster, or its object has the name.
            tracing::debug!(namespace, kind, name, action, "conflict or not found");
        } else if failure.is_not_leading() {
            tracing::debug!(namespace, kind, name, action, "not sent: this process doesn't lead any more");
        } else {
            tracing::warn!(namespace, kind, name, action, error = failure.in_words(), "failed");
        }
        Err(failure)
    }
}
