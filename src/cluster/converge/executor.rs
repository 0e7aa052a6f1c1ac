//! What one reconciliation needs to converge the children of its app.

use std::time::{Duration, Instant};

use crate::{
    cluster::{
        cache::Cache,
        jitter::jittered,
        memory::Memory,
        write::{Failure, Writer},
    },
    desired::Child,
    plan::{ChildMemory, FailureClass, backoff},
    release::Target,
};

/// What one reconciliation needs to converge the children of its app.
#[derive(Debug)]
pub struct Executor<'a> {
    /// What is to be applied.
    pub target: &'a Target,
    /// Live children.
    pub cache: &'a Cache,
    /// What earlier reconciliations have shown.
    pub memory: &'a Memory,
    /// Sends requests.
    pub writer: &'a Writer,
}

impl Executor<'_> {
    /// How long to wait before the next attempt after a failure.
    pub(super) fn pause(&self, child: &Child, failure: &Failure) -> Duration {
        match failure.class() {
            FailureClass::Refused => self.refused(child, &failure.in_words()),
            class => {
                let failures = self.memory.of(&self.target.id.uid, |memory| memory.failures);
                jittered(backoff(class, failures.saturating_add(1)))
            }
        }
    }

    pub(super) fn refused(&self, child: &Child, message: &str) -> Duration {
        self.change(child, |memory| {
            let pause = jittered(backoff(FailureClass::Refused, memory.refusals(child).saturating_add(1)));
            memory.add_refusal(child, message, Instant::now(), pause);
            pause
        })
    }

    /// Changes what is remembered of a child.
    pub(super) fn change<T>(&self, child: &Child, change: impl FnOnce(&mut ChildMemory) -> T) -> T {
        self.memory.of(&self.target.id.uid, |memory| memory.change(child, change))
    }
}
