//! Bringing the children of one app to what is declared: ask the plan, send one request, ask again with the answer.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::Value;

use super::{
    Cache, ChildOutcome, ChildState, Failure, FailureClass, Memory, Writer,
    memory::{AppMemory, CONFLICT_RETRY},
};
use crate::{
    api::{ChildRef, DriftItem},
    app::{App, Owner},
    desired::{Child, Stage},
    plan::{self, Change, Contention, Live, Verdict},
};

/// A child needs an apply, a removal and a look at the answer; whatever is not done then waits for the next round.
const STEPS: usize = 4;

/// The tools of one look at one app.
#[derive(Debug)]
pub struct Round<'a> {
    /// What is to be done.
    pub app: &'a App,
    /// Live children.
    pub cache: &'a Cache,
    /// What isn't in the cluster.
    pub memory: &'a Memory,
    /// Sends writes.
    pub writer: &'a Writer,
}

impl Round<'_> {
    /// Brings all children to what is declared: within a component the guards first, all else in parallel.
    ///
    /// `listed` are the children that the last status lists for this very spec: if one is missing, it was deleted.
    pub async fn bring_all(&self, children: &[Child], listed: &[ChildRef]) -> Vec<ChildOutcome> {
        let components = self.app.components.iter().map(|component| {
            let mine = children.iter().filter(|child| child.component == component.name);
            let (guards, workloads): (Vec<&Child>, Vec<&Child>) =
                mine.partition(|child| child.kind.stage == Stage::Guard);
            self.component(guards, workloads, listed)
        });
        join_all(components).await.into_iter().flatten().collect()
    }

    async fn component(&self, guards: Vec<&Child>, workloads: Vec<&Child>, listed: &[ChildRef]) -> Vec<ChildOutcome> {
        let mut outcomes = join_all(guards.into_iter().map(|child| self.bring(child, listed))).await;
        if outcomes.iter().all(|outcome| outcome.state.lets_pass()) {
            outcomes.extend(join_all(workloads.into_iter().map(|child| self.bring(child, listed))).await);
        } else {
            outcomes.extend(workloads.into_iter().map(|child| ChildOutcome::of(child, ChildState::Held)));
        }
        outcomes
    }

    async fn bring(&self, child: &Child, listed: &[ChildRef]) -> ChildOutcome {
        let listed = listed.iter().any(|known| known.kind == child.kind.kind && known.name == child.name);
        let mut live = self.cache.live(&self.app.owner, child);
        let mut undone: Vec<DriftItem> = Vec::new();
        for _ in 0..STEPS {
            let verdict = self.verdict(child, &live, listed);
            // However many requests a heal takes, it is one heal.
            let heals = undone.is_empty() && !verdict.drift.is_empty();
            let contested = || if heals { self.contested(child, &verdict) } else { None };
            if let Some(state) = self.rest(child, &live, &verdict).or_else(contested) {
                return ChildOutcome::stopped(child, state, undone, verdict);
            }
            log(&self.app.owner, &verdict);
            if heals {
                self.contention(child, |contention| contention.healed(Instant::now()));
            }
            let answer = match self.send(child, &live, &verdict).await {
                Ok(answer) => answer,
                Err(failure) => {
                    let state = ChildState::Failed(failure.class(), failure.in_words());
                    return ChildOutcome::stopped(child, state, undone, verdict);
                }
            };
            // A creation that found our own object in place was no deletion: the next look says what it was.
            if !(verdict.change == Change::Create && answer.found) {
                let news = verdict.drift.into_iter().filter(|item| !undone.iter().any(|known| known.is_same(item)));
                let news: Vec<DriftItem> = news.collect();
                undone.extend(news);
            }
            live = answer.live;
        }
        let verdict = self.verdict(child, &live, listed);
        ChildOutcome::stopped(child, ChildState::Contested(Duration::from_secs(1)), undone, verdict)
    }

    fn verdict(&self, child: &Child, live: &Live, listed: bool) -> Verdict {
        plan::verdict(child, &self.app.owner.uid, live, listed, &self.app.tolerated)
    }

    /// The state of a child to which nothing is done now.
    fn rest(&self, child: &Child, live: &Live, verdict: &Verdict) -> Option<ChildState> {
        match &verdict.change {
            Change::Keep => {
                if !verdict.conditional {
                    self.cache.settle(&self.app.owner, child, live, &verdict.findings);
                }
                Some(ChildState::InPlace)
            }
            Change::Conflict { holder } => Some(ChildState::Conflict(holder.clone(), CONFLICT_RETRY)),
            Change::AwaitDeletion => Some(ChildState::AwaitDeletion),
            Change::Create => self.known_conflict(child),
            Change::Apply | Change::Remove(_) => None,
        }
    }

    fn known_conflict(&self, child: &Child) -> Option<ChildState> {
        let known = |memory: &mut AppMemory| memory.known_conflict(child.kind.kind, &child.name);
        let holder = self.memory.of(&self.app.owner.uid, known)?;
        Some(ChildState::Conflict(holder, CONFLICT_RETRY))
    }

    fn contested(&self, child: &Child, verdict: &Verdict) -> Option<ChildState> {
        let pause = self.contention(child, |contention| contention.pause(verdict.dangerous, Instant::now()));
        (!pause.is_zero()).then_some(ChildState::Contested(pause))
    }

    fn contention<T>(&self, child: &Child, look: impl FnOnce(&mut Contention) -> T) -> T {
        self.memory.of(&self.app.owner.uid, |memory| look(memory.contention(child.kind.kind, &child.name)))
    }

    /// Sends the one request that the verdict calls for.
    async fn send(&self, child: &Child, live: &Live, verdict: &Verdict) -> Result<Answer, Failure> {
        let owner = &self.app.owner;
        let answer = match &verdict.change {
            Change::Remove(patch) => self.writer.patch(owner, child, patch).await,
            Change::Apply => self.writer.apply(owner, child, live.uid().unwrap_or_default()).await,
            _ => self.writer.create(owner, child).await,
        };
        match answer {
            Ok(object) => {
                self.cache.wrote(child.kind, &object);
                Ok(Answer { live: Live::answered(object), found: false })
            }
            Err(failure) if failure.class() == FailureClass::Unavailable => Err(failure),
            Err(failure) => match (&verdict.replacement, failure.class()) {
                (Some(lists), FailureClass::Refused) => self.replace(child, live, lists).await,
                _ => self.look_again(child, live, failure).await,
            },
        }
    }

    /// Sets whole lists, then applies to be their one owner again.
    async fn replace(&self, child: &Child, live: &Live, lists: &Value) -> Result<Answer, Failure> {
        let owner = &self.app.owner;
        self.writer.patch(owner, child, lists).await?;
        let object = self.writer.apply(owner, child, live.uid().unwrap_or_default()).await?;
        self.cache.wrote(child.kind, &object);
        Ok(Answer { live: Live::answered(object), found: false })
    }

    /// After a refusal: what is there now? Admission runs before versions are compared, so a foreign object can hide behind
    /// any refusal of a creation.
    async fn look_again(&self, child: &Child, judged: &Live, failure: Failure) -> Result<Answer, Failure> {
        let owner = &self.app.owner;
        match self.writer.get(owner, child).await {
            // Refused as it is: asking again changes nothing.
            Ok(object) if failure.class() == FailureClass::Refused && judged.is_version_of(&object) => Err(failure),
            Ok(object) => {
                match plan::holder(&object, &owner.uid) {
                    // Without our label no watch will tell when it goes: not for the cache, but to be tried again.
                    Some(holder) => {
                        self.memory
                            .of(&owner.uid, |memory| memory.conflict_seen(child.kind.kind, &child.name, &holder));
                    }
                    None => self.cache.wrote(child.kind, &object),
                }
                Ok(Answer { live: Live::answered(object), found: true })
            }
            Err(gone) if gone.class() == FailureClass::Outdated && failure.class() == FailureClass::Outdated => {
                self.cache.forget(owner, child.kind, &child.name);
                Ok(Answer { live: Live::Absent, found: true })
            }
            Err(_) => Err(failure),
        }
    }
}

/// What a request brought.
struct Answer {
    live: Live,
    /// The object was found rather than written.
    found: bool,
}

/// Said before it is undone: if the process ends in between, the log still tells.
fn log(owner: &Owner, verdict: &Verdict) {
    for item in &verdict.drift {
        tracing::warn!(
            namespace = owner.namespace,
            app = owner.name,
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
