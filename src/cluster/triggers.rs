//! Tells the work queue which apps to reconcile.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::{
    StreamExt,
    channel::mpsc::{UnboundedSender, unbounded},
    stream::BoxStream,
};

use super::cache::AppKey;

/// Tells the work queue which apps to reconcile.
#[derive(Debug)]
pub struct Triggers {
    one: UnboundedSender<AppKey>,
    all: UnboundedSender<()>,
    /// Until the caches are full the queue isn't read: the first reconciliations cover every app anyway.
    armed: AtomicBool,
}

impl Triggers {
    /// The triggers, and the two streams on which they arrive: single apps, and all of them.
    #[must_use]
    pub fn new() -> (Arc<Self>, BoxStream<'static, AppKey>, BoxStream<'static, ()>) {
        let ((one, ones), (all, alls)) = (unbounded(), unbounded());
        (Arc::new(Self { one, all, armed: AtomicBool::new(false) }), ones.boxed(), alls.boxed())
    }

    pub(super) fn arm(&self) {
        self.armed.store(true, Ordering::Release);
    }

    pub(super) fn reconcile(&self, apps: impl IntoIterator<Item = AppKey>) {
        if self.armed.load(Ordering::Acquire) {
            for app in apps.into_iter().filter(|(_, name)| !name.is_empty()) {
                // Fails only when the queue has ended, and with it the process.
                let _ = self.one.unbounded_send(app);
            }
        }
    }

    pub(super) fn reconcile_all(&self) {
        if self.armed.load(Ordering::Acquire) {
            let _ = self.all.unbounded_send(());
        }
    }
}
