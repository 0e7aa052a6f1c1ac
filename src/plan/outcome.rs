//! The outcome of one reconciliation, for the app and for each child. Plain data, from which the status is computed.

use std::{collections::BTreeMap, time::Duration};

use super::{
    again::Again, exposure::ExposureState, isolation::DatabaseState, progress::PartProgress, prune::Leftover,
    verdict::Verdict,
};
use crate::{
    api::{DriftItem, FindingItem},
    app::{Enforcement, PartName, Refusal},
    desired::{Child, Kind},
    release::{Job, Record, Target},
};

/// The outcome of one reconciliation of an app.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The spec can't be applied, and this process knows no earlier one that could: no child was read.
    Refused(Refusal),
    /// The API server was too slow, or refused a read on which all else depends: when to try again, and why.
    Unfinished(Duration, String),
    /// The spec was applied, as far as it went.
    Applied(Box<Applied>),
}

/// How far a spec was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What was to be applied.
    pub target: Target,
    /// Settings of the spec that are weaker than possible.
    pub findings: Vec<FindingItem>,
    /// The state of each child.
    pub children: Vec<ChildOutcome>,
    /// How far each part of the app has come, by its name.
    pub progress: BTreeMap<PartName, PartProgress>,
    /// Whether its isolation could be judged; if what surrounds it couldn't be found out, when to try again.
    pub judged: Again,
    /// How its databases stand.
    pub databases: Vec<DatabaseState>,
    /// How its hosts stand.
    pub exposures: Vec<ExposureState>,
    /// What others have that leads to its pods.
    pub bypass: Vec<FindingItem>,
    /// What has become of its releases.
    pub releases: Releases,
    /// Why the newest spec is refused; then the release that runs stays applied.
    pub refused: Option<Refusal>,
}

/// What has become of an app's releases.
#[derive(Clone, Debug)]
pub struct Releases {
    /// The record of them.
    pub record: Record,
    /// The Jobs of their tasks.
    pub jobs: Vec<Job>,
    /// When to continue with what the newest waits for.
    pub again: Again,
}

/// Whether an earlier spec stays applied instead of the newest: that is refused or waits, or the app is paused.
#[must_use]
pub const fn waits(refused: Option<&Refusal>, target: &Target) -> bool {
    refused.is_some() || !target.gate.is_open() || target.ungated.enforcement.paused
}

impl Applied {
    /// Whether the newest spec isn't applied: the children are still those of an earlier one.
    #[must_use]
    pub const fn waits(&self) -> bool {
        waits(self.refused.as_ref(), &self.target)
    }

    /// Whether the spec is applied completely: every child is as declared, or is left with deviations that are only reported, and
    /// nothing else exists.
    #[must_use]
    pub fn is_carried_out(&self) -> bool {
        !self.waits()
            && self.children.iter().all(|child| matches!(child.state, ChildState::InPlace | ChildState::Observed))
    }

    /// Whether a child can't be brought to what is declared now.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.children.iter().any(|child| match child.state {
            ChildState::Conflict(..) | ChildState::Failed(..) | ChildState::Held | ChildState::AwaitDeletion => true,
            ChildState::InPlace
            | ChildState::Observed
            | ChildState::Contested(_)
            | ChildState::Leftover(_)
            | ChildState::NoApi => false,
        })
    }

    /// How drift of the children is handled.
    #[must_use]
    pub const fn enforcement(&self) -> &Enforcement {
        &self.target.ungated.enforcement
    }
}

/// The outcome for one child.
#[derive(Clone, Debug)]
pub struct ChildOutcome {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its name.
    pub name: String,
    /// The part it belongs to; `None` for an object of the app as a whole, and for what isn't declared any more.
    pub part: Option<PartName>,
    /// Hash of what is declared; empty for what isn't declared any more.
    pub hash: String,
    /// Whether the app still declares it.
    pub declared: bool,
    /// Its state.
    pub state: ChildState,
    /// What other field managers had changed and this reconciliation reverted.
    pub reverted: Vec<DriftItem>,
    /// What other field managers have changed and is not reverted.
    pub open: Vec<DriftItem>,
    /// Additions that no field manager claims.
    pub findings: Vec<FindingItem>,
}

/// The state of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildState {
    /// As declared.
    InPlace,
    /// Another owner has an object of this name; creation is tried again after this long.
    Conflict(String, Duration),
    /// Deviations are only reported, and the object is left as it is.
    Observed,
    /// Reverted so often that the next revert must wait.
    Contested(Duration),
    /// An object of this name is being deleted.
    AwaitDeletion,
    /// The app doesn't declare it any more; it is deleted once what replaces it is available and its pods are gone. Checked again
    /// after this long.
    Leftover(Duration),
    /// Not tried, because a guard of the part isn't in place, or because the app is paused.
    Held,
    /// Not tried, because the API server doesn't have its kind.
    NoApi,
    /// A write failed: when to try again, and why.
    Failed(Duration, String),
}

impl ChildOutcome {
    /// The outcome for a child with which this reconciliation is done: what the last verdict still finds is open,
    /// everything else was reverted.
    #[must_use]
    pub fn of(child: &Child, state: ChildState, reverted: Vec<DriftItem>, verdict: Verdict) -> Self {
        let open = if matches!(state, ChildState::InPlace) { Vec::new() } else { verdict.drift };
        let reverted = reverted.into_iter().filter(|item| !open.iter().any(|known| known.is_same(item))).collect();
        Self {
            kind: child.kind,
            name: child.name.clone(),
            part: child.part.clone(),
            hash: child.hash.clone(),
            declared: true,
            state,
            reverted,
            open,
            findings: verdict.findings,
        }
    }

    /// The outcome for a child of a kind that the API server doesn't have.
    #[must_use]
    pub fn without_api(child: &Child) -> Self {
        Self {
            kind: child.kind,
            name: child.name.clone(),
            part: child.part.clone(),
            hash: child.hash.clone(),
            declared: true,
            state: ChildState::NoApi,
            reverted: Vec::new(),
            open: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Whether the workload of this guard may change.
    #[must_use]
    pub fn lets_workloads_follow(&self) -> bool {
        match self.state {
            ChildState::InPlace | ChildState::Observed => true,
            ChildState::Contested(_) => !self.is_weakened(),
            _ => false,
        }
    }

    /// Whether a deviation that is left weakens the app.
    #[must_use]
    pub fn is_weakened(&self) -> bool {
        self.open.iter().any(|item| item.dangerous)
    }

    /// The outcome for what the app doesn't declare any more.
    #[must_use]
    pub fn of_leftover(leftover: &Leftover, state: ChildState) -> Self {
        Self {
            kind: leftover.kind,
            name: leftover.name.clone(),
            part: None,
            hash: String::new(),
            declared: false,
            state,
            reverted: Vec::new(),
            open: Vec::new(),
            findings: Vec::new(),
        }
    }
}
