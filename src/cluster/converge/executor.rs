//! Brings the children of one app to what is declared: ask the plan, send one request, ask again with the answer.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::cluster::{
    cache::Cache,
    jitter::jittered,
    memory::Memory,
    write::{Failure, Writer},
};
use crate::{
    api::DriftItem,
    app::AppId,
    desired::{Child, Stage},
    plan::{
        self, Change, ChildMemory, ChildOutcome, ChildState, Decision, FailureClass, Guards, Known, LastReport, Live,
        Purpose, Request, Step, Verdict, backoff,
    },
    release::Target,
};

/// A child needs an apply, a removal and a comparison with the answer; whatever is left then waits for the next reconciliation.
const STEPS: usize = 4;

/// The tools of one reconciliation.
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
    /// Brings all children to what is declared: within a part the guards first, all else in parallel.
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
        // Noted here and not with the status: if another child takes too long, the drift of this one must not be lost.
        for outcome in &outcomes {
            self.memory.of(&self.target.id.uid, |memory| memory.add_reverted(&outcome.reverted));
        }
        outcomes
    }

    async fn child(&self, child: &Child, mut known: Known<'_>) -> ChildOutcome {
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
                        // A creation that found our own object was no deletion: the next comparison says what it was.
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
        let words =
            format!("{} {} is changed as fast as it is applied, perhaps by a webhook", child.kind.name, child.name);
        let state = ChildState::Failed(self.refused(child, &words), words);
        ChildOutcome::of(child, state, reverted, verdict)
    }

    /// Notes that a child needs nothing, so that the next reconciliation needn't compare it.
    fn rest(&self, child: &Child, live: &Live, state: &ChildState, verdict: &Verdict) {
        if *state == ChildState::InPlace {
            if !verdict.conditional {
                self.cache.verified(&self.target.id, child, live, &verdict.findings);
            }
            self.of(child, ChildMemory::clear_failures);
        }
    }

    /// Reads an object that the watches don't show: it may only have lost the label by which they see it.
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

    async fn send(
        &self,
        child: &Child,
        live: &Live,
        verdict: &Verdict,
        purpose: Purpose,
    ) -> Result<super::send::Answer, Failure> {
        log(&self.target.id, verdict);
        if purpose == Purpose::Heal {
            self.of(child, |memory| memory.contention.healed(Instant::now()));
        }
        self.request(child, live, verdict).await
    }

    /// How long to leave a child alone after a failure.
    fn pause(&self, child: &Child, failure: &Failure) -> Duration {
        match failure.class() {
            FailureClass::Refused => self.refused(child, &failure.in_words()),
            class => {
                let failures = self.memory.of(&self.target.id.uid, |memory| memory.failures);
                jittered(backoff(class, failures.saturating_add(1)))
            }
        }
    }

    fn refused(&self, child: &Child, words: &str) -> Duration {
        self.of(child, |memory| {
            let pause = jittered(backoff(FailureClass::Refused, memory.refusals(child).saturating_add(1)));
            memory.add_refusal(child, words, Instant::now(), pause);
            pause
        })
    }

    /// Reads or changes what is remembered of a child.
    pub(super) fn of<T>(&self, child: &Child, access: impl FnOnce(&mut ChildMemory) -> T) -> T {
        self.memory.of(&self.target.id.uid, |memory| access(memory.child(child)))
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
