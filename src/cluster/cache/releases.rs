//! What the cache knows of releases: the entries of their record, and the Jobs of their tasks.

use super::children::Cache;
use crate::{
    app::{AppId, MIGRATE, PREFLIGHT, PartName},
    desired::{DEPLOYMENTS, Progress},
    release::{Job, Record, Revision, TaskPod},
};

impl Cache {
    /// The record of an app's releases. What isn't an entry, or can't be read as one, is left out.
    #[must_use]
    pub fn record(&self, app: &AppId) -> Record {
        let state = self.state();
        let entries = state.owned(app).filter_map(|(_, entry)| match &entry.progress {
            Some(Progress::Record(Some(found))) => {
                Some(Revision { version: entry.version.to_string(), ..(**found).clone() })
            }
            _ => None,
        });
        Record::new(entries.collect())
    }

    /// The Jobs of an app, each with its pods.
    #[must_use]
    pub fn jobs(&self, app: &AppId) -> Vec<Job> {
        let state = self.state();
        let jobs = state.owned(app).filter_map(|(_, entry)| match &entry.progress {
            Some(Progress::Job(job)) => Some(Job { version: entry.version.to_string(), ..(**job).clone() }),
            _ => None,
        });
        let of_tasks = [MIGRATE, PREFLIGHT].map(|task| app.child_name(&PartName::new(task)));
        let pods: Vec<TaskPod> = of_tasks
            .iter()
            .flat_map(|child| state.pods.of_child(&app.namespace, child))
            .filter_map(|pod| pod.task.map(|task| *task))
            .collect();
        let with_pods = |job: Job| {
            let pods = pods.iter().filter(|pod| pod.job == job.uid).cloned().collect();
            Job { pods, ..job }
        };
        jobs.map(with_pods).collect()
    }

    /// A pod of a migration that runs, though none of these Jobs is its own: one that was deleted without its pods.
    #[must_use]
    pub fn loose_pod(&self, app: &AppId, jobs: &[Job]) -> Option<String> {
        let pods = self.state().pods.of_child(&app.namespace, &app.child_name(&PartName::new(MIGRATE)));
        let mut tasks = pods.into_iter().filter_map(|pod| pod.task);
        let loose = tasks.find(|task| !task.finished && !jobs.iter().any(|job| job.uid == task.job));
        loose.map(|task| task.name.clone())
    }

    /// Whether a component of the app has run. Its databases are there before its first release.
    #[must_use]
    pub fn has_components(&self, app: &AppId) -> bool {
        self.state().owned(app).any(|(key, _)| key.0 == DEPLOYMENTS)
    }
}
