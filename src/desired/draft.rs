//! What a kind's builder returns: an object without type and metadata.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    app::{PartName, Workload},
    release::Target,
};

/// An object as its kind's builder returns it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The part it belongs to; `None` for an object of the app as a whole.
    pub part: Option<PartName>,
    /// Name of the object.
    pub name: String,
    /// The object without type and metadata.
    pub fields: Value,
    /// Annotations by which controllers are configured.
    pub annotations: BTreeMap<&'static str, String>,
    /// The bounds of `spec.replicas` where an autoscaler decides it; then `fields` doesn't have it.
    pub autoscaled: Option<(i32, i32)>,
    /// Whether it is created suspended. Whether it still is isn't declared: `fields` doesn't have it.
    pub suspended: bool,
}

impl Draft {
    /// One object of a part, or of the app as a whole.
    pub(super) const fn new(part: Option<PartName>, name: String, fields: Value) -> Self {
        Self { part, name, fields, annotations: BTreeMap::new(), autoscaled: None, suspended: false }
    }

    /// One object of a part, under the name that all objects of the part have.
    pub(super) fn of_part(target: &Target, part: &PartName, fields: Value) -> Self {
        Self::new(Some(part.clone()), target.id.child_name(part), fields)
    }

    /// One object for each workload.
    pub(super) fn per_workload(target: &Target, build: impl Fn(&Workload) -> Option<Value>) -> Vec<Self> {
        let drafts = target.workloads();
        drafts.filter_map(|workload| Some(Self::of_part(target, &workload.name, build(workload)?))).collect()
    }
}
