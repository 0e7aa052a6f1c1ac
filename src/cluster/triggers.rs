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
    /// All apps of a namespace.
    namespaces: UnboundedSender<String>,
    /// Until the caches are full the queue isn't read: the first reconciliations cover every app anyway.
    armed: AtomicBool,
}

/// The apps to reconcile.
pub struct Triggered {
    /// Single apps.
    pub ones: BoxStream<'static, AppKey>,
    /// All apps of a namespace.
    pub namespaces: BoxStream<'static, String>,
    /// All apps.
    pub all: BoxStream<'static, ()>,
}

impl Triggers {
    /// The triggers, and the streams on which they arrive.
    #[must_use]
    pub fn new() -> (Arc<Self>, Triggered) {
        let ((one, ones), (all, alls), (namespaces, of_namespaces)) = (unbounded(), unbounded(), unbounded());
        let triggered = Triggered { ones: ones.boxed(), namespaces: of_namespaces.boxed(), all: alls.boxed() };
        (Arc::new(Self { one, all, namespaces, armed: AtomicBool::new(false) }), triggered)
    }

    /// From here on, changes are kept for the queue.
    pub(super) fn arm(&self) {
        self.armed.store(true, Ordering::Release);
    }

    /// Reconciles these apps.
    pub fn reconcile(&self, apps: impl IntoIterator<Item = AppKey>) {
        if self.armed.load(Ordering::Acquire) {
            for app in apps.into_iter().filter(|(_, name)| !name.is_empty()) {
                // Fails only when the queue has ended, and with it the process.
                let _ = self.one.unbounded_send(app);
            }
        }
    }

    /// Reconciles all apps of a namespace.
    pub fn reconcile_all_in(&self, namespace: String) {
        if self.armed.load(Ordering::Acquire) {
            let _ = self.namespaces.unbounded_send(namespace);
        }
    }

    pub(super) fn reconcile_all(&self) {
        if self.armed.load(Ordering::Acquire) {
            let _ = self.all.unbounded_send(());
        }
    }
}
