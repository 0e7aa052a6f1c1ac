//! Whether the process is ready, and whether it is alive.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    phase: Mutex<Phase>,
    traffic: Arc<Traffic>,
}

/// What the process does, in this order: it never returns to an earlier phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It hasn't read yet who holds the lease.
    #[default]
    Starts,
    /// Another replica leads. It watches nothing, and can take over at any time.
    StandsBy,
    /// It leads, and lists what it will watch.
    FillsCaches,
    /// It leads, and reconciles.
    Works,
    /// It has received a signal to stop.
    Stops,
}

impl Health {
    pub(super) fn of(traffic: Arc<Traffic>) -> Self {
        Self { phase: Mutex::default(), traffic }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what the process does now, unless it is further already.
    pub(super) fn enter(&self, next: Phase) {
        let mut phase = self.phase();
        *phase = next.max(*phase);
    }

    /// # Errors
    /// Why it isn't ready.
    pub(super) fn ready(&self) -> Result<&'static str, String> {
        let phase = *self.phase();
        match phase {
            Phase::Starts => Err("the Lease isn't read yet: the log says why".to_owned()),
            Phase::StandsBy => Ok("ok: it stands by, another pod leads"),
            Phase::FillsCaches => Err(self.waiting()),
            Phase::Works => Ok("ok: it leads"),
            Phase::Stops => Err("stop requested".to_owned()),
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
    pub(super) fn alive(&self) -> Result<&'static str, String> {
        let silent = self.traffic.silent(LONGEST_SILENCE);
        if silent.is_empty() {
            Ok("ok")
        } else {
            Err(format!("watches without a request for 15 minutes: {}", silent.join(", ")))
        }
    }
}
