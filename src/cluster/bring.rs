//! Bringing the children of one app to what is declared: ask the plan, send one request, ask again with the answer.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::{Cache, Failure, FailureClass, Memory, Writer, backoff, memory::conflict_retry};
use crate::{
    api::{ChildRef, DriftChange, DriftItem},
    app::AppId,
    desired::{Child, Stage},
    plan::{self, Change, ChildOutcome, ChildState, Contention, Live, Told, Verdict},
    release::Target,
};

/// A child needs an apply, a removal and a look at the answer; whatever is not done then waits for the next round.
const STEPS: usize = 4;

/// The tools of one look at one app.
#[derive(Debug)]
pub struct Round<'a> {
    /// What is to be applied.
    pub target: &'a Target,
    /// Live children.
    pub cache: &'a Cache,
    /// What isn't in the cluster.
    pub memory: &'a Memory,
    /// Sends writes.
    pub writer: &'a Writer,
}

/// What the last status says of the children.
#[derive(Clone, Copy, Debug)]
pub struct Previous<'a> {
    /// Those of this very spec.
    pub listed: &'a [ChildRef],
    /// What deviated.
    pub open: &'a [DriftItem],
}

impl Previous<'_> {
    fn of(&self, child: &Child) -> Told {
        let is_it = |kind: &str, name: &str| kind == child.kind.name && name == child.name;
        let gone = |item: &&DriftItem| item.change == DriftChange::Deleted && item.path.is_empty();
        Told {
            listed: self.listed.iter().any(|known| is_it(&known.kind, &known.name)),
            deleted: self.open.iter().filter(gone).any(|item| is_it(&item.kind, &item.name)),
        }
    }
}

/// What is known before a child is looked at.
#[derive(Clone, Copy)]
struct Before<'a> {
    previous: Previous<'a>,
    /// The guards aren't all in place: what is there is kept as it is declared, but nothing new is made.
    held: bool,
}

