//! All children of an app: within a part the guards first, all else in parallel.

use futures::future::join_all;

use super::executor::Executor;
use crate::{
    desired::{Child, Stage},
    plan::{ChildOutcome, Guards, Known, LastReport},
};

impl Executor<'_> {
    /// Applies all children: within a part the guards first, all else in parallel.
    pub async fn converge(&self, children: &[Child], last_report: LastReport<'_>) -> Vec<ChildOutcome> {
        self.memory.of(&self.target.id.uid, |memory| memory.retain(children));
        let parts = children.chunk_by(|one, other| one.part == other.part).map(async |children| {
            let (guards, workloads): (Vec<&Child>, Vec<&Child>) =
                children.iter().partition(|child| child.kind.stage == Stage::Guard);
            let mut outcomes = self.stage(guards, Guards::InPlace, last_report).await;
            let in_place = outcomes.iter().all(|outcome| outcome.state.is_in_place());
            let guards = if in_place { Guards::InPlace } else { Guards::Missing };
            outcomes.extend(self.stage(workloads, guards, last_report).await);
            outcomes
        });
        join_all(parts).await.into_iter().flatten().collect()
    }

    async fn stage(&self, children: Vec<&Child>, guards: Guards, last_report: LastReport<'_>) -> Vec<ChildOutcome> {
        let children = children.into_iter().map(|child| {
            let known = Known {
                uid: &self.target.id.uid,
                enforcement: &self.target.ungated.enforcement,
                last_report,
                guards,
                live: self.cache.live(&self.target.id, child),
                written: false,
                reverted: false,
            };
            self.child(child, known)
        });
        let outcomes = join_all(children).await;
        // Recorded here and not with the status: if another child takes too long, the drift of this one must not be
        // lost.
        for outcome in &outcomes {
            self.memory.of(&self.target.id.uid, |memory| memory.add_reverted(&outcome.reverted));
        }
        outcomes
    }
}
