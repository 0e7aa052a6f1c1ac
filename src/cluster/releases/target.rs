//! The target of a reconciliation: which release runs, and which waits for what.

use std::collections::BTreeSet;

use kube::Resource;

use super::{
    super::{context::Context, write::Failure},
    known::Known,
};
use crate::{
    api::{HardenedAppStatus, MigrationState, RERUN, StoredApp},
    app::{App, AppId, Edge, MIGRATE, Part, PartName, Policy, Refusal, Rejection},
    desired, plan,
    release::{Gate, Reported, Revision, Situation, Target, preflight, resolved},
};

/// What a target is asked for with.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The app.
    pub stored: &'a StoredApp,
    /// Its identity.
    pub id: &'a AppId,
    /// The policy of its namespace.
    pub policy: &'a Result<Policy, Vec<Rejection>>,
    /// Its last status.
    pub status: &'a HardenedAppStatus,
}

impl Context {
    /// The target, and the refusal of the newest spec where the release that runs stays.
    ///
    /// # Errors
    /// The refusal, where nothing was released that could stay.
    pub async fn target(
        &self,
        asked: Asked<'_>,
        newest: Result<App, Refusal>,
        known: &Known,
    ) -> Result<Result<(Target, Option<Refusal>), Refusal>, Failure> {
        let refusal = match newest {
            Ok(app) => return Ok(Ok((self.newest(asked, app, known).await?, None))),
            Err(refusal) => refusal,
        };
        let Some(current) = known.record.current() else { return Ok(Err(refusal)) };
        let Some(recorded) = self.recorded(asked.id, current).await? else { return Ok(Err(refusal)) };
        let ungated = recorded.kept.restore(asked.stored.meta(), asked.policy.as_ref().ok());
        let app = App { id: asked.id.clone(), release: recorded.release, ungated, findings: Vec::new() };
        let mut target = Target::of(app);
        target.earlier = self.earlier(&target, known).await?;
        Ok(Ok((target, Some(refusal))))
    }

    async fn newest(&self, asked: Asked<'_>, app: App, known: &Known) -> Result<Target, Failure> {
        let preflight = preflight(&app.release, &asked.id.name, &self.preflight_image);
        let fresh = resolved(&app.release);
        let annotations = asked.stored.meta().annotations.as_ref();
        let hash = |task: Option<_>| task.map(|task| desired::pods_of_task(asked.id, task)).unwrap_or_default();
        let gate = Situation {
            hashes: &app.release.hashes,
            resolved: &fresh,
            migration_pods: &hash(app.release.task(MIGRATE)),
            preflight_pods: &hash(preflight.as_ref()),
            app: &asked.id.name,
            record: &known.record,
            jobs: &known.jobs,
            loose: known.loose.as_deref(),
            rerun: annotations.and_then(|all| all.get(RERUN)).map(String::as_str),
            reported: self.reported(asked),
        }
        .decide();
        let current = known.record.current();
        let is_checked = known.record.is_checked(&app.release.hashes);
        let mut target = Target::of(app);
        let recorded = match current.filter(|entry| entry.facts.resolved != fresh) {
            Some(entry) => self.recorded(asked.id, entry).await?,
            None => None,
        };
        if gate != Gate::Open {
            target.comes = target.runs.clone();
            target.runs = if current.is_some() { target.runs } else { None };
        }
        if let Some(recorded) = recorded {
            if let Some(comes) = &target.comes {
                recorded.kept.fill(asked.id, &mut target.ungated, &recorded.release, comes);
            }
            target.runs = Some(recorded.release);
        }
        if let Gate::Commit(entry) = &gate
            && entry.facts.resolved != fresh
            && let Some(recorded) = self.recorded(asked.id, entry).await?
        {
            // A policy that has changed since its migration began takes effect with the next release.
            target.comes = Some(recorded.release);
        }
        let is_wanted = gate.wants_preflight() && !is_checked;
        target.preflight = preflight.filter(|_| is_wanted).map(|task| Part::Task(Box::new(task)));
        target.gate = gate;
        target.earlier = self.earlier(&target, known).await?;
        Ok(target)
    }

    fn reported<'a>(&self, Asked { stored, id, status, .. }: Asked<'a>) -> Reported<'a> {
        Reported {
            release: status.release.as_ref().map(|release| (release.revision, release.spec.as_str())),
            migrated: status
                .migration
                .as_ref()
                .filter(|it| it.state == MigrationState::Succeeded)
                .map(|it| it.revision.as_str()),
            applied: status.applied_generation.is_some() && status.applied_generation == stored.meta().generation,
            exists: self.cache.has_components(id),
        }
    }

    fn is_rolled_out(&self, target: &Target) -> bool {
        let children = desired::children(target);
        plan::is_available(target, &self.cache.progress(&target.id, &children))
    }

    /// Connections that only pods of other releases need: of those before the one that runs, and of a migration that still runs for one
    /// that isn't asked for any more.
    async fn earlier(&self, target: &Target, known: &Known) -> Result<BTreeSet<Edge>, Failure> {
        let mut entries: Vec<&Revision> = Vec::new();
        let remembered = self.memory.of(&target.id.uid, |memory| memory.earlier.clone());
        if remembered.is_none() && !self.is_rolled_out(target) {
            entries.extend(known.record.previous());
        }
        let mut earlier = remembered.unwrap_or_default();
        for entry in entries {
            let recorded = self.recorded(&target.id, entry).await?;
            earlier.extend(recorded.into_iter().flat_map(|recorded| recorded.release.edges));
        }
        let is_active = |uid: &str| known.jobs.iter().any(|job| job.uid == uid && job.is_active());
        for (entry, _) in known.record.pending().filter(|(_, run)| is_active(&run.uid)) {
            let recorded = self.recorded(&target.id, entry).await?;
            let edges = recorded.into_iter().flat_map(|recorded| recorded.release.edges);
            earlier.extend(edges.filter(|edge| edge.is_from(&target.id, &PartName::new(MIGRATE))));
        }
        let declared = target.runs.iter().chain(&target.comes);
        let declared: BTreeSet<&Edge> = declared.flat_map(|release| &release.edges).collect();
        earlier.retain(|edge| !declared.contains(edge));
        Ok(earlier)
    }
}
