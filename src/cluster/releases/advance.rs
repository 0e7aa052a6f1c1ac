//! The steps of a migration that follow its Job: it is recorded before the Job may start, and starts only behind its guards.

use std::time::Duration;

use super::super::{context::Context, write::Failure};
use crate::{
    app::AppId,
    desired::{JOBS, Stage},
    plan::{AWAITED, Again, ChildOutcome, ChildState},
    release::{Gate, Job, Kept, Record, Run, Target, is_migration},
};

impl Context {
    /// Takes the next step, where all that it depends on is in place. Returns when to continue.
    pub async fn advance(&self, target: &Target, outcomes: &[ChildOutcome], record: &mut Record) -> Again {
        if target.ungated.enforcement.paused {
            return Again::Done;
        }
        let mut guards = outcomes.iter().filter(|it| it.declared && it.kind.stage == Stage::Guard);
        let is_guarded = guards.all(ChildOutcome::lets_workloads_follow);
        let mut jobs = outcomes.iter().filter(|it| it.declared && it.kind == JOBS);
        let migration = jobs.find(|it| is_migration(&target.id.name, &it.name) && it.state == ChildState::InPlace);
        let has_uid =
            |run: &Run| self.cache.jobs(&target.id).iter().any(|job| job.name == run.job && job.uid == run.uid);
        let done = match &target.gate {
            Gate::Prepare { .. } if migration.is_some() => Ok(()),
            // It may have been replaced since the decision; then the next one is about another.
            Gate::Enter(entry) if migration.is_some() && !entry.facts.run.as_ref().is_some_and(has_uid) => Ok(()),
            Gate::Enter(entry) if migration.is_some() => {
                let entered = self.enter(target, entry, &Kept::of(&target.ungated)).await;
                entered.map(|()| record.put(entry.clone()))
            }
            Gate::Start(job) if is_guarded => match self.start(&target.id, job).await {
                Ok(true) => Ok(()),
                // Another is seen soon.
                Ok(false) => return Again::After(AWAITED),
                Err(failure) => Err(failure),
            },
            _ => return Again::Done,
        };
        match done {
            // What the next step is based on is in the cache already.
            Ok(()) => Again::After(Duration::ZERO),
            Err(failure) => self.again_after(&target.id, Some(&failure)),
        }
    }

    /// Lets a Job start pods, unless another migration of the app may run. The watches don't say that for sure: a replica that has begun
    /// to lead may not have seen yet what the one before it has started.
    async fn start(&self, id: &AppId, job: &Job) -> Result<bool, Failure> {
        if self.writer.migrates_besides(id, job).await? {
            return Ok(false);
        }
        let stored = self.writer.start(id, job).await?;
        self.cache.wrote(JOBS, &stored);
        Ok(true)
    }
}
