//! An object that can't be compared, mostly because it is too large. A client may fill an object up to what etcd stores, and a tree of it takes
//! many times its text, so only what is needed to report and to correct it is read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{controller::Controller, field_manager::is_own};
use crate::api::is_longer;

/// Longest text of an object that is compared, in bytes of JSON as counted by [`crate::api::json_length`]: more than twice what the largest valid app makes.
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
    /// The other manager that was the last to write something in the largest field, and when.
    pub manager: Option<(String, Option<Timestamp>)>,
    /// It isn't large, but can't be read: it is nested deeper than any object of Kubernetes, as only forged managed fields are.
    pub nested: bool,
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

/// An entry of `managedFields`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Manager<'a> {
    #[serde(rename = "manager")]
    name: String,
    // As text: a client can forge one that no calendar has.
    time: String,
    subresource: String,
    // As text too: it may be nested deeper than can be read.
    #[serde(rename = "fieldsV1", borrow)]
    fields: Option<&'a RawValue>,
}

impl Manager<'_> {
    /// Whether it claims the field, or something in it; named as in [`Oversized::lengths`].
    fn claims(&self, field: &str) -> bool {
        let claimed = self.fields.map_or("{}", |fields| fields.get());
        let mut steps = field.split('.');
        steps.try_fold(claimed, |text, name| Some(fields(text).get(format!("f:{name}").as_str())?.get())).is_some()
    }
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
        let metadata = fields.get("metadata").map_or("{}", |text| text.get());
        let of_metadata = self::fields(metadata);
        let within = of_metadata.iter().map(|(name, text)| (format!("metadata.{name}"), text.get().len()));
        let around = fields.iter().filter(|(name, _)| **name != "metadata");
        let lengths = around.map(|(name, text)| ((*name).to_owned(), text.get().len())).chain(within);
        let labels: Labels = field(&of_metadata, "labels");
        let owners: Vec<Controller> = field(&of_metadata, "ownerReferences");
        let found = Self {
            uid: field(&of_metadata, "uid"),
            version: field::<String>(&of_metadata, "resourceVersion").parse().unwrap_or_default(),
            controller: Controller::among(owners.into_iter()),
            replicas: field::<Spec>(&fields, "spec").replicas,
            part_of: labels.part_of,
            workload: labels.workload,
            leaving: !field::<String>(&of_metadata, "deletionTimestamp").is_empty(),
            lengths: lengths.map(|(name, length)| (cut(&name), length)).collect(),
            manager: None,
            nested: !is_longer(text, LARGEST),
        };
        let managers: Vec<Manager<'_>> = field(&of_metadata, "managedFields");
        let (largest, _) = found.largest();
        let others = managers.iter().filter(|entry| !is_own(&entry.name));
        let others = others.filter(|entry| entry.subresource.is_empty() && entry.claims(largest));
        let others = others.map(|entry| (cut(&entry.name), entry.time.parse::<Timestamp>().ok()));
        Self { manager: others.max_by_key(|(_, time)| *time), ..found }
    }

    /// An object that was read as a whole, but differs in more than can be handled one by one.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        Self { nested: false, ..Self::read(&object.to_string()) }
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

/// A field by itself, so that what can't be read of one takes nothing from the others.
fn field<'a, T: Deserialize<'a> + Default>(fields: &BTreeMap<&str, &'a RawValue>, name: &str) -> T {
    fields.get(name).and_then(|text| serde_json::from_str(text.get()).ok()).unwrap_or_default()
}

/// The fields of an object as text.
fn fields(text: &str) -> BTreeMap<&str, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
