//! Outcomes and the statuses they lead to.

mod conditions;
mod drift;
mod notes;

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Condition, jiff::Timestamp};
use serde_json::json;

use crate::{
    api::{DriftChange, DriftItem, HardenedAppStatus},
    app::{PartName, Refusal, Rejection},
    desired::{Progress, Rollout},
    fixtures::{app, kind},
    plan::{Again, Applied, ChildOutcome, ChildState, Outcome, PartProgress, PodState},
    release::Target,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn child(name: &str, state: ChildState) -> ChildOutcome {
    ChildOutcome {
        kind: kind(name),
        name: "shop-web".to_owned(),
        part: Some(PartName::new("web")),
        hash: format!("hash of the {name}"),
        declared: true,
        state,
        reverted: Vec::new(),
        open: Vec::new(),
        findings: Vec::new(),
    }
}

fn complete() -> Rollout {
    Rollout { desired: 2, ready: 2, complete: true, ..Rollout::default() }
}

fn progress(rollout: Rollout, pods: Vec<PodState>) -> BTreeMap<PartName, PartProgress> {
    BTreeMap::from([(
        PartName::new("web"),
        PartProgress { progress: Some(Progress::Rollout(rollout)), pods, fewest: None },
    )])
}

/// An app whose objects are in place and whose pods are ready.
fn applied() -> Applied {
    let app = app(json!({ "components": [{ "name": "web", "image": "r.io/web:1" }] }));
    Applied {
        findings: app.findings.clone(),
        target: Target::of(app),
        children: vec![child("NetworkPolicy", ChildState::InPlace), child("Deployment", ChildState::InPlace)],
        progress: progress(complete(), Vec::new()),
        judged: Again::Done,
        databases: Vec::new(),
        exposures: Vec::new(),
        bypass: Vec::new(),
        releases: crate::fixtures::no_releases(),
        refused: None,
    }
}

fn outcome(change: impl FnOnce(&mut Applied)) -> Outcome {
    let mut applied = applied();
    change(&mut applied);
    Outcome::Applied(Box::new(applied))
}

fn rejected(problem: &str) -> Outcome {
    let (path, remedy) = ("spec.components[web].image".to_owned(), "append :<version>".to_owned());
    Outcome::Refused(Refusal::Rejected(vec![Rejection { path, problem: problem.to_owned(), remedy }]))
}

fn failed(words: &str) -> ChildState {
    ChildState::Failed(Duration::from_secs(15), words.to_owned())
}

fn conflict() -> ChildState {
    ChildState::Conflict("HelmApp shop".to_owned(), Duration::from_mins(5))
}

fn item(path: &str) -> DriftItem {
    DriftItem {
        kind: "Deployment".to_owned(),
        name: "shop-web".to_owned(),
        path: path.to_owned(),
        change: DriftChange::Changed,
        dangerous: false,
        desired: "2".to_owned(),
        live: "7".to_owned(),
        manager: "kubectl-edit".to_owned(),
        since: None,
    }
}

/// The status after an outcome whose reverted drift is in no status yet.
fn report(
    previous: &HardenedAppStatus,
    generation: Option<i64>,
    outcome: &Outcome,
    now: Timestamp,
) -> HardenedAppStatus {
    let children = match outcome {
        Outcome::Applied(applied) => applied.children.as_slice(),
        _ => &[],
    };
    let reverted: Vec<DriftItem> = children.iter().flat_map(|child| child.reverted.clone()).collect();
    super::report(previous, generation, outcome, &reverted, now)
}

fn first(outcome: &Outcome) -> HardenedAppStatus {
    report(&HardenedAppStatus::default(), Some(1), outcome, at(100))
}

fn then(previous: &HardenedAppStatus, outcome: &Outcome) -> HardenedAppStatus {
    report(previous, Some(1), outcome, at(200))
}

fn condition<'a>(status: &'a HardenedAppStatus, kind: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == kind)
}

/// `Type=Status/Reason` of every condition.
fn summary(status: &HardenedAppStatus) -> Vec<String> {
    let words = |one: &Condition| format!("{}={}/{}", one.type_, one.status, one.reason);
    status.conditions.iter().map(words).collect()
}
