//! Clients' requests while something changes.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Error;
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::ask::ask;

/// Interval of the requests: short compared to the time for which kube-proxy may still route to a terminated pod.
const PACE: Duration = Duration::from_millis(20);

/// The number of requests that may have to be sent again because they bypassed the rules.
pub(crate) const TOLERATED: u32 = 2;

/// What came of the requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcomes {
    /// How often there was which answer.
    pub(crate) answers: BTreeMap<String, u32>,
    /// Why requests failed.
    pub(crate) failures: Vec<String>,
    /// How many had to be sent again: see [`bypassed_the_rules`].
    pub(crate) bypassed: u32,
}

impl Outcomes {
    pub(crate) fn answered(&self) -> u32 {
        self.answers.values().sum()
    }
}

/// Sends one request after the other, each on a new connection, for as long as it exists.
pub(crate) struct Load {
    outcomes: Arc<Mutex<Outcomes>>,
    work: JoinHandle<()>,
}

impl Load {
    pub(crate) fn start(address: String, request: &'static str) -> Self {
        let outcomes = Arc::new(Mutex::new(Outcomes::default()));
        let work = tokio::spawn(send(address, request, outcomes.clone()));
        Self { outcomes, work }
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        locked(&self.outcomes, |outcomes| outcomes.clone())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn send(address: String, request: &'static str, outcomes: Arc<Mutex<Outcomes>>) {
    let mut pace = interval(PACE);
    loop {
        pace.tick().await;
        let mut answer = ask(&address, request).await;
        if answer.as_ref().is_err_and(bypassed_the_rules) {
            locked(&outcomes, |outcomes| outcomes.bypassed += 1);
            answer = ask(&address, request).await;
        }
        locked(&outcomes, |outcomes| match answer {
            Ok(answer) => *outcomes.answers.entry(answer).or_default() += 1,
            Err(error) => outcomes.failures.push(format!("{error:#}")),
        });
    }
}

fn locked<T>(outcomes: &Mutex<Outcomes>, work: impl FnOnce(&mut Outcomes) -> T) -> T {
    work(&mut outcomes.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether the packet bypassed kube-proxy's rules, which may happen while kube-proxy replaces them: seen once each in 4 of 19 runs,
/// without any pod starting or ending. No host has a Service's own address. A terminated pod fails differently: the connection is
/// refused or times out.
fn bypassed_the_rules(error: &Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::HostUnreachable)
}
