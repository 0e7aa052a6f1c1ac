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
    desired,
    plan::{self, PartProgress},
    release::{Gate, Reported, Running, Situation, Target, preflight, preflight_job, resolved},
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
        let is_checked = known.record.is_checked(&app.release.hashes);
        let running = self.running(asked.id, &fresh, known).await?;
        let entered = match &gate {
            Gate::Commit(entry) if entry.facts.resolved != fresh => self.recorded(asked.id, entry).await?,
            _ => None,
        };
        let name = preflight_job(&asked.id.name, &app.release.hashes);
        let is_there = known.jobs.iter().any(|job| job.name == name);
        let is_wanted = gate.wants_preflight(is_there) && !is_checked;
        let mut target = Target::decided(app, gate, running, entered.map(|recorded| recorded.release));
        target.preflight = preflight.filter(|_| is_wanted).map(|task| Part::Task(Box::new(task)));
        target.earlier = self.earlier(&target, known).await?;
        Ok(target)
    }

    /// What is known of the release that runs; `fresh` is the hash of the newest spec as it is resolved now.
    async fn running(&self, id: &AppId, fresh: &str, known: &Known) -> Result<Running, Failure> {
        let Some(current) = known.record.current() else { return Ok(Running::Unknown) };
        if current.facts.resolved == fresh {
            return Ok(Running::Newest);
        }
        let recorded = self.recorded(id, current).await?;
        Ok(recorded.map_or(Running::Unknown, |recorded| Running::Recorded(Box::new(recorded))))
    }

    fn reported<'a>(&self, Asked { stored, id, status, .. }: Asked<'a>) -> Reported<'a> {
        let migration = status.migration.as_ref();
        Reported {
            release: status.release.as_ref().map(|release| (release.revision, release.spec_hash.as_str())),
            migrated: migration.filter(|it| it.state == MigrationState::Succeeded).map(|it| it.hash.as_str()),
            rerun: migration.map(|it| it.rerun.as_str()).filter(|token| !token.is_empty()),
            applied: status.applied_generation.is_some() && status.applied_generation == stored.meta().generation,
            exists: self.cache.has_components(id),
        }
    }

    /// Whether the pods of the release that runs have replaced all others, and are what is declared: between the entry of a release and its
    /// Deployments those of the release before it are complete, too.
    fn is_rolled_out(&self, target: &Target) -> bool {
        let children = desired::children(target);
        let progress = self.cache.progress(&target.id, &children);
        let runs = target.runs.iter().flat_map(|release| &release.parts);
        let names: BTreeSet<&PartName> = runs.map(Part::name).collect();
        let is_part = |part: &&PartName| names.contains(part);
        let mut workloads = children.iter().filter(|child| child.kind.rolls_out());
        workloads.all(|child| {
            let Some(part) = child.part.as_ref().filter(is_part) else { return true };
            progress.get(part).is_some_and(PartProgress::has_arrived)
                && plan::is_applied(child, &self.cache.live(&target.id, child))
        })
    }

    /// Connections that only pods of other releases need: of those before the one that runs, and of a migration that still runs for one
    /// that isn't asked for any more.
    async fn earlier(&self, target: &Target, known: &Known) -> Result<BTreeSet<Edge>, Failure> {
        let remembered = self.memory.of(&target.id.uid, |memory| memory.earlier.clone());
        let previous = known.record.previous().filter(|_| remembered.is_none() && !self.is_rolled_out(target));
        let mut earlier = remembered.unwrap_or_default();
        if let Some(entry) = previous
            && let Some(recorded) = self.recorded(&target.id, entry).await?
        {
            earlier.extend(recorded.kept.still_allowed(&target.ungated));
            earlier.extend(recorded.release.edges);
        }
        let is_active = |uid: &str| known.jobs.iter().any(|job| job.uid == uid && job.is_active());
        for (entry, _) in known.record.pending().filter(|(_, run)| is_active(&run.uid)) {
            let recorded = self.recorded(&target.id, entry).await?;
            let edges = recorded.into_iter().flat_map(|recorded| recorded.release.edges);
            earlier.extend(edges.filter(|edge| edge.is_from(&target.id, &PartName::new(MIGRATE))));
        }
        let declared = target.runs.iter().chain(&target.comes);
        let declared: BTreeSet<&Edge> = declared.flat_map(|release| &release.edges).collect();
        // What isn't allowed to others any more is closed at once.
        earlier.retain(|edge| {
            let is_allowed = edge.is_from_app(&target.id) || target.ungated.allows(&edge.from, &edge.to);
            is_allowed && !declared.contains(edge) && !target.ungated.allowed.contains(edge)
        });
        Ok(earlier)
    }
}
