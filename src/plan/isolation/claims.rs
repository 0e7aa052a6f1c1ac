//! To which app database pods belong that several apps name: the first one that restricts them.

use std::collections::BTreeMap;

use super::surroundings::{ForeignPod, Neighbours};
use crate::{
    app::{AppId, DatabaseForm, PartName},
    reach::Selector,
    release::Target,
};

/// A database's claim on pods of the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodClaim {
    /// Name of the app.
    pub app: String,
    /// Its UID.
    pub uid: String,
    /// Name of the database.
    pub database: PartName,
    /// Labels of the pods.
    pub labels: BTreeMap<String, String>,
}

impl PodClaim {
    /// The claims of an app.
    #[must_use]
    pub fn of(target: &Target) -> Vec<Self> {
        let claims = target.databases().filter_map(|database| match &database.form {
            DatabaseForm::Pods(pods) => Some(Self {
                app: target.id.name.clone(),
                uid: target.id.uid.clone(),
                database: database.name.clone(),
                labels: pods.labels.clone(),
            }),
            DatabaseForm::Managed(_) | DatabaseForm::External(_) => None,
        });
        claims.collect()
    }

    /// Whether both name the same pods: one of them has all labels of the other, or a pod has the labels of both.
    fn overlaps(&self, labels: &BTreeMap<String, String>, pods: &[ForeignPod]) -> bool {
        let within = |some: &BTreeMap<String, String>, all: &BTreeMap<String, String>| {
            some.iter().all(|(key, value)| all.get(key) == Some(value))
        };
        within(&self.labels, labels)
            || within(labels, &self.labels)
            || pods.iter().any(|pod| within(&self.labels, &pod.labels) && within(labels, &pod.labels))
    }
}

/// The databases of an app whose pods belong to another app, with the name of that app. A database that has its policy already keeps
/// it: without it pods that only it selects would be open.
#[must_use]
pub fn holders(
    id: &AppId,
    wanted: &[PodClaim],
    granted: &[PodClaim],
    neighbours: &Neighbours,
    pods: &BTreeMap<PartName, Option<Vec<ForeignPod>>>,
) -> BTreeMap<PartName, String> {
    let holder = |claim: &PodClaim| {
        let own = id.child_name(&claim.database);
        let mut policies = neighbours.policies.iter();
        if policies.any(|policy| {
            policy.app.as_ref() == Some(&id.name) && policy.object.name == own && is_of(&policy.object.pods, claim)
        }) {
            return None;
        }
        let pods = pods.get(&claim.database).and_then(Option::as_deref).unwrap_or_default();
        let by_policy = neighbours.policies.iter().filter_map(|policy| {
            let app = policy.app.as_ref().filter(|app| **app != id.name)?;
            let labels: BTreeMap<String, String> = policy.object.pods.labels.iter().cloned().collect();
            claim.overlaps(&labels, pods).then(|| (policy.created, app.clone()))
        });
        let by_policy = by_policy.min().map(|(_, app)| app);
        let granted = || granted.iter().find(|other| other.app != id.name && claim.overlaps(&other.labels, pods));
        by_policy.or_else(|| granted().map(|other| other.app.clone()))
    };
    wanted.iter().filter_map(|claim| Some((claim.database.clone(), holder(claim)?))).collect()
}

/// Whether a policy selects the pods of a claim.
fn is_of(selector: &Selector, claim: &PodClaim) -> bool {
    selector.labels.iter().cloned().collect::<BTreeMap<_, _>>() == claim.labels
}
