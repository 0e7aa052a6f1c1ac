//! The reconciliation of one app, as a table of contents.

use std::{sync::Arc, time::Duration};

use kube::{Resource, runtime::controller::Action};
use tokio::time::timeout;

use crate::{
    api::{HardenedAppStatus, StoredApp},
    app::{App, AppId},
    cluster::{Context, Executor, Failure},
    desired,
    plan::{self, Again, Applied, LONGEST_RECONCILIATION, LastReport, Outcome},
    release::Target,
};

/// When to try again where the watch of namespaces lags behind that of the apps: the namespace decides which policy holds.
const NAMESPACE_SOON: Duration = Duration::from_millis(200);

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
        return Ok(Action::await_change());
    }
    if !context.settings.knows(&id.namespace) {
        return Ok(Action::requeue(NAMESPACE_SOON));
    }
    context.memory.begin(&id.uid);
    let previous = context.memory.of(&id.uid, |memory| memory.last_status(&stored));
    let outcome = timeout(LONGEST_RECONCILIATION, apply(&stored, &id, &previous, &context)).await;
    let outcome = outcome.unwrap_or(Outcome::TimedOut);
    // 8 Report: one write of the status, where it differs, and the events.
    context.report(&stored, &id, &previous, &outcome).await?;
    Ok(context.next(&id, &outcome))
}

async fn apply(stored: &StoredApp, id: &AppId, previous: &HardenedAppStatus, context: &Context) -> Outcome {
    let Context { cache, settings, memory, writer, .. } = context;

    // 1 Accept (no client): the newest spec, or else the last accepted one: a mistake must not end the protection of what runs.
    let policy = settings.policy(&id.namespace);
    let newest = App::accept_stored(stored, &policy);
    let (mut app, refused) = match memory.of(&id.uid, |memory| memory.newest_accepted(newest, stored.meta(), &policy)) {
        Ok(accepted) => accepted,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let findings = std::mem::take(&mut app.findings);

    // 2 Target (no client): which release runs; pods of earlier ones keep their connections.
    let earlier = memory.of(&id.uid, |memory| memory.earlier.clone());
    let mut target = Target { earlier, ..Target::of(app) };

    // 3 Surroundings (client): what others have in the namespace; it is listed only for its first app. Where that fails, the rest goes on.
    let surroundings = context.surroundings_of(&target).await;
    target.held = context.held(&target, surroundings.as_ref().ok());

    // 4 Desire (no client): all objects that should exist.
    let children = desired::children(&target);

    // 5 Converge (client): per part the guards first; one request where an object differs.
    let waits = plan::waits(refused.as_ref(), &target);
    let last_report = LastReport::of(previous, stored.meta().generation, waits);
    let executor = Executor { target: &target, cache, memory, writer };
    let mut outcomes = executor.converge(&children, last_report).await;

    // 6 Prune (client): what isn't declared any more goes once what may replace it has been available.
    let progress = cache.progress(id, &children);
    let replaced = refused.is_none() && plan::is_replaced(&children, &progress, previous);
    outcomes.extend(executor.prune(&children, replaced).await);

    // 7 Isolation (no client): who else reaches the app's databases and pods.
    let known = surroundings.as_ref().ok();
    let databases = plan::isolation(&target, known, &outcomes, &progress);
    let bypass = known.map(|known| plan::bypass(&target, known)).unwrap_or_default();
    let judged = surroundings.err().unwrap_or(Again::Done);
    Outcome::Applied(Box::new(Applied {
        target,
        findings,
        children: outcomes,
        progress,
        judged,
        databases,
        bypass,
        refused,
    }))
}
