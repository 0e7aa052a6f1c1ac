//! The pods on which an app's isolation depends, and whether a selector may select them.

use std::collections::BTreeMap;

use crate::{
    api::WORKLOAD,
    app::{AppId, DatabaseForm, PartName, pod_labels},
    reach::PodLabels,
    release::Target,
};

/// The pods on which an app's isolation depends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodGroups {
    /// The parts of which the operator runs the pods.
    pub parts: Vec<PartName>,
    /// Labels of database pods that others run, by database.
    pub databases: Vec<BTreeMap<String, String>>,
}

impl PodGroups {
    /// Those of an app.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        let databases = target.databases().filter_map(|database| match &database.form {
            DatabaseForm::Pods(pods) => Some(pods.labels.clone()),
            _ => None,
        });
        Self {
            parts: target.workloads().map(|workload| workload.name.clone()).collect(),
            databases: databases.collect(),
        }
    }

    /// The labels of each, as far as they are known.
    pub(super) fn labels(&self, id: &AppId) -> Vec<PodLabels> {
        let parts = self.parts.iter().map(|part| PodLabels::of_template(pod_labels(id, part)));
        let databases = self.databases.iter().map(|labels| PodLabels::at_least(labels.clone(), WORKLOAD));
        parts.chain(databases).collect()
    }
}
