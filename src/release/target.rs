//! What should exist: the release that runs, and the one that replaces it.

use std::collections::BTreeSet;

use crate::app::{App, AppId, Database, Edge, Part, PartName, Ports, Release, Ungated, Workload};

/// What should exist of an app.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The app.
    pub id: AppId,
    /// The release whose pods run.
    pub runs: Option<Release>,
    /// The release that replaces it.
    pub comes: Option<Release>,
    /// Whether `comes` may replace `runs`.
    pub gate: Gate,
    /// Databases whose pods another app restricts: this one makes no policy for them.
    pub held: BTreeSet<PartName>,
    /// Connections that releases before these declared, and that pods of theirs may still need.
    pub earlier: BTreeSet<Edge>,
    /// What applies at once, independent of the release.
    pub ungated: Ungated,
}

/// Whether the next release may replace the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
}

impl Target {
    /// The target for an app whose releases wait for nothing: the newest runs.
    #[must_use]
    pub fn of(app: App) -> Self {
        Self {
            id: app.id,
            runs: Some(app.release),
            comes: None,
            gate: Gate::Open,
            held: BTreeSet::new(),
            earlier: BTreeSet::new(),
            ungated: app.ungated,
        }
    }

    /// The parts, in the version that should run, by name.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let release = match self.gate {
            Gate::Open => self.comes.as_ref().or(self.runs.as_ref()),
        };
        release.into_iter().flat_map(|release| &release.parts)
    }

    /// The parts for which the operator runs pods.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.parts().filter_map(Part::workload)
    }

    /// The databases.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.parts().filter_map(|part| match part {
            Part::Database(database) => Some(database),
            Part::Component(_) => None,
        })
    }

    /// The connections that the app's own pods open: until a rollout is complete, pods of several releases run.
    #[must_use]
    pub fn opened(&self) -> BTreeSet<&Edge> {
        self.runs.iter().chain(&self.comes).flat_map(|release| &release.edges).chain(&self.earlier).collect()
    }

    /// The connections that the app's own pods accept. Between apps both sides must declare a connection, also where a component
    /// names its own app: what `connectsToApps` opens is accepted only if `allowFrom` allows it.
    #[must_use]
    pub fn accepted(&self) -> BTreeSet<&Edge> {
        let within_the_app = self.opened().into_iter().filter(|edge| edge.ports != Ports::All);
        within_the_app.chain(&self.ungated.allowed).collect()
    }
}
