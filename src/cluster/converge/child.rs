//! One child: ask the plan, send one request, ask again with the response.

use std::time::Instant;

use super::{executor::Executor, send::Answer};
use crate::{
    api::DriftItem,
    app::AppId,
    cluster::write::Failure,
    desired::Child,
    plan::{
        self, ChildMemory, ChildOutcome, ChildState, FailureClass, Guards, Known, LastReport, Live, MOST_REQUESTS,
        NextStep, Purpose, Request, Step, Verdict, Written,
    },
};

impl Executor<'_> {
    pub(super) async fn child(&self, child: &Child, guards: Guards, last_report: LastReport<'_>) -> ChildOutcome {
        if !self.cache.serves(child.kind) {
            return ChildOutcome::without_api(child);
        }
        let _comparison = self.cache.comparison(&self.target.id, child).await;
        let mut known = Known {
            uid: &self.target.id.uid,
            enforcement: &self.target.ungated.enforcement,
            last_report,
            guards,
            live: self.cache.live(&self.target.id, child),
            written: Written::Nothing,
            read: false,
            reverted: false,
        };
        let (mut reverted, mut requests): (Vec<DriftItem>, usize) = (Vec::new(), 0);
        loop {
            let NextStep { verdict, step } = self.next_step(child, &known);
            let failure = match step {
                Step::Rest(state) => {
                    self.rest(child, &known.live, &state, &verdict);
                    return ChildOutcome::of(child, state, reverted, verdict);
                }
                Step::Read | Step::Send { .. } if requests == MOST_REQUESTS => {
                    return self.give_up(child, reverted, verdict);
                }
                Step::Read => match self.read(child).await {
                    Ok(live) => {
                        requests += 1;
                        known.read = true;
                        known.live = live.read_after(&known.live);
                        continue;
                    }
                    Err(failure) => failure,
                },
                Step::Send { request, purpose } => {
                    requests += 1;
                    match self.send(child, &known, &request, &verdict, purpose).await {
                        Ok(answer) => {
                            // If the creation found the app's own object, nothing was deleted: the next comparison finds
                            // the drift.
                            if !(request == Request::Create && answer.found) {
                                add_new(&mut reverted, verdict.drift);
                            }
                            known.add(answer.found, verdict.is_update);
                            known.reverted = !reverted.is_empty();
                            known.live = answer.live;
                            continue;
                        }
                        Err(failure) => failure,
                    }
                }
            };
            let state = ChildState::Failed(self.pause(child, &failure), failure.in_words());
            return ChildOutcome::of(child, state, reverted, verdict);
        }
    }

    fn next_step(&self, child: &Child, known: &Known<'_>) -> NextStep {
        let memory = self.memory.of(&self.target.id.uid, |memory| memory.child(child));
        if memory.gone && known.live != Live::Absent {
            self.change(child, |memory| memory.gone = false);
        }
        // Outside of the lock: a comparison takes as long as a tenant's object is large.
        plan::step(child, known, &memory, Instant::now())
    }

    fn give_up(&self, child: &Child, reverted: Vec<DriftItem>, verdict: Verdict) -> ChildOutcome {
        let message = format!(
            "{} {} is changed as fast as it is applied, perhaps by a webhook: exempt the object there, or have the platform team list what it adds under drift.toleratedPaths",
            child.kind.name, child.name
        );
        let state = ChildState::Failed(self.refused(child, &message), message);
        ChildOutcome::of(child, state, reverted, verdict)
    }

    /// Records that a child needs nothing, so that the next reconciliation needn't compare it.
    fn rest(&self, child: &Child, live: &Live, state: &ChildState, verdict: &Verdict) {
        if *state == ChildState::InPlace {
            if !verdict.conditional {
                self.cache.verified(&self.target.id, child, live, &verdict.unowned);
            }
            self.change(child, ChildMemory::clear_failures);
        }
    }

    /// Reads an object whose text isn't kept, or that the watches don't show: it may only have lost the label that they select by.
    async fn read(&self, child: &Child) -> Result<Live, Failure> {
        match self.writer.get(&self.target.id, child).await {
            Ok(object) => {
                let live = object.live(child.kind);
                if let Some(holder) = plan::holder(live.controller().as_ref(), &self.target.id.uid) {
                    self.change(child, |memory| memory.add_conflict(child, &holder, Instant::now()));
                }
                Ok(live)
            }
            Err(failure) if failure.class() == FailureClass::Outdated => {
                self.cache.forget(&self.target.id, child.kind, &child.name);
                self.change(child, |memory| memory.gone = true);
                Ok(Live::Absent)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn send(
        &self,
        child: &Child,
        known: &Known<'_>,
        request: &Request,
        verdict: &Verdict,
        purpose: Purpose,
    ) -> Result<Answer, Failure> {
        log(&self.target.id, verdict);
        if purpose == Purpose::Heal {
            self.change(child, |memory| memory.contention.healed(Instant::now()));
        }
        self.request(child, &known.live, request, verdict.correction.as_ref(), known.guards).await
    }
}

/// Adds what earlier requests haven't reverted.
fn add_new(reverted: &mut Vec<DriftItem>, drift: Vec<DriftItem>) {
    let is_new = |item: &DriftItem| !reverted.iter().any(|known| known.is_same(item));
    let new: Vec<DriftItem> = drift.into_iter().filter(is_new).collect();
    reverted.extend(new);
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
