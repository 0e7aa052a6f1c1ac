//! The labels of an app's objects and pods. Their values follow from names alone.

use std::collections::BTreeMap;

use super::id::{AppId, PartName};
use crate::api::{COMPONENT, MANAGED_BY, MANAGER, PART_OF, WORKLOAD};

/// Labels of an object. They contain no version and no owner, because these would change objects without any effect.
#[must_use]
pub fn labels(id: &AppId, part: Option<&PartName>, name: &str) -> BTreeMap<String, String> {
    let labels = [
        ("app.kubernetes.io/name", id.name.as_str()),
        // Polaris `metadataAndInstanceMismatched`: the instance is the object's own name.
        ("app.kubernetes.io/instance", name),
        (PART_OF, &id.name),
        (MANAGED_BY, MANAGER),
    ];
    let part = part.map(|part| (COMPONENT, part.as_str()));
    labels.into_iter().chain(part).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Labels of a part's pods: those of the object that creates them, and the one that selectors use.
#[must_use]
pub fn pod_labels(id: &AppId, part: &PartName) -> BTreeMap<String, String> {
    let mut labels = labels(id, Some(part), &id.child_name(part));
    labels.insert(WORKLOAD.to_owned(), id.workload_label(part));
    labels
}
