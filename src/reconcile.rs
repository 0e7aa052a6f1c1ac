//! The loop: one look at one app, as a table of contents.

use std::{sync::Arc, time::Duration};

use k8s_openapi::{api::core::v1::ObjectReference, jiff::Timestamp};
use kube::{
    Resource,
    core::DeserializeGuard,
    runtime::{
        controller::Action,
        events::{Event, EventType, Recorder},
    },
};

use crate::{
    api::{HardenedApp, HardenedAppStatus},
    app::{App, AppId, Policy, Rejection},
    cluster::{self, Cache, Failure, FailureClass, Memory, Previous, Round, Settings, Writer},
    desired,
    plan::{Applied, ChildOutcome, ChildState, Outcome, PartProgress, Refusal},
    release::Target,
    status,
};

/// A stored object as the watch delivers it: readable or not.
pub type StoredApp = DeserializeGuard<HardenedApp>;

/// What every look shares.
pub struct Context {
    /// Live children.
    pub cache: Arc<Cache>,
    /// Policies and namespaces.
    pub settings: Arc<Settings>,
    /// What isn't in the cluster.
    pub memory: Arc<Memory>,
    /// Sends writes.
    pub writer: Writer,
    /// Publishes events.
    pub recorder: Recorder,
}

/// A look must end: a hung one would hold a place in the queue for ever.
const LONGEST_LOOK: Duration = Duration::from_secs(30);

/// The longest wait for an event to be taken.
const LONGEST_EVENT: Duration = Duration::from_secs(5);
/// When to look for a namespace that its watch hasn't told of yet.
const NAMESPACE_SOON: Duration = Duration::from_millis(200);

/// One look at one app: decide, write what must change, report.
///
/// # Errors
/// If the status can't be written.
#[tracing::instrument(
    name = "look",
    skip_all,
    fields(namespace = stored.meta().namespace, app = stored.meta().name, generation = stored.meta().generation)
)]
pub async fn reconcile(stored: Arc<StoredApp>, context: Arc<Context>) -> Result<Action, Failure> {
    let owner = owner_of(&stored);
    let leaving = stored.meta().deletion_timestamp.is_some() || context.settings.is_terminating(&owner.namespace);
    if leaving {
        // Garbage collection takes the children along; creating anything now would only be in its way.
        return Ok(Action::await_change());
    }
    if !context.settings.knows(&owner.namespace) {
        // Which policy holds is told by the namespace, and its watch may lag behind that of the apps.
        return Ok(Action::requeue(NAMESPACE_SOON));
    }
    let previous = previous_status(&stored, &owner, &context);
    let look = tokio::time::timeout(LONGEST_LOOK, look(&stored, &owner, &previous, &context));
    let outcome = look.await.unwrap_or(Outcome::TimedOut);
    let reverted = context.memory.of(&owner.uid, |memory| memory.unreported.clone());
    let status = status::report(&previous, stored.meta().generation, &outcome, &reverted, Timestamp::now());
    if status != previous {
        let version = context.writer.status(&owner, &status).await?;
        context.memory.of(&owner.uid, |memory| {
            memory.status = Some((version, status.clone()));
            memory.unreported.clear();
        });
        publish(&stored, &previous, &status, &context).await;
    }
    Ok(next_look(&owner, &outcome, &context))
}

/// The pipeline: accept, desire, compare and write, prune.
async fn look(stored: &StoredApp, owner: &AppId, previous: &HardenedAppStatus, context: &Context) -> Outcome {
    let Context { cache, settings, memory, writer, .. } = context;
    let policy = settings.policy(&owner.namespace);
    let (app, refused) = match accept(stored, &policy) {
        Ok(app) => {
            memory.of(&owner.uid, |memory| memory.accepted = Some(app.clone()));
            (app, None)
        }
        // A mistake in a spec, or in a policy, must not switch off the protection of what runs.
        Err(refusal) => match memory.of(&owner.uid, |memory| memory.accepted.clone()) {
            Some(mut app) => {
                app.ungated.enforcement.keep(stored.meta(), policy.as_ref().ok());
                (app, Some(refusal))
            }
            None => return Outcome::Refused(refusal),
        },
    };
    let findings = app.findings.clone();
    let target = Target::of(app);
    let desired = desired::children(&target);
    let round = Round { target: &target, cache, memory, writer };
    let waits = refused.is_some() || target.ungated.enforcement.paused;
    let same_spec = waits || status::speaks_of(previous, stored.meta().generation);
    let listed = if same_spec { previous.children.as_slice() } else { &[] };
    let mut children = round.bring_all(&desired, Previous { listed, open: &previous.drift.open }).await;
    let progress = cache.progress(owner, &desired);
    let available = progress.values().all(PartProgress::is_complete);
    children.extend(round.prune(&desired, available && refused.is_none()).await);
    Outcome::Applied(Box::new(Applied { target, findings, children, progress, refused }))
}

