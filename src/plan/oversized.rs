//! An object that is too large to be compared. A client may fill an object up to what etcd stores, and a tree of it takes
//! many times its text, so only what is needed to report and to correct it is read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::controller::Controller;
use crate::api::MANAGER;

/// Longest text of an object that is compared, in bytes of JSON: more than twice what the largest valid app makes.
pub const LARGEST: usize = 256 * 1024;

/// Who owns which field.
pub(super) const MANAGED_FIELDS: &str = "metadata.managedFields";

/// Longest text that is kept.
const LONGEST: usize = 256;

/// What is read of an object whose text is longer than [`LARGEST`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oversized {
    /// Its UID.
    pub uid: String,
    /// Its version.
    pub version: u64,
    /// Its controller.
    pub controller: Option<Controller>,
    /// Its number of pods, if it has one.
    pub replicas: Option<i64>,
    /// Its label with the name of its app.
    pub part_of: Option<String>,
    /// Its label with the workload that it belongs to.
    pub workload: Option<String>,
    /// Whether it is being deleted.
    pub leaving: bool,
    /// The length of each field, in bytes; those of the metadata are called `metadata.…`.
    pub lengths: BTreeMap<String, usize>,
    /// The other manager that has written last, and when.
    pub manager: Option<(String, Option<Timestamp>)>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    uid: String,
    resource_version: String,
    deletion_timestamp: Option<String>,
    labels: Labels,
    owner_references: Vec<Controller>,
    managed_fields: Vec<Manager>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Labels {
    // What PART_OF and WORKLOAD say.
    #[serde(rename = "app.kubernetes.io/part-of")]
    part_of: Option<String>,
    #[serde(rename = "hardened.dev/workload")]
    workload: Option<String>,
}

/// An entry of `managedFields` without its fields.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Manager {
    #[serde(rename = "manager")]
    name: String,
    time: Option<Timestamp>,
    subresource: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    replicas: Option<i64>,
}

impl Oversized {
    /// Reads an object. What can't be read is left out.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let fields = fields(text);
        let metadata_text = fields.get("metadata").map_or("{}", |text| text.get());
        let metadata: Metadata = serde_json::from_str(metadata_text).unwrap_or_default();
        let spec = fields.get("spec").and_then(|text| serde_json::from_str::<Spec>(text.get()).ok());
        let of_metadata = self::fields(metadata_text);
        let within = of_metadata.iter().map(|(name, text)| (format!("metadata.{name}"), text.get().len()));
        let around = fields.iter().filter(|(name, _)| **name != "metadata");
        let lengths = around.map(|(name, text)| ((*name).to_owned(), text.get().len())).chain(within);
        let others = metadata.managed_fields.into_iter();
        let others = others.filter(|entry| entry.name != MANAGER && entry.subresource.is_empty());
        let last = others.max_by_key(|entry| entry.time);
        Self {
            uid: metadata.uid,
            version: metadata.resource_version.parse().unwrap_or_default(),
            controller: Controller::among(metadata.owner_references.into_iter()),
            replicas: spec.and_then(|spec| spec.replicas),
            part_of: metadata.labels.part_of,
            workload: metadata.labels.workload,
            leaving: metadata.deletion_timestamp.is_some(),
            lengths: lengths.map(|(name, length)| (cut(&name), length)).collect(),
            manager: last.map(|entry| (cut(&entry.name), entry.time)),
        }
    }

    /// The longest field. The record of who owns what grows with the others: it is named only where it is large by itself.
    #[must_use]
    pub fn largest(&self) -> (&str, usize) {
        let named = |name: &str| if name == MANAGED_FIELDS { 1 } else { 4 };
        let fields = self.lengths.iter().filter(|(name, _)| *name != "status");
        let largest = fields.max_by_key(|(name, length)| **length * named(name));
        largest.map(|(name, length)| (name.as_str(), *length)).unwrap_or_default()
    }
}

/// The fields of an object as text.
fn fields(text: &str) -> BTreeMap<&str, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
