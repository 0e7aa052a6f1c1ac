//! All children of an app: within a part the guards first, all else in parallel.

use futures::future::join_all;
use k8s_openapi::jiff::Timestamp;

use super::executor::Executor;
use crate::{
    desired::{Child, Stage},
    plan::{ChildOutcome, Guards, LastReport},
};

impl Executor<'_> {
    /// Applies all children: those of the app as a whole first, then part by part; in each the guards first, all else in
    /// parallel.
    pub async fn converge(&self, children: &[Child], last_report: LastReport<'_>) -> Vec<ChildOutcome> {
        self.memory.of(&self.target.id.uid, |memory| memory.retain(children));
        let (of_app, of_parts) = children.split_at(children.partition_point(|child| child.part.is_none()));
        let (guards, mut outcomes) = self.part(of_app, Guards::InPlace, last_report).await;
        let parts = of_parts.chunk_by(|one, other| one.part == other.part);
        let parts = join_all(parts.map(|children| self.part(children, guards, last_report))).await;
        outcomes.extend(parts.into_iter().flat_map(|(_, outcomes)| outcomes));
        outcomes
    }

    /// Applies the children of one part, or those of the app as a whole. Returns the state of its guards too; `above` is that of
    /// the guards of the app.
    async fn part(
        &self,
        children: &[Child],
        above: Guards,
        last_report: LastReport<'_>,
    ) -> (Guards, Vec<ChildOutcome>) {
        let (guards, workloads): (Vec<&Child>, Vec<&Child>) =
            children.iter().partition(|child| child.kind.stage == Stage::Guard);
        let mut outcomes = self.stage(guards, Guards::InPlace, last_report).await;
        let in_place = above == Guards::InPlace && outcomes.iter().all(ChildOutcome::lets_workloads_follow);
        let guards = if in_place { Guards::InPlace } else { Guards::Missing };
        outcomes.extend(self.stage(workloads, guards, last_report).await);
        (guards, outcomes)
    }

    async fn stage(&self, children: Vec<&Child>, guards: Guards, last_report: LastReport<'_>) -> Vec<ChildOutcome> {
        let children = children.into_iter().map(|child| self.child(child, guards, last_report));
        let outcomes = join_all(children).await;
        // Recorded here and not with the status: if another child takes too long, the drift of this one must not be
        // lost.
        for outcome in &outcomes {
            self.memory.of(&self.target.id.uid, |memory| memory.add_reverted(&outcome.reverted, Timestamp::now()));
        }
        outcomes
    }
}
