//! What should exist: the release that runs, and the one that is to replace it.

use std::collections::{BTreeMap, BTreeSet};

use super::{gate::Gate, preflight::preflight, recorded::Recorded};
use crate::app::{App, AppId, Database, Edge, PREFLIGHT, Part, PartName, Ports, Release, Task, Ungated, Workload};

/// What is known of the release that runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Running {
    /// None runs, or it isn't known which.
    Unknown,
    /// The newest spec, as it is resolved now.
    Newest,
    /// Another, or the same as it was resolved when it was released.
    Recorded(Box<Recorded>),
}

/// Why an app doesn't have a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclaimed {
    /// Another app has it, or an object of others serves it.
    Taken,
    /// What serves it isn't known yet.
    Unknown,
}

/// What should exist of an app.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The app.
    pub id: AppId,
    /// The release whose pods run.
    pub runs: Option<Release>,
    /// The release that is to replace it.
    pub comes: Option<Release>,
    /// Whether `comes` may replace `runs`.
    pub gate: Gate,
    /// The checks before a release, where they are wanted now.
    pub preflight: Option<Part>,
    /// Databases whose pods another app restricts: this one makes no policy for them.
    pub held: BTreeSet<PartName>,
    /// Hosts that the app doesn't have, since another has them or what has them isn't known: it makes no objects for them.
    pub unclaimed: BTreeMap<String, Unclaimed>,
    /// Connections that releases before these declared, and that pods of theirs may still need.
    pub earlier: BTreeSet<Edge>,
    /// Connections that others may open to pods of the release that runs, on ports that the newest spec doesn't have any more.
    pub still_allowed: BTreeSet<Edge>,
    /// What applies at once, independent of the release.
    pub ungated: Ungated,
}

impl Target {
    /// The target for an app whose newest release runs.
    #[must_use]
    pub fn of(app: App) -> Self {
        Self {
            id: app.id,
            runs: Some(app.release),
            comes: None,
            gate: Gate::Open,
            preflight: None,
            held: BTreeSet::new(),
            unclaimed: BTreeMap::new(),
            earlier: BTreeSet::new(),
            still_allowed: BTreeSet::new(),
            ungated: app.ungated,
        }
    }

    /// The target for an app whose newest release may run, or waits beside the one that runs. `entered` is the release of its entry, where
    /// that was resolved otherwise: a policy that has changed since its migration began takes effect with the next release.
    #[must_use]
    pub fn decided(app: App, gate: Gate, running: Running, entered: Option<Release>) -> Self {
        let mut target = Self { gate, ..Self::of(app) };
        let newest = target.runs.take();
        if target.gate == Gate::Open {
            target.runs = match running {
                Running::Recorded(recorded) => Some(recorded.release),
                Running::Newest | Running::Unknown => newest,
            };
            return target;
        }
        let comes = entered.or_else(|| newest.clone());
        target.runs = match running {
            Running::Newest => newest,
            Running::Unknown => None,
            Running::Recorded(recorded) => {
                target.still_allowed = recorded.kept.still_allowed(&target.ungated);
                if let Some(comes) = &comes {
                    recorded.kept.fill(&target.id, &mut target.ungated, &recorded.release, comes);
                }
                Some(recorded.release)
            }
        };
        target.comes = comes;
        target
    }

    /// The target with the tasks before its release, so with everything that the app may ever have.
    #[must_use]
    pub fn with_tasks(self, operator_image: &str) -> Self {
        let checks = self.runs.as_ref().and_then(|release| preflight(release, &self.id.name, operator_image));
        let checks = checks.map(|task| Part::Task(Box::new(task)));
        Self { preflight: checks, gate: Gate::Prepare { rerun: None }, ..self }
    }

    /// The release that waited runs now. Pods of the one before it keep their connections until they are gone.
    pub fn open(&mut self) {
        self.gate = Gate::Open;
        self.preflight = None;
        if let Some(comes) = self.comes.take() {
            let before = self.runs.replace(comes);
            self.earlier.extend(before.into_iter().flat_map(|release| release.edges));
            self.earlier.append(&mut self.still_allowed);
            if let Some(runs) = &self.runs {
                self.earlier.retain(|edge| !runs.edges.contains(edge));
            }
        }
    }

    /// What applies at once, with what the release that runs needs of it.
    #[must_use]
    pub fn ungated_of_what_runs(&self) -> Ungated {
        let mut ungated = self.ungated.clone();
        ungated.allowed.extend(self.still_allowed.iter().cloned());
        ungated
    }

    /// The parts, in the version that should run. While a release waits, its databases and its migration are there before it, since it
    /// waits for them.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let comes = self.comes.iter().flat_map(|release| &release.parts);
        let is_new = |name: &PartName| {
            self.comes.iter().flat_map(|release| &release.parts).any(|part| !is_component(part) && part.name() == name)
        };
        let runs = self.runs.iter().flat_map(|release| &release.parts);
        runs.filter(move |part| !is_new(part.name()))
            .chain(comes.filter(|part| !is_component(part)))
            .chain(&self.preflight)
    }

    /// The parts for which the operator runs pods.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.parts().filter_map(Part::workload)
    }

    /// Those whose pods run for as long as the app exists.
    pub fn lasting(&self) -> impl Iterator<Item = &Workload> {
        self.parts().filter(|part| !matches!(part, Part::Task(_))).filter_map(Part::workload)
    }

    /// The databases.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.parts().filter_map(|part| match part {
            Part::Database(database) => Some(database),
            Part::Component(_) | Part::Task(_) => None,
        })
    }

    /// The task of this name.
    #[must_use]
    pub fn task(&self, name: &str) -> Option<&Task> {
        self.parts().find_map(|part| match part {
            Part::Task(task) if task.workload.name.as_str() == name => Some(&**task),
            _ => None,
        })
    }

    /// The connections that the app's own pods open: until a rollout is complete, pods of several releases run. The checks before a
    /// release reach its databases for as long as they run.
    #[must_use]
    pub fn opened(&self) -> BTreeSet<Edge> {
        let declared = self.runs.iter().chain(&self.comes).flat_map(|release| &release.edges).chain(&self.earlier);
        let mut opened: BTreeSet<Edge> = declared.cloned().collect();
        opened.extend(self.of_checks());
        opened
    }

    /// The connections of the checks before a release, where they are wanted.
    pub fn of_checks(&self) -> impl Iterator<Item = Edge> {
        let client = PartName::new(PREFLIGHT);
        let databases = self.databases().filter(|_| self.preflight.is_some());
        databases.flat_map(move |database| database.connections_of(&client, &self.id))
    }

    /// The connections that the app's own pods accept. Between apps both sides must declare a connection, also where a component
    /// names its own app: what `connectsToApps` opens is accepted only if `allowFrom` allows it.
    #[must_use]
    pub fn accepted(&self) -> BTreeSet<Edge> {
        let within_the_app = self.opened().into_iter().filter(|edge| edge.ports != Ports::All);
        within_the_app.chain(self.ungated.allowed.iter().chain(&self.still_allowed).cloned()).collect()
    }
}

const fn is_component(part: &Part) -> bool {
    matches!(part, Part::Component(_))
}
