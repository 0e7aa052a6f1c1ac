//! One child: ask the plan, send one request, ask again with the response.

use std::time::Instant;

use super::{executor::Executor, send::Answer};
use crate::{
    api::DriftItem,
    app::AppId,
    cluster::write::Failure,
    desired::Child,
    plan::{
        self, Change, ChildMemory, ChildOutcome, ChildState, Decision, FailureClass, Known, Live, Purpose, Request,
        Step, Verdict,
    },
};

/// A child needs an apply, a removal and a comparison with the response; whatever is left then waits for the next
/// reconciliation.
const STEPS: usize = 4;

impl Executor<'_> {
    pub(super) async fn child(&self, child: &Child, mut known: Known<'_>) -> ChildOutcome {
        let mut reverted: Vec<DriftItem> = Vec::new();
        for _ in 0..STEPS {
            if known.live != Live::Absent {
                self.of(child, |memory| memory.gone = false);
            }
            let Decision { verdict, step } = self.of(child, |memory| plan::step(child, &known, memory, Instant::now()));
            let failure = match step {
                Step::Rest(state) => {
                    self.rest(child, &known.live, &state, &verdict);
                    return ChildOutcome::of(child, state, reverted, verdict);
                }
                Step::Read => match self.read(child).await {
                    Ok(live) => {
                        known.live = live;
                        continue;
                    }
                    Err(failure) => failure,
                },
                Step::Send(purpose) => match self.send(child, &known.live, &verdict, purpose).await {
                    Ok(answer) => {
                        known.written |= !answer.found;
                        // If the creation found the app's own object, nothing was deleted: the next comparison finds
                        // the drift.
                        if !(verdict.change == Change::Send(Request::Create) && answer.found) {
                            add_new(&mut reverted, verdict.drift);
                        }
                        known.reverted = !reverted.is_empty();
                        known.live = answer.live;
                        continue;
                    }
                    Err(failure) => failure,
                },
            };
            let state = ChildState::Failed(self.pause(child, &failure), failure.in_words());
            return ChildOutcome::of(child, state, reverted, verdict);
        }
        let Decision { verdict, .. } = self.of(child, |memory| plan::step(child, &known, memory, Instant::now()));
        let message =
            format!("{} {} is changed as fast as it is applied, perhaps by a webhook", child.kind.name, child.name);
        let state = ChildState::Failed(self.refused(child, &message), message);
        ChildOutcome::of(child, state, reverted, verdict)
    }

    /// Records that a child needs nothing, so that the next reconciliation needn't compare it.
    fn rest(&self, child: &Child, live: &Live, state: &ChildState, verdict: &Verdict) {
        if *state == ChildState::InPlace {
            if !verdict.conditional {
                self.cache.verified(&self.target.id, child, live, &verdict.findings);
            }
            self.of(child, ChildMemory::clear_failures);
        }
    }

    /// Reads an object that the watches don't show: it may only have lost the label that they select by.
    async fn read(&self, child: &Child) -> Result<Live, Failure> {
        match self.writer.get(&self.target.id, child).await {
            Ok(object) => {
                if let Some(holder) = plan::holder(&object, &self.target.id.uid) {
                    self.of(child, |memory| memory.add_conflict(child, &holder, Instant::now()));
                }
                Ok(Live::answered(object))
            }
            Err(failure) if failure.class() == FailureClass::Outdated => {
                self.of(child, |memory| memory.gone = true);
                Ok(Live::Absent)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, child: &Child, live: &Live, verdict: &Verdict, purpose: Purpose) -> Result<Answer, Failure> {
        log(&self.target.id, verdict);
        if purpose == Purpose::Heal {
            self.of(child, |memory| memory.contention.healed(Instant::now()));
        }
        self.request(child, live, verdict).await
    }
}

fn add_new(reverted: &mut Vec<DriftItem>, drift: Vec<DriftItem>) {
    for item in drift {
        if !reverted.iter().any(|known| known.is_same(&item)) {
            reverted.push(item);
        }
    }
}

/// Logged before it is reverted: if the process ends in between, the log still has it.
fn log(id: &AppId, verdict: &Verdict) {
    for item in &verdict.drift {
        tracing::warn!(
            namespace = id.namespace,
            app = id.name,
            kind = item.kind,
            name = item.name,
            path = item.path,
            change = ?item.change,
            desired = item.desired,
            live = item.live,
            manager = item.manager,
            "drift"
        );
    }
}
