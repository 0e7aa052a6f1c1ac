//! Deleting what isn't declared any more.

use futures::future::join_all;

use super::{super::jitter::jittered, executor::Executor};
use crate::{
    desired::Child,
    plan::{self, ChildOutcome, ChildState, FailureClass, Leftover, backoff},
};

impl Executor<'_> {
    /// Deletes what isn't declared any more, as far as it may be deleted now; the rest follows as the watches report
    /// the deletions. Returns what still exists.
    pub async fn prune(&self, children: &[Child], available: bool) -> Vec<ChildOutcome> {
        let (mut now, mut later) = plan::prunable(self.cache.owned(&self.target.id), children, available);
        if self.target.ungated.enforcement.paused {
            later.append(&mut now);
        }
        let failed = join_all(now.iter().map(|leftover| self.delete(leftover))).await.into_iter().flatten();
        failed.chain(later.iter().map(|leftover| ChildOutcome::of_leftover(leftover, ChildState::Leftover))).collect()
    }

    async fn delete(&self, leftover: &Leftover) -> Option<ChildOutcome> {
        match self.writer.delete(&self.target.id, leftover).await {
            // Changed or deleted since: its watch reports that.
            Err(failure) if failure.class() != FailureClass::Outdated => {
                let pause = jittered(backoff(failure.class(), 1));
                Some(ChildOutcome::of_leftover(leftover, ChildState::Failed(pause, failure.in_words())))
            }
            Ok(()) | Err(_) => None,
        }
    }
}