fn accept(stored: &StoredApp, policy: &Result<Policy, Vec<Rejection>>) -> Result<App, Refusal> {
    let app = stored.0.as_ref().map_err(|invalid| Refusal::Unreadable(invalid.error.clone()))?;
    let policy = policy.as_ref().map_err(|rejections| Refusal::Rejected(rejections.clone()))?;
    App::accept(app, policy).map_err(Refusal::Rejected)
}

fn owner_of(stored: &StoredApp) -> AppId {
    let metadata = stored.meta().clone();
    AppId::of(&HardenedApp { metadata, ..HardenedApp::default() })
}

/// The status as it is: what the watch delivered, or what this process has written since.
fn previous_status(stored: &StoredApp, owner: &AppId, context: &Context) -> HardenedAppStatus {
    let seen = cluster::version(stored.meta());
    context.memory.of(&owner.uid, |memory| match &stored.0 {
        Ok(app) if memory.status.as_ref().is_none_or(|(version, _)| *version <= seen) => {
            memory.status = None;
            app.status.clone().unwrap_or_default()
        }
        // The status of an unreadable object is unreadable too.
        _ => memory.status.as_ref().map(|(_, status)| status.clone()).unwrap_or_default(),
    })
}

/// When to try again after a status that couldn't be written.
#[must_use]
pub fn retry(stored: &StoredApp, failure: &Failure, context: &Context) -> Action {
    let failures = context.memory.of(&owner_of(stored).uid, |memory| {
        memory.failures = memory.failures.saturating_add(1);
        memory.failures
    });
    Action::requeue(cluster::backoff(failure.class(), failures))
}

/// Events are a courtesy: the status already says it, and neither a refusal nor a hung request may stop anything.
async fn publish(stored: &StoredApp, previous: &HardenedAppStatus, status: &HardenedAppStatus, context: &Context) {
    for note in status::notes(previous, status) {
        let event = Event {
            type_: EventType::Warning,
            reason: note.reason.to_owned(),
            note: Some(note.text),
            action: note.action.to_owned(),
            secondary: note.about.map(|child| ObjectReference {
                kind: Some(child.kind),
                name: Some(child.name),
                namespace: stored.meta().namespace.clone(),
                ..ObjectReference::default()
            }),
        };
        let about = stored.object_ref(&());
        match tokio::time::timeout(LONGEST_EVENT, context.recorder.publish(&event, &about)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "event not published"),
            Err(_) => return tracing::warn!("events not published: no answer"),
        }
    }
}

/// When to look again if nothing happens until then.
fn next_look(owner: &AppId, outcome: &Outcome, context: &Context) -> Action {
    let children: &[ChildOutcome] = match outcome {
        Outcome::Applied(applied) => &applied.children,
        Outcome::Refused(_) => return Action::await_change(),
        Outcome::TimedOut => return Action::requeue(LONGEST_LOOK),
    };
    let failing = children.iter().any(|child| matches!(child.state, ChildState::Failed(..)));
    context.memory.of(&owner.uid, |memory| {
        memory.failures = if failing { memory.failures.saturating_add(1) } else { 0 };
    });
    let pauses = children.iter().filter_map(|child| match &child.state {
        ChildState::Conflict(_, pause) | ChildState::Contested(pause) | ChildState::Failed(pause, _) => Some(*pause),
        ChildState::AwaitDeletion => Some(cluster::backoff(FailureClass::Refused, 1)),
        ChildState::InPlace | ChildState::Observed | ChildState::Held | ChildState::Leftover => None,
    });
    pauses.min().map_or_else(Action::await_change, Action::requeue)
}
