//! What a spec asks for, as hashes: two specs with equal hashes are one release, or share a migration or the checks before it.
//!
//! They are over what the user has written, so that neither an upgrade of the operator nor a changed policy starts a release or a
//! migration.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::hash::short_hash;
use crate::api::{Component, Database, HardenedAppSpec, Migration};

/// What a spec asks for, as hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    /// Over what a release freezes: all but the number of pods, what others may connect to, and the handling of drift.
    pub release: String,
    /// Over what the migration does; empty if there is none.
    pub migration: String,
    /// Over the whole migration, its time and resources too: where one has failed, another of these is another attempt.
    pub attempt: String,
    /// Over what is checked before a release; empty if nothing is.
    pub preflight: String,
}

impl Hashes {
    pub(super) fn of(spec: &HardenedAppSpec) -> Self {
        let migration = spec.migration.as_ref().map(|migration| filled_in(migration, spec.components.first()));
        let databases = migration.as_ref().map(|migration| endpoints(spec, Some(&migration.connects_to)));
        Self {
            release: hash(&json!(release(spec))),
            migration: migration.as_ref().map(|it| hash(&json!([work(it), databases]))).unwrap_or_default(),
            attempt: migration.as_ref().map(|it| hash(&json!([it, databases]))).unwrap_or_default(),
            preflight: preflight(spec),
        }
    }
}

fn hash(value: &Value) -> String {
    short_hash(&value.to_string())
}

fn release(spec: &HardenedAppSpec) -> HardenedAppSpec {
    let mut spec = HardenedAppSpec { drift: None, ..spec.clone() };
    for component in &mut spec.components {
        component.replicas = None;
        component.autoscaling = None;
        component.allow_from.clear();
    }
    spec.databases.iter_mut().for_each(|database| database.allow_from.clear());
    spec.databases.sort_by(|one, other| one.name.cmp(&other.name));
    // The first component's image is the migration's, so that one stays the first.
    if let Some(others) = spec.components.get_mut(1..) {
        others.sort_by(|one, other| one.name.cmp(&other.name));
    }
    spec
}

/// With the image that it gets from the first component.
fn filled_in(migration: &Migration, first: Option<&Component>) -> Migration {
    let pods = migration.component("", first);
    Migration { image: Some(pods.image), user: pods.user, group: pods.group, ..migration.clone() }
}

/// What it does, without how much time and room it has to do it.
fn work(migration: &Migration) -> Migration {
    Migration { resources: None, timeout: None, retries: None, ..migration.clone() }
}

fn preflight(spec: &HardenedAppSpec) -> String {
    if spec.secrets.is_empty() && spec.databases.is_empty() {
        return String::new();
    }
    hash(&json!([spec.secrets, endpoints(spec, None)]))
}

/// Where databases are: all, or those of these names. Only the checks before a release connect to the Service that is named, and who else
/// may connect to a database isn't what a migration or a check depends on.
fn endpoints(spec: &HardenedAppSpec, names: Option<&Vec<String>>) -> Vec<Value> {
    let is_asked_for = |database: &&Database| names.is_none_or(|names| names.contains(&database.name));
    let mut databases: Vec<&Database> = spec.databases.iter().filter(is_asked_for).collect();
    databases.sort_by(|one, other| one.name.cmp(&other.name));
    let endpoint = |database: &Database| {
        let pods = database.pods.as_ref();
        let pods = pods.map(|pods| json!([pods.match_labels, pods.service.as_ref().filter(|_| names.is_none())]));
        json!([database.name, database.engine, database.port, pods, database.external, database.managed.is_some()])
    };
    databases.into_iter().map(endpoint).collect()
}
