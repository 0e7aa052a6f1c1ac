//! Deleting what isn't declared any more.

use std::time::Duration;

use futures::future::join_all;

use super::{super::jitter::jittered, executor::Executor};
use crate::{
    desired::{Child, Stage},
    plan::{self, AWAITED, ChildOutcome, ChildState, FailureClass, Leftover, backoff},
};

/// How soon to retry a deletion that met a newer version of the object.
const RETRY: Duration = Duration::from_secs(1);

impl Executor<'_> {
    /// Deletes what isn't declared any more, as far as it may be deleted now; the rest follows as the watches report
    /// the deletions. Returns what still exists.
    pub async fn prune(&self, children: &[Child], replaced: bool) -> Vec<ChildOutcome> {
        let (mut now, mut later) = plan::prunable(self.cache.owned(&self.target.id), children, replaced);
        if self.target.ungated.enforcement.paused {
            later.append(&mut now);
        }
        if self.target.runs.is_none() {
            // Where it isn't known which release runs, what leads to its pods stays, as they do.
            later.extend(now.extract_if(.., |leftover| leftover.kind.stage == Stage::Entry));
        }
        let undone = join_all(now.iter().map(|leftover| self.delete(leftover))).await.into_iter().flatten();
        let waiting = later.iter().map(|leftover| ChildOutcome::of_leftover(leftover, ChildState::Leftover(AWAITED)));
        undone.chain(waiting).collect()
    }

    /// Deletes one object; `None` where it is, or is gone.
    async fn delete(&self, leftover: &Leftover) -> Option<ChildOutcome> {
        let Leftover { kind, name, uid, resource_version, .. } = leftover;
        let failure = self.writer.delete(&self.target.id, kind, name, uid, resource_version).await.err()?;
        let state = match failure.class() {
            FailureClass::Outdated if failure.is_not_found() => return None,
            // Changed since it was seen. Its watch reports the new version, but may do so before this reconciliation ends.
            FailureClass::Outdated => ChildState::Leftover(jittered(RETRY)),
            FailureClass::Refused | FailureClass::Unavailable => {
                ChildState::Failed(jittered(backoff(failure.class(), 1)), failure.in_words())
            }
        };
        Some(ChildOutcome::of_leftover(leftover, state))
    }
}
