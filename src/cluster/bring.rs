//! Bringing the children of one app to what is declared: ask the plan, send one request, ask again with the answer.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::Value;

use super::{Cache, Failure, FailureClass, Memory, Writer, memory::CONFLICT_RETRY};
use crate::{
    api::{DriftItem, FindingItem},
    app::{App, Owner},
    desired::{Child, Stage},
    plan::{self, Change, Live, Verdict},
};

/// A child needs an apply, a removal and a look at the answer; whatever is not done then waits for the next round.
const STEPS: usize = 4;

/// What has become of one child.
#[derive(Clone, Debug)]
pub struct ChildOutcome {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Component it belongs to.
    pub component: String,
    /// How it stands.
    pub state: ChildState,
    /// What others had done and was undone.
    pub reverted: Vec<DriftItem>,
    /// What others have done and is not undone.
    pub open: Vec<DriftItem>,
    /// What nobody claims.
    pub findings: Vec<FindingItem>,
}

/// How a child stands.
#[derive(Clone, Debug)]
pub enum ChildState {
    /// As declared.
    InPlace,
    /// The name belongs to somebody else; tried again after this long.
    Conflict(String, Duration),
    /// Undone so often that the next time must wait.
    Contested(Duration),
    /// An object of this name is being deleted.
    AwaitDeletion,
    /// Not tried, because what must come before it isn't in place.
    Held,
    /// A write failed: what that calls for, and why in words.
    Failed(FailureClass, String),
}

impl ChildState {
    /// Whether what comes after this child may go on.
    const fn lets_pass(&self) -> bool {
        matches!(self, Self::InPlace | Self::Contested(_))
    }
}

/// The tools of one reconciliation.
struct Round<'a> {
    app: &'a App,
    cache: &'a Cache,
    memory: &'a Memory,
    writer: &'a Writer,
    /// Kind and name of the children that the last status lists for this very spec.
    listed: &'a [(String, String)],
}

/// Brings all children to what is declared: within a component the guards first, all else in parallel.
pub async fn bring_all(
    app: &App,
    children: &[Child],
    listed: &[(String, String)],
    cache: &Cache,
    memory: &Memory,
    writer: &Writer,
) -> Vec<ChildOutcome> {
    let round = Round { app, cache, memory, writer, listed };
    let components = app.components.iter().map(|component| {
        let mine = children.iter().filter(|child| child.component == component.name);
        let (guards, workloads): (Vec<&Child>, Vec<&Child>) = mine.partition(|child| child.kind.stage == Stage::Guard);
        round.component(guards, workloads)
    });
    join_all(components).await.into_iter().flatten().collect()
}

/// Deletes what nothing declares any more. Returns what couldn't be deleted; the rest of the order follows as the watches
/// report each object gone.
pub async fn prune(
    app: &App,
    children: &[Child],
    available: bool,
    cache: &Cache,
    writer: &Writer,
) -> Vec<ChildOutcome> {
    let owned = cache.owned(&app.owner);
    let deletions = plan::prunable(&owned, children, available).into_iter().map(async |leftover| {
        tracing::info!(
            namespace = app.owner.namespace,
            kind = leftover.kind.kind,
            name = leftover.name,
            "deleting what nothing declares"
        );
        match writer.delete(&app.owner, leftover).await {
            Ok(()) => None,
            // Changed or gone since: the watch will tell.
            Err(failure) if failure.class() == FailureClass::Outdated => None,
            Err(failure) => Some(ChildOutcome {
                kind: leftover.kind.kind,
                name: leftover.name.clone(),
                component: String::new(),
                state: ChildState::Failed(failure.class(), failure.in_words()),
                reverted: Vec::new(),
                open: Vec::new(),
                findings: Vec::new(),
            }),
        }
    });
    join_all(deletions).await.into_iter().flatten().collect()
}

