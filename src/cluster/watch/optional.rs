//! The watch of a kind of child that the API server may not have: it goes on while there is a definition of the kind.

use std::sync::Arc;

use futures::{Stream, StreamExt, pin_mut};
use kube::{
    Api,
    runtime::watcher::{self, Event},
};
use tokio::sync::{oneshot, watch};

use super::{
    super::{
        cache::{Cache, NeighbourKind},
        stored::Stored,
        triggers::Triggers,
    },
    children,
    events::events,
    follow::Watches,
    neighbours,
};
use crate::desired::Kind;

/// How often a watch of a kind that the API server doesn't have is tried after its definition has changed: the definition is reported before
/// the API server serves the kind. The pauses grow to half a minute.
const MOST_NOT_FOUND: usize = 8;

/// Follows a kind while `definition` has a value, and again after each change of that. The receiver resolves after the first full list, or if
/// there is none to wait for: the start depends on no optional API.
pub(super) fn watch(
    kind: &'static Kind,
    mut definition: watch::Receiver<Option<u64>>,
    cache: &Arc<Cache>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    let optional = Optional { kind, cache: cache.clone(), triggers: triggers.clone() };
    let api = Api::<Stored>::all_with(watches.client.clone(), &kind.resource());
    let traffic = watches.traffic.clone();
    watches.spawn(async move {
        let mut sender = Some(sender);
        loop {
            if definition.borrow_and_update().is_some() {
                let url = api.resource_url().to_owned();
                traffic.expect(&url);
                optional.appears();
                let handle = |answer: Answer<'_>| {
                    optional.handle(answer);
                    if answer.lets_the_operator_start() {
                        sender.take().map(|sender| sender.send(()));
                    }
                };
                tokio::select! {
                    () = while_served(events(api.clone(), children::labels(kind).as_deref()), &url, handle) => {}
                    _ = definition.wait_for(Option::is_none) => {}
                }
                traffic.forget(&url);
                optional.vanishes();
            }
            sender.take().map(|sender| sender.send(()));
            if definition.changed().await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// A kind that the API server may not have.
struct Optional {
    kind: &'static Kind,
    cache: Arc<Cache>,
    triggers: Arc<Triggers>,
}

impl Optional {
    /// What has a host isn't known before the first list of the kind.
    fn appears(&self) {
        if let Some(kind) = NeighbourKind::of(self.kind) {
            self.cache.around.hosts(|all| all.await_list(kind));
        }
    }

    fn handle(&self, answer: Answer<'_>) {
        match answer {
            Answer::Event(event) => {
                self.triggers.reconcile(children::child(self.kind, &self.cache, event));
                if let Some(kind) = NeighbourKind::of(self.kind) {
                    self.triggers.reconcile(neighbours::handle(kind, &self.cache, event));
                }
                if matches!(event, Event::InitDone) && self.cache.appeared(self.kind) {
                    self.triggers.reconcile_all();
                }
            }
            Answer::NotFound => self.vanishes(),
            Answer::Refused => {}
        }
    }

    fn vanishes(&self) {
        if let Some(kind) = NeighbourKind::of(self.kind) {
            self.triggers.reconcile(self.cache.neighbours_vanished(kind));
        }
        if self.cache.vanished(self.kind) {
            self.triggers.reconcile_all();
        }
    }
}

/// What the API server answers.
#[derive(Clone, Copy)]
enum Answer<'a> {
    Event(&'a Event<Stored>),
    /// It doesn't have the kind.
    NotFound,
    /// It doesn't answer, or not with this kind: what leads to apps isn't judged until it does, but the rest of the operator starts.
    Refused,
}

impl Answer<'_> {
    const fn lets_the_operator_start(self) -> bool {
        match self {
            Self::Event(event) => matches!(event, Event::InitDone),
            Self::NotFound | Self::Refused => true,
        }
    }
}

/// Handles answers until the API server has said several times in a row that it doesn't have the kind.
async fn while_served(
    events: impl Stream<Item = watcher::Result<Event<Stored>>>,
    url: &str,
    mut handle: impl FnMut(Answer<'_>),
) {
    pin_mut!(events);
    let mut not_found = 0;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                // A list that isn't streamed begins before the API server has answered.
                not_found = if matches!(event, Event::Init) { not_found } else { 0 };
                handle(Answer::Event(&event));
            }
            Err(error) if is_not_found(&error) => {
                handle(Answer::NotFound);
                not_found += 1;
                if not_found == MOST_NOT_FOUND {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(url, %error, "watch interrupted, retrying");
                handle(Answer::Refused);
            }
        }
    }
}

fn is_not_found(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    let (InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause)) = error else { return false };
    matches!(cause, kube::Error::Api(status) if status.code == 404)
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use kube::core::Status;

    use super::*;

    async fn lets_the_operator_start(events: Vec<watcher::Result<Event<Stored>>>) -> bool {
        let mut lets = false;
        while_served(stream::iter(events), "", |answer| lets |= answer.lets_the_operator_start()).await;
        lets
    }

    fn refused(code: u16) -> watcher::Result<Event<Stored>> {
        let status = Status { code, ..Status::default() };
        Err(watcher::Error::InitialListFailed(kube::Error::Api(status.boxed())))
    }

    #[tokio::test]
    async fn the_operator_starts_whatever_the_api_server_answers_about_an_optional_kind() {
        assert!(!lets_the_operator_start(vec![Ok(Event::Init)]).await);
        assert!(lets_the_operator_start(vec![Ok(Event::Init), Ok(Event::InitDone)]).await);
        for code in [403, 404, 500, 503] {
            assert!(lets_the_operator_start(vec![Ok(Event::Init), refused(code)]).await, "{code}");
        }
    }
}