impl Round<'_> {
    /// Brings all children to what is declared: within a component the guards first, all else in parallel.
    ///
    /// If one is missing that `previous` lists, it was deleted.
    pub async fn bring_all(&self, children: &[Child], previous: Previous<'_>) -> Vec<ChildOutcome> {
        let components = children.chunk_by(|one, other| one.part == other.part).map(async |children| {
            let (guards, workloads): (Vec<&Child>, Vec<&Child>) =
                children.iter().partition(|child| child.kind.stage == Stage::Guard);
            let mut outcomes = self.stage(guards, Before { previous, held: false }).await;
            let held = !outcomes.iter().all(|outcome| outcome.state.is_in_place());
            outcomes.extend(self.stage(workloads, Before { previous, held }).await);
            outcomes
        });
        join_all(components).await.into_iter().flatten().collect()
    }

    async fn stage(&self, children: Vec<&Child>, before: Before<'_>) -> Vec<ChildOutcome> {
        let outcomes = join_all(children.into_iter().map(|child| self.bring(child, before))).await;
        // Noted here and not with the status: if another child takes too long, this one's drift must not be lost.
        for outcome in &outcomes {
            self.memory.of(&self.target.id.uid, |memory| memory.undone(&outcome.reverted));
        }
        outcomes
    }

    async fn bring(&self, child: &Child, before: Before<'_>) -> ChildOutcome {
        let mut told = before.previous.of(child);
        let mut undone: Vec<DriftItem> = Vec::new();
        let mut live = match self.find(child, told).await {
            Ok(live) => live,
            Err(failure) => {
                let verdict = self.verdict(child, &Live::Absent, told);
                return self.failed(child, &failure, undone, verdict);
            }
        };
        let observed = plan::is_observed(child, &self.target.ungated.enforcement);
        for _ in 0..STEPS {
            let verdict = self.verdict(child, &live, told);
            // However many requests a heal takes, it is one heal.
            let heals = undone.is_empty() && !verdict.drift.is_empty() && verdict.change.is_request();
            // A change of the spec that meets with what is only observed is no heal.
            let heals = heals && !(observed && verdict.news);
            let held = self.target.ungated.enforcement.paused || (before.held && verdict.news);
            let held = (held && verdict.change.is_request()).then_some(ChildState::Held);
            let contested = || if heals { self.contested(child, &verdict) } else { None };
            if let Some(state) = self.rest(child, &live, &verdict).or(held).or_else(contested) {
                return ChildOutcome::of(child, state, undone, verdict);
            }
            log(&self.target.id, &verdict);
            if heals {
                self.contention(child, |contention| contention.healed(Instant::now()));
            }
            let answer = match self.send(child, &live, &verdict).await {
                Ok(answer) => answer,
                Err(failure) => return self.failed(child, &failure, undone, verdict),
            };
            told.listed |= !answer.found;
            // A creation that found our own object in place was no deletion: the next look says what it was.
            if !(verdict.change == Change::Create && answer.found) {
                let news = verdict.drift.into_iter().filter(|item| !undone.iter().any(|known| known.is_same(item)));
                let news: Vec<DriftItem> = news.collect();
                undone.extend(news);
            }
            live = answer.live;
        }
        let verdict = self.verdict(child, &live, told);
        let words =
            format!("{} {} is changed as fast as it is applied, perhaps by a webhook", child.kind.name, child.name);
        let pause = self.memory.of(&self.target.id.uid, |memory| memory.refused(child, &words));
        ChildOutcome::of(child, ChildState::Failed(pause, words), undone, verdict)
    }

    /// What is known of a child; asked for only where it is out of sight and won't be made anew.
    async fn find(&self, child: &Child, told: Told) -> Result<Live, Failure> {
        let live = self.cache.live(&self.target.id, child);
        if live != Live::Absent {
            self.memory.of(&self.target.id.uid, |memory| memory.seen(child));
            return Ok(live);
        }
        let left = self.target.ungated.enforcement.paused || plan::is_observed(child, &self.target.ungated.enforcement);
        if told.listed && left { self.unseen(child).await } else { Ok(live) }
    }

    /// What became of a child that the watches show no more: it may only have lost the label by which they see it. Nobody would
    /// find out where it isn't made anew.
    async fn unseen(&self, child: &Child) -> Result<Live, Failure> {
        let uid = &self.target.id.uid;
        if self.memory.of(uid, |memory| memory.is_gone(child)) {
            return Ok(Live::Absent);
        }
        match self.writer.get(&self.target.id, child).await {
            Ok(object) => {
                if let Some(holder) = plan::holder(&object, uid) {
                    self.memory.of(uid, |memory| memory.conflict_seen(child, &holder));
                }
                Ok(Live::answered(object))
            }
            Err(failure) if failure.class() == FailureClass::Outdated => {
                self.memory.of(uid, |memory| memory.gone(child));
                Ok(Live::Absent)
            }
            Err(failure) => Err(failure),
        }
    }

    fn failed(&self, child: &Child, failure: &Failure, undone: Vec<DriftItem>, verdict: Verdict) -> ChildOutcome {
        let state = ChildState::Failed(self.pause(child, failure), failure.in_words());
        ChildOutcome::of(child, state, undone, verdict)
    }

    /// How long to leave a child alone after a failure.
    fn pause(&self, child: &Child, failure: &Failure) -> Duration {
        self.memory.of(&self.target.id.uid, |memory| match failure.class() {
            FailureClass::Refused => memory.refused(child, &failure.in_words()),
            class => backoff(class, memory.failures.saturating_add(1)),
        })
    }

    fn verdict(&self, child: &Child, live: &Live, told: Told) -> Verdict {
        plan::verdict(child, &self.target.id.uid, live, told, &self.target.ungated.enforcement)
    }

    /// The state of a child to which nothing is done now.
    fn rest(&self, child: &Child, live: &Live, verdict: &Verdict) -> Option<ChildState> {
        let uid = &self.target.id.uid;
        match &verdict.change {
            Change::Keep if !verdict.drift.is_empty() => Some(ChildState::Observed),
            Change::Keep => {
                if !verdict.conditional {
                    self.cache.settle(&self.target.id, child, live, &verdict.findings);
                }
                self.memory.of(uid, |memory| memory.at_peace(child));
                Some(ChildState::InPlace)
            }
            Change::Conflict { holder } => Some(ChildState::Conflict(holder.clone(), conflict_retry(child))),
            Change::AwaitDeletion => Some(ChildState::AwaitDeletion),
            Change::Create | Change::Apply | Change::Remove(_) | Change::Correct(_) => self.memory.of(uid, |memory| {
                let conflict = if verdict.change == Change::Create { memory.known_conflict(child) } else { None };
                let conflict = conflict.map(|(pause, holder)| ChildState::Conflict(holder, pause));
                let refusal = || memory.refusal(child, verdict.is_dangerous());
                conflict.or_else(|| refusal().map(|(pause, words)| ChildState::Failed(pause, words)))
            }),
        }
    }

    /// Somebody undoes what we do: give way, but never leave pods without their guard.
    fn contested(&self, child: &Child, verdict: &Verdict) -> Option<ChildState> {
        if verdict.change == Change::Create && child.kind.stage == Stage::Guard {
            return None;
        }
        let pause = self.contention(child, |contention| contention.pause(verdict.is_dangerous(), Instant::now()));
        (!pause.is_zero()).then_some(ChildState::Contested(pause))
    }

    fn contention<T>(&self, child: &Child, look: impl FnOnce(&mut Contention) -> T) -> T {
        self.memory.of(&self.target.id.uid, |memory| look(memory.contention(child)))
    }
}

/// Said before it is undone: if the process ends in between, the log still tells.
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
