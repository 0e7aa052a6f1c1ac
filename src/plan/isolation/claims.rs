//! To which app database pods belong that several apps name: the first one that restricts them.

use std::collections::BTreeMap;

use super::surroundings::{ForeignPod, Holder, Neighbour, Neighbours};
use crate::{
    api::WORKLOAD,
    app::{AppId, DatabaseForm, PartName},
    reach::{Expression, Operator, Policy, Selector},
    release::Target,
};

type Labels = BTreeMap<String, String>;

/// A database's claim on pods of the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodClaim {
    /// The app.
    pub id: AppId,
    /// Name of the database.
    pub database: PartName,
    /// Labels of the pods.
    pub labels: Labels,
}

impl PodClaim {
    /// The claims of an app.
    #[must_use]
    pub fn of(target: &Target) -> Vec<Self> {
        let claims = target.databases().filter_map(|database| match &database.form {
            DatabaseForm::Pods(pods) => {
                Some(Self { id: target.id.clone(), database: database.name.clone(), labels: pods.labels.clone() })
            }
            DatabaseForm::Managed(_) | DatabaseForm::External(_) => None,
        });
        claims.collect()
    }

    fn holder(&self) -> Holder {
        Holder { app: self.id.name.clone(), policy: self.id.database_policy(&self.database) }
    }

    /// Whether both name the same pods: one of them has all labels of the other, or a pod has the labels of both. While the pods aren't
    /// known, whether one might: if no label has two values.
    fn overlaps(&self, labels: &Labels, pods: Option<&[ForeignPod]>) -> bool {
        let within = |some: &Labels, all: &Labels| some.iter().all(|(key, value)| all.get(key) == Some(value));
        let has_both = |pod: &ForeignPod| within(&self.labels, &pod.labels) && within(labels, &pod.labels);
        let may_have_both =
            || self.labels.iter().all(|(key, value)| labels.get(key).is_none_or(|other| other == value));
        within(&self.labels, labels)
            || within(labels, &self.labels)
            || pods.map_or_else(may_have_both, |pods| pods.iter().any(has_both))
    }
}

/// The databases of an app whose pods belong to another app, with their holders. A database that has its policy already keeps
/// it: without it pods that only it selects would be open.
#[must_use]
pub fn holders(
    id: &AppId,
    wanted: &[PodClaim],
    granted: &[PodClaim],
    neighbours: &Neighbours,
    pods: &BTreeMap<PartName, Option<Vec<ForeignPod>>>,
) -> BTreeMap<PartName, Holder> {
    let policies = || neighbours.policies.iter().filter_map(|policy| restricted(policy));
    let holder = |claim: &PodClaim| {
        let own = claim.holder();
        if policies().any(|(_, holder, labels)| holder == own && labels == claim.labels) {
            return None;
        }
        let pods = pods.get(&claim.database).and_then(Option::as_deref);
        let of_others = policies().filter(|(_, holder, labels)| holder.app != id.name && claim.overlaps(labels, pods));
        let by_policy = of_others.map(|(created, holder, _)| (created, holder)).min().map(|(_, holder)| holder);
        let granted = || granted.iter().find(|other| other.id.name != id.name && claim.overlaps(&other.labels, pods));
        by_policy.or_else(|| granted().map(PodClaim::holder))
    };
    wanted.iter().filter_map(|claim| Some((claim.database.clone(), holder(claim)?))).collect()
}

/// The pods that a policy restricts for a database, and for whom: if it is as the operator makes such policies. No client gets hold of pods
/// by a component's policy that was changed.
fn restricted(policy: &Neighbour<Policy>) -> Option<(i64, Holder, Labels)> {
    let Selector { labels, expressions } = &policy.object.pods;
    let [Expression { key, operator: Operator::DoesNotExist }] = expressions.as_slice() else { return None };
    let app = policy.app.clone().filter(|_| key == WORKLOAD && !labels.is_empty())?;
    let is_named_so = AppId::is_database_policy_of(&app, &policy.object.name);
    let holder = Holder { app, policy: policy.object.name.clone() };
    is_named_so.then(|| (policy.created, holder, labels.iter().cloned().collect()))
}
