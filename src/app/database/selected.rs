//! Database pods that others run in the app's namespace.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    api::{self, GROUP},
    app::{
        id::{AppId, PartName},
        labels::pod_labels,
        names,
        pod_selection::PodSelection,
        review::Review,
    },
};

/// Database pods that others run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabasePods {
    /// Labels of the pods; never empty. Pods of apps aren't among them, whatever labels they have.
    pub labels: BTreeMap<String, String>,
    /// The Service by which clients connect.
    pub service: Option<String>,
    /// Pods that run the database; without labels all of a namespace.
    pub managed_by: Vec<PodSelection>,
    /// TCP port of its metrics.
    pub metrics: Option<u16>,
}

pub(super) fn accept(
    spec: &api::DatabasePods,
    components: &[api::Component],
    id: &AppId,
    path: &str,
    review: &mut Review,
) -> DatabasePods {
    labels(&spec.match_labels, components, id, &format!("{path}.matchLabels"), review);
    if spec.service.as_ref().is_some_and(|name| !names::is_name(name, 63)) {
        let remedy = "use lower-case letters, digits and '-', starting with a letter";
        review.reject(format!("{path}.service"), "not a name for a Service", remedy);
    }
    for (index, manager) in spec.managed_by.iter().enumerate() {
        let path = format!("{path}.managedBy[{index}]");
        names::of_namespace(&manager.namespace, format!("{path}.namespace"), review);
        names::of_labels(&manager.pod_labels, &format!("{path}.podLabels"), review);
    }
    let metrics = spec.metrics_port.and_then(|port| {
        let number = u16::try_from(port).ok().filter(|port| *port > 0);
        if number.is_none() {
            review.reject(
                format!("{path}.metricsPort"),
                format!("{port} is not a port number"),
                "use one from 1 to 65535",
            );
        }
        number
    });
    let selection = |manager: &api::DatabaseManager| PodSelection {
        namespace: manager.namespace.clone(),
        labels: manager.pod_labels.clone(),
    };
    DatabasePods {
        labels: spec.match_labels.clone(),
        service: spec.service.clone(),
        managed_by: spec.managed_by.iter().map(selection).collect(),
        metrics,
    }
}

/// Policies add up: one whose selector matched pods of a component would open them to the database's clients. By construction none
/// does; a selector that says so is a mistake.
fn labels(
    labels: &BTreeMap<String, String>,
    components: &[api::Component],
    id: &AppId,
    path: &str,
    review: &mut Review,
) {
    if labels.is_empty() {
        review.reject(path, "no labels would select every pod", "name the labels of the database's pods");
        return;
    }
    names::of_labels(labels, path, review);
    let reserved = labels.keys().find(|key| key.split_once('/').is_some_and(|(domain, _)| domain == GROUP));
    if let Some(key) = reserved {
        let remedy = "name labels that the database's own operator or chart gives its pods";
        review.reject(format!("{path}[{key}]"), "only pods of HardenedApps have this label", remedy);
        return;
    }
    let is_selected = |component: &&api::Component| {
        let own = pod_labels(id, &PartName::new(&component.name));
        labels.iter().all(|(key, value)| own.get(key) == Some(value))
    };
    if let Some(component) = components.iter().find(is_selected) {
        let problem = format!("the pods of component {} have these labels", component.name);
        review.reject(path, problem, "name labels that only the database's pods have");
    }
}
