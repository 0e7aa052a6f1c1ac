//! Deleting what nothing declares any more.

use futures::future::join_all;

use super::{FailureClass, Round, backoff};
use crate::{
    desired::Child,
    plan::{self, ChildOutcome, ChildState},
};

impl Round<'_> {
    /// Deletes what nothing declares any more, as far as it may go now; the rest follows as the watches report each object
    /// gone. Returns what is still there.
    pub async fn prune(&self, children: &[Child], available: bool) -> Vec<ChildOutcome> {
        let id = &self.target.id;
        let (mut now, mut later) = plan::prunable(self.cache.owned(id), children, available);
        if self.target.ungated.enforcement.paused {
            later.append(&mut now);
        }
        let deletions = now.iter().map(async |leftover| {
            match self.writer.delete(id, leftover).await {
                // Changed or gone since: the watch will tell.
                Err(failure) if failure.class() != FailureClass::Outdated => {
                    let pause = backoff(failure.class(), 1);
                    Some(ChildOutcome::of_leftover(leftover, ChildState::Failed(pause, failure.in_words())))
                }
                Ok(()) | Err(_) => None,
            }
        });
        let failed = join_all(deletions).await.into_iter().flatten();
        failed.chain(later.iter().map(|leftover| ChildOutcome::of_leftover(leftover, ChildState::Leftover))).collect()
    }
}
