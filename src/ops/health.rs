//! Whether the process is ready, and whether it is alive.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::cluster::Traffic;

/// A watch sends its next request at the latest 290 s (the timeout in its request) plus 295 s (kube's timeout for a
/// dead connection) after the last one, so 10 minutes would be too tight. A watch that sends no request for longer
/// hangs, and only a restart of the process helps. A watch whose requests fail is alive: an API server that is down is
/// no reason to restart this process.
const LONGEST_SILENCE: Duration = Duration::from_mins(15);

/// The state of the process, for `/readyz` and `/livez`.
#[derive(Debug)]
pub(super) struct Health {
    full: AtomicBool,
    stopping: AtomicBool,
    traffic: Arc<Traffic>,
}

impl Health {
    pub(super) const fn of(traffic: Arc<Traffic>) -> Self {
        Self { full: AtomicBool::new(false), stopping: AtomicBool::new(false), traffic }
    }

    /// All caches have received a full list.
    pub(super) fn caches_are_full(&self) {
        self.full.store(true, Ordering::Release);
    }

    /// The process has received a signal to stop.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// # Errors
    /// Why it isn't ready.
    pub(super) fn ready(&self) -> Result<(), String> {
        match (self.full.load(Ordering::Acquire), self.stopping.load(Ordering::Acquire)) {
            (_, true) => Err("stop requested".to_owned()),
            (false, _) => Err(self.waiting()),
            (true, false) => Ok(()),
        }
    }

    /// What the caches wait for, and what can be done about it.
    fn waiting(&self) -> String {
        let waiting = self.traffic.waiting();
        let lists = waiting.iter().map(|(resource, refused)| match refused {
            Some(404) => format!("{resource} (404: is the CustomResourceDefinition installed?)"),
            Some(403) => format!("{resource} (403: are the operator's roles installed?)"),
            Some(code) => format!("{resource} ({code})"),
            None => resource.clone(),
        });
        let lists: Vec<String> = lists.collect();
        if lists.is_empty() {
            return "the caches are not full yet".to_owned();
        }
        format!("the caches are not full yet: waiting for a list of {}", lists.join(", "))
    }

    /// The response itself shows that the async runtime works, so only the watches are checked.
    ///
    /// # Errors
    /// Why it isn't alive.
    pub(super) fn alive(&self) -> Result<(), String> {
        let silent = self.traffic.silent(LONGEST_SILENCE);
        if silent.is_empty() {
            Ok(())
        } else {
            Err(format!("watches without a request for 15 minutes: {}", silent.join(", ")))
        }
    }
}
