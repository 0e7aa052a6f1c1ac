//! All children of an app, stage by stage; those of a stage in parallel.

use std::collections::BTreeSet;

use futures::future::join_all;
use k8s_openapi::jiff::Timestamp;

use super::executor::Executor;
use crate::{
    app::PartName,
    desired::{Child, Stage},
    plan::{self, ChildOutcome, Guards, LastReport},
};

impl Executor<'_> {
    /// Applies all children: the guards of all parts first, since what lets a client in stands with the part that it connects to,
    /// before any pod needs it. Then the workloads, but nothing new of a part whose guards aren't in place, or those of a part that it connects
    /// to. Last what leads to them from outside the cluster.
    pub async fn converge(&self, children: &[Child], last_report: LastReport<'_>) -> Vec<ChildOutcome> {
        self.memory.of(&self.target.id.uid, |memory| memory.retain(children));
        let of_stage = |stage: Stage| children.iter().filter(|child| child.kind.stage == stage).collect::<Vec<_>>();
        let mut outcomes = self.stage(of_stage(Stage::Guard), |_| Guards::InPlace, last_report).await;
        let missing: BTreeSet<Option<PartName>> =
            outcomes.iter().filter(|guard| !guard.lets_workloads_follow()).map(|guard| guard.part.clone()).collect();
        let is_missing = |child: &Child| {
            let mut needed = child.part.iter().flat_map(|part| plan::needs(self.target, part)).map(Some);
            missing.contains(&None) || needed.any(|part| missing.contains(&part))
        };
        let guards = |child: &Child| {
            if !missing.is_empty() && is_missing(child) { Guards::Missing } else { Guards::InPlace }
        };
        outcomes.extend(self.stage(of_stage(Stage::Workload), guards, last_report).await);
        outcomes.extend(self.stage(of_stage(Stage::Entry), guards, last_report).await);
        outcomes
    }

    async fn stage(
        &self,
        children: Vec<&Child>,
        guards: impl Fn(&Child) -> Guards,
        last_report: LastReport<'_>,
    ) -> Vec<ChildOutcome> {
        let children = children.into_iter().map(|child| self.child(child, guards(child), last_report));
        let outcomes = join_all(children).await;
        // Recorded here and not with the status: if another child takes too long, the drift of this one must not be
        // lost.
        for outcome in &outcomes {
            self.memory.of(&self.target.id.uid, |memory| memory.add_reverted(&outcome.reverted, Timestamp::now()));
        }
        outcomes
    }
}
