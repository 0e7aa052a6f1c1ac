//! The part of the status about releases and migrations.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The release that runs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseStatus {
    /// Its number: that of the ControllerRevision `<app>-r<revision>`, which keeps it.
    pub revision: i64,
    /// Hash of what its spec asked for.
    pub spec_hash: String,
    /// When the operator first reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// The migration of the newest release that has one.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct MigrationStatus {
    /// Hash of what it does: it runs once for each.
    pub hash: String,
    /// Name of its Job, where one ran for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub job: String,
    /// How far it has come.
    pub state: MigrationState,
    /// The value of the annotation `hardened.dev/rerun-migration` that had its run last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rerun: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// Why it failed or waits; empty if all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// How far a migration has come.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// Something comes before it.
    Waiting,
    /// It runs.
    Running,
    /// It has succeeded.
    Succeeded,
    /// It has failed.
    Failed,
    /// How it ended can't be known any more, or isn't to be trusted.
    Unknown,
}