impl Round<'_> {
    async fn component(&self, guards: Vec<&Child>, workloads: Vec<&Child>) -> Vec<ChildOutcome> {
        let mut outcomes = join_all(guards.into_iter().map(|child| self.bring(child))).await;
        if outcomes.iter().all(|outcome| outcome.state.lets_pass()) {
            outcomes.extend(join_all(workloads.into_iter().map(|child| self.bring(child))).await);
        } else {
            outcomes.extend(workloads.into_iter().map(|child| outcome(child, ChildState::Held)));
        }
        outcomes
    }

    async fn bring(&self, child: &Child) -> ChildOutcome {
        let mut live = self.cache.live(&self.app.owner, child);
        let mut undone: Vec<DriftItem> = Vec::new();
        for _ in 0..STEPS {
            let verdict = self.verdict(child, &live);
            let findings = verdict.findings.clone();
            let stop = |state, reverted, open| ChildOutcome { reverted, open, findings, ..outcome(child, state) };
            if let Some(state) = self.rest(child, &live, &verdict) {
                return stop(state, undone, verdict.drift);
            }
            log(&self.app.owner, &verdict);
            match self.send(child, &live, &verdict).await {
                Ok(next) => {
                    // A creation that found our own object in place was no deletion: the next look says what it was.
                    let created_over = verdict.change == Change::Create && next.found;
                    if !created_over {
                        undone.extend(
                            verdict
                                .drift
                                .into_iter()
                                .filter(|item| !undone.iter().any(|known| is_same(known, item)))
                                .collect::<Vec<_>>(),
                        );
                    }
                    live = next.live;
                }
                Err(failure) => {
                    let state = ChildState::Failed(failure.class(), failure.in_words());
                    return stop(state, undone, verdict.drift);
                }
            }
        }
        let pause = Duration::from_secs(1);
        ChildOutcome { reverted: undone, ..outcome(child, ChildState::Contested(pause)) }
    }

    fn verdict(&self, child: &Child, live: &Live) -> Verdict {
        let listed = self.listed.iter().any(|(kind, name)| *kind == child.kind.kind && *name == child.name);
        plan::verdict(child, &self.app.owner.uid, live, listed, &self.app.tolerated)
    }

    /// The state of a child to which nothing is done now.
    fn rest(&self, child: &Child, live: &Live, verdict: &Verdict) -> Option<ChildState> {
        let (uid, kind, name) = (&self.app.owner.uid, child.kind.kind, &child.name);
        match &verdict.change {
            Change::Keep => {
                self.cache.settle(&self.app.owner, child, live, &verdict.findings);
                Some(ChildState::InPlace)
            }
            Change::Conflict { holder } => {
                self.memory.of(uid, |memory| memory.conflict_seen(kind, name, holder));
                Some(ChildState::Conflict(holder.clone(), CONFLICT_RETRY))
            }
            Change::AwaitDeletion => Some(ChildState::AwaitDeletion),
            Change::Create => self
                .memory
                .of(uid, |memory| memory.known_conflict(kind, name))
                .map(|holder| ChildState::Conflict(holder, CONFLICT_RETRY)),
            Change::Apply | Change::Remove(_) if verdict.drift.is_empty() => None,
            Change::Apply | Change::Remove(_) => {
                let now = Instant::now();
                let pause = self.memory.of(uid, |memory| memory.contention(kind, name).pause(verdict.dangerous, now));
                (!pause.is_zero()).then_some(ChildState::Contested(pause))
            }
        }
    }

    /// Sends the one request that the verdict calls for.
    async fn send(&self, child: &Child, live: &Live, verdict: &Verdict) -> Result<Answer, Failure> {
        let owner = &self.app.owner;
        let answer = match &verdict.change {
            Change::Remove(patch) => self.writer.patch(owner, child, patch).await,
            Change::Apply => self.writer.apply(owner, child, live.uid().unwrap_or_default()).await,
            _ => self.writer.create(owner, child).await,
        };
        if !verdict.drift.is_empty() {
            self.memory.of(&owner.uid, |memory| memory.contention(child.kind.kind, &child.name).healed(Instant::now()));
        }
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
                self.cache.wrote(child.kind, &object);
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

fn outcome(child: &Child, state: ChildState) -> ChildOutcome {
    ChildOutcome {
        kind: child.kind.kind,
        name: child.name.clone(),
        component: child.component.clone(),
        state,
        reverted: Vec::new(),
        open: Vec::new(),
        findings: Vec::new(),
    }
}

fn is_same(one: &DriftItem, other: &DriftItem) -> bool {
    one.path == other.path && one.change == other.change
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
