//! The reconciliation of one app, as a table of contents.

use std::{sync::Arc, time::Duration};

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, runtime::controller::Action};
use tokio::time::timeout;

use crate::{
    api::{HardenedAppStatus, StoredApp},
    app::{App, AppId},
    cluster::{Asked, Context, Executor, Failure},
    desired,
    plan::{self, Again, Applied, LONGEST_RECONCILIATION, LastReport, Outcome, Releases},
};

/// When to try again where the watch of namespaces lags behind that of the apps: the namespace decides which policy holds.
const NAMESPACE_SOON: Duration = Duration::from_millis(200);

/// What the status says where a reconciliation took too long.
const TOO_SLOW: &str = "the API server is too slow; the next reconciliation continues";

/// Brings one app to what is declared, and reports.
///
/// # Errors
/// If the status can't be written.
#[tracing::instrument(
    name = "reconcile",
    skip_all,
    fields(namespace = stored.meta().namespace, app = stored.meta().name, generation = stored.meta().generation)
)]
pub async fn reconcile(stored: Arc<StoredApp>, context: Arc<Context>) -> Result<Action, Failure> {
    let id = AppId::of(stored.meta());
    if stored.meta().deletion_timestamp.is_some() || context.settings.is_terminating(&id.namespace) {
        // Garbage collection deletes the children; creating one now would only delay it.
        context.release_hosts(&id);
        return Ok(Action::await_change());
    }
    if !context.settings.knows(&id.namespace) {
        return Ok(Action::requeue(NAMESPACE_SOON));
    }
    context.memory.begin(&id.uid);
    let previous = context.memory.of(&id.uid, |memory| memory.last_status(&stored));
    let outcome = timeout(LONGEST_RECONCILIATION, apply(&stored, &id, &previous, &context)).await;
    let outcome = outcome.unwrap_or_else(|_| Outcome::Unfinished(LONGEST_RECONCILIATION, TOO_SLOW.to_owned()));
    // 8 Report: one write of the status, where it differs, and the events.
    context.report(&stored, &id, &previous, &outcome).await?;
    Ok(context.next(&id, &outcome))
}

async fn apply(stored: &StoredApp, id: &AppId, previous: &HardenedAppStatus, context: &Context) -> Outcome {
    let Context { cache, settings, memory, writer, .. } = context;

    // 1 Accept (no client): the newest spec.
    let policy = settings.policy(&id.namespace);
    let mut newest = App::accept_stored(stored, &policy);
    let findings = newest.as_mut().map(|app| std::mem::take(&mut app.findings)).unwrap_or_default();

    // 2 Release (client: reads what no watch shows): which release runs, and what the newest waits for. A mistake in it must not end the
    // protection of what runs.
    let mut known = match context.record_of(id, previous).await {
        Ok(known) => known,
        Err(failure) => return context.unfinished(id, &failure),
    };
    let asked = Asked { stored, id, policy: &policy, status: previous };
    let (mut target, refused) = match context.target(asked, newest, &known).await {
        Ok(Ok(target)) => target,
        Ok(Err(refusal)) => {
            context.release_hosts(id);
            return Outcome::Refused(refusal);
        }
        Err(failure) => return context.unfinished(id, &failure),
    };
    let recorded = context.commit(&mut target, &mut known).await;

    // 3 Surroundings (client): what others have in the namespace; it is listed only for its first app. Where that fails, the rest goes on.
    let surroundings = context.surroundings_of(&target).await;
    target.held = context.held(&target, surroundings.as_ref().ok());
    let hosts = context.claim_hosts(stored, &mut target);

    // 4 Desire (no client): all objects that should exist.
    let children = desired::children(&target);

    // 5 Converge (client): per part the guards first; one request where an object differs.
    let waits = plan::waits(refused.as_ref(), &target);
    let last_report = LastReport::of(previous, stored.meta().generation, waits);
    let executor = Executor { target: &target, cache, memory, writer };
    let mut outcomes = executor.converge(&children, last_report).await;
    let advanced = context.advance(&target, &outcomes, &mut known.record).await;

    // 6 Prune (client): what isn't declared any more goes once what may replace it has been available.
    let progress = cache.progress(id, &children);
    let replaced = !waits && plan::is_replaced(&children, &progress, previous);
    outcomes.extend(executor.prune(&children, replaced).await);
    context.forget_releases(&target, &known.record).await;

    // 7 Isolation (no client): who else reaches the app's databases and pods, and whether its hosts lead to it.
    let around = surroundings.as_ref().ok();
    let databases = plan::isolation(&target, around, &outcomes, &progress);
    let mut bypass = around.map(|around| plan::bypass(&target, around, &outcomes)).unwrap_or_default();
    let exposures = plan::exposures(&target, &outcomes, &cache.entries(id), Timestamp::now());
    bypass.extend(plan::exposure_findings(&exposures, hosts.shared.clone()));
    let judged = surroundings.err().unwrap_or(Again::Done);
    Outcome::Applied(Box::new(Applied {
        target,
        findings,
        children: outcomes,
        progress,
        judged,
        databases,
        exposures,
        bypass,
        releases: Releases { record: known.record, jobs: known.jobs, again: recorded.or(advanced) },
        refused,
    }))
}
