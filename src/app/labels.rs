//! The labels of an app's objects and pods. Their values follow from names alone.

use std::collections::BTreeMap;

use super::id::{AppId, PartName};
use crate::api::{MANAGED_BY, MANAGER, PART_OF, WORKLOAD};

/// Labels of an object. They contain no version and no owner, because these would change objects without any effect.
#[must_use]
pub fn labels(id: &AppId, part: Option<&PartName>, name: &str) -> BTreeMap<&'static str, String> {
    let mut labels = BTreeMap::from([
        ("app.kubernetes.io/name", id.name.clone()),
        // Polaris `metadataAndInstanceMismatched`: the instance is the object's own name.
        ("app.kubernetes.io/instance", name.to_owned()),
        (PART_OF, id.name.clone()),
        (MANAGED_BY, MANAGER.to_owned()),
    ]);
    if let Some(part) = part {
        labels.insert("app.kubernetes.io/component", part.to_string());
    }
    labels
}

/// Labels of a part's pods: those of the object that creates them, and the one that selectors use.
#[must_use]
pub fn pod_labels(id: &AppId, part: &PartName) -> BTreeMap<&'static str, String> {
    let mut labels = labels(id, Some(part), &id.child_name(part));
    labels.insert(WORKLOAD, id.workload_label(part));
    labels
}
