//! Reads and writes of the record of releases, and the start of a migration.

use kube::{
    Api, Resource,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::stored::{Content, Stored},
    failure::{Cause, Failure},
    writer::{READ, Writer},
};
use crate::{
    api::{COMPONENT, MANAGED_BY, MANAGER, PART_OF},
    app::{AppId, MIGRATE, Release},
    desired::{JOBS, Kind, Progress, REVISIONS, entry as entry_of},
    plan::FailureClass,
    release::{FACTS, Job, Kept, Recorded, Revision, UNGATED},
};

/// What an entry keeps, as far as it is read.
#[derive(Deserialize)]
struct Text {
    metadata: Metadata,
    data: Data,
}

#[derive(Deserialize)]
struct Metadata {
    annotations: Annotations,
}

#[derive(Deserialize)]
struct Annotations {
    // What UNGATED says.
    #[serde(rename = "hardened.dev/ungated")]
    ungated: String,
}

#[derive(Deserialize)]
struct Data {
    release: Release,
}

impl Writer {
    /// Reads what an entry keeps; `None` if it is gone, or isn't what this version of the operator writes.
    pub(in crate::cluster) async fn recorded(&self, id: &AppId, name: &str) -> Result<Option<Recorded>, Failure> {
        let kind = REVISIONS;
        let stored = match self.send(READ, id, kind.name, name, self.api(id, kind).get(name)).await {
            Ok(stored) => stored,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let text: Option<Text> = stored.parse();
        Ok(text.and_then(|Text { metadata, data }| {
            let kept = serde_json::from_str(&metadata.annotations.ungated).ok()?;
            Some(Recorded { release: data.release, kept })
        }))
    }

    /// Writes a new entry. Where one of its name says the same, the answer to an earlier request was lost.
    pub(in crate::cluster) async fn create_revision(
        &self,
        id: &AppId,
        entry: &Revision,
        recorded: &Recorded,
    ) -> Result<Stored, Failure> {
        let child = entry_of(id, entry, recorded);
        match self.create(id, &child, None).await {
            Err(failure) if failure.class() != FailureClass::Unavailable => match self.get(id, &child).await {
                Ok(found) if is_same(&found, id, child.kind, entry) => Ok(found),
                Ok(found) if !is_owned(&found, id, child.kind) => Err(Failure { source: Cause::Taken, ..failure }),
                _ => Err(failure),
            },
            answer => answer,
        }
    }

    /// Writes what has become of an entry, if it is still the one that was read.
    pub(in crate::cluster) async fn revise(
        &self,
        id: &AppId,
        entry: &Revision,
        kept: Option<&Kept>,
    ) -> Result<Stored, Failure> {
        let mut annotations = json!({ FACTS: entry.facts.text() });
        if let (Some(kept), Some(annotations)) = (kept, annotations.as_object_mut()) {
            annotations.insert(UNGATED.to_owned(), json!(kept.text()));
        }
        let metadata = json!({ "resourceVersion": entry.version, "annotations": annotations });
        self.merge(id, REVISIONS, &entry.name, json!({ "metadata": metadata })).await
    }

    /// Deletes an entry beyond the history, if it is still the one that was read.
    pub(in crate::cluster) async fn delete_revision(&self, id: &AppId, entry: &Revision) -> Result<(), Failure> {
        let preconditions = Preconditions { resource_version: Some(entry.version.clone()), uid: None };
        let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        let kind = REVISIONS;
        let request = self.api(id, kind);
        self.send("delete", id, kind.name, &entry.name, request.delete(&entry.name, &parameters)).await?;
        Ok(())
    }

    /// Reads a Job that no watch shows; `None` if it doesn't exist.
    pub(in crate::cluster) async fn job(&self, id: &AppId, name: &str) -> Result<Option<Job>, Failure> {
        let kind = JOBS;
        let stored = match self.send(READ, id, kind.name, name, self.api(id, kind).get(name)).await {
            Ok(stored) => stored,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        Ok(Some(read_job(&stored)))
    }

    /// Whether another migration of the app than this Job may run, as things are now.
    pub(in crate::cluster) async fn migrates_besides(&self, id: &AppId, job: &Job) -> Result<bool, Failure> {
        let of_app = [(MANAGED_BY, MANAGER), (PART_OF, &id.name), (COMPONENT, MIGRATE)];
        let labels = of_app.map(|(label, value)| format!("{label}={value}")).join(",");
        let mut found = false;
        let is_other = |stored: &Stored| {
            let other = read_job(stored);
            other.uid != job.uid && other.is_active()
        };
        self.list(id, &JOBS.resource(), Some(&labels), |stored| {
            found |= is_other(stored);
            !found
        })
        .await?;
        Ok(found)
    }

    /// Lets a Job start pods, if it is still the one that was read.
    pub(in crate::cluster) async fn start(&self, id: &AppId, job: &Job) -> Result<Stored, Failure> {
        let patch = json!({
            "metadata": { "uid": job.uid, "resourceVersion": job.version },
            "spec": { "suspend": false },
        });
        self.merge(id, JOBS, &job.name, patch).await
    }

    async fn merge(&self, id: &AppId, kind: &Kind, name: &str, patch: Value) -> Result<Stored, Failure> {
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let api: Api<Stored> = self.api(id, kind);
        self.send("patch", id, kind.name, name, api.patch(name, &parameters, &Patch::Merge(&patch))).await
    }
}

fn progress(kind: &Kind, stored: &Stored) -> Option<Progress> {
    match stored.read_as(kind) {
        Content::Whole(object) => kind.progress.map(|progress| progress(&object)),
        Content::Oversized(_) => None,
    }
}

/// A Job; one that is too large to be read may run.
fn read_job(stored: &Stored) -> Job {
    match progress(JOBS, stored) {
        Some(Progress::Job(job)) => *job,
        _ => Job {
            name: stored.meta().name.clone().unwrap_or_default(),
            uid: stored.meta().uid.clone().unwrap_or_default(),
            ..Job::default()
        },
    }
}

fn is_owned(stored: &Stored, id: &AppId, kind: &Kind) -> bool {
    stored.live(kind).controller().is_some_and(|controller| controller.uid == id.uid)
}

/// Whether an object is this entry.
fn is_same(stored: &Stored, id: &AppId, kind: &Kind, entry: &Revision) -> bool {
    let found = match progress(kind, stored) {
        Some(Progress::Record(found)) => found,
        _ => None,
    };
    is_owned(stored, id, kind) && found.is_some_and(|found| found.facts == entry.facts && found.number == entry.number)
}
