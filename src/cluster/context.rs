//! What all reconciliations share.

use std::{sync::Arc, time::Duration};

use kube::{Resource, runtime::controller::Action};

use super::{
    cache::{Cache, Settings},
    claims::Claims,
    jitter::jittered,
    memory::Memory,
    triggers::Triggers,
    write::{Failure, Writer},
};
use crate::{
    api::StoredApp,
    app::AppId,
    plan::{self, Again, ChildState, Outcome, backoff},
};

/// What all reconciliations share.
pub struct Context {
    /// Live children.
    pub cache: Arc<Cache>,
    /// Policies and namespaces.
    pub settings: Arc<Settings>,
    /// What only this process knows.
    pub memory: Arc<Memory>,
    /// Sends requests, events included.
    pub writer: Writer,
    /// Which app restricts database pods that several name.
    pub claims: Arc<Claims>,
    /// Which apps are to be reconciled, since another one was.
    pub triggers: Arc<Triggers>,
    /// The operator's own image, which runs the checks before a release.
    pub preflight_image: String,
}

impl Context {
    /// When to reconcile again after an outcome whose status was written.
    #[must_use]
    pub fn next(&self, id: &AppId, outcome: &Outcome) -> Action {
        let failing = match outcome {
            Outcome::Refused(_) => false,
            Outcome::Unfinished(..) => true,
            Outcome::Applied(applied) => {
                applied.judged != Again::Done
                    || applied.releases.again.has_failed()
                    || applied.children.iter().any(|child| matches!(child.state, ChildState::Failed(..)))
            }
        };
        self.memory.of(&id.uid, |memory| {
            memory.failures = if failing { memory.failures.saturating_add(1) } else { 0 };
            if let Outcome::Applied(applied) = outcome {
                memory.earlier = Some(plan::still_needed(applied));
            }
        });
        plan::next(outcome).map_or_else(Action::await_change, Action::requeue)
    }

    /// The outcome where a read failed on which all else depends.
    #[must_use]
    pub fn unfinished(&self, id: &AppId, failure: &Failure) -> Outcome {
        Outcome::Unfinished(self.pause(id, failure), failure.in_words())
    }

    /// How long to wait after a read that failed.
    pub(super) fn pause(&self, id: &AppId, failure: &Failure) -> Duration {
        let failures = self.memory.of(&id.uid, |memory| memory.failures);
        jittered(backoff(failure.class(), failures.saturating_add(1)))
    }

    /// When to reconcile again after a status that couldn't be written.
    #[must_use]
    pub fn retry(&self, stored: &StoredApp, failure: &Failure) -> Action {
        let failures = self.memory.of(&AppId::of(stored.meta()).uid, |memory| {
            memory.failures = memory.failures.saturating_add(1);
            memory.failures
        });
        Action::requeue(jittered(backoff(failure.class(), failures)))
    }
}
