//! Stands in for the kubelet for the pods of tasks: there is no node, so nothing else ends them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use hardened_app::api::WORKLOAD;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Patch, PatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// How long events of pods are collected before their outcomes are decided.
const PAUSE: Duration = Duration::from_millis(50);

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum PodOutcome {
    /// It runs on.
    Runs,
    /// Its process ends with this exit code and message.
    Ends(i32, String),
    /// Its process ends with this exit code and message, and is started again.
    Restarts(i32, String),
    /// Its container can't start: the kubelet's reason and words.
    Waits(&'static str, String),
    /// It is ended with its node, as by a drain.
    Disrupted,
}

impl PodOutcome {
    /// Its process ends without an error.
    #[must_use]
    pub fn succeeds() -> Self {
        Self::Ends(0, String::new())
    }

    fn status(&self) -> Value {
        let none = json!({});
        let (phase, state, last) = match self {
            Self::Runs => ("Running", json!({ "running": { "startedAt": STARTED } }), none),
            Self::Waits(reason, words) => {
                ("Pending", json!({ "waiting": { "reason": reason, "message": words } }), none)
            }
            Self::Disrupted => ("Failed", terminated(143, ""), none),
            Self::Ends(code, message) => {
                let phase = if *code == 0 { "Succeeded" } else { "Failed" };
                (phase, terminated(*code, message), none)
            }
            Self::Restarts(code, message) => {
                ("Running", json!({ "waiting": { "reason": "CrashLoopBackOff" } }), terminated(*code, message))
            }
        };
        let container = json!({
            "name": "task", "image": "image", "imageID": "", "ready": false, "restartCount": 0,
            "state": state, "lastState": last,
        });
        let disrupted = json!({ "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI" });
        let conditions = if *self == Self::Disrupted { vec![disrupted] } else { Vec::new() };
        json!({ "status": { "phase": phase, "containerStatuses": [container], "conditions": conditions } })
    }
}

/// When every container starts.
const STARTED: &str = "2026-01-01T00:00:00Z";

fn terminated(code: i32, message: &str) -> Value {
    let reason = if code == 0 { "Completed" } else { "Error" };
    json!({ "terminated": {
        "exitCode": code, "reason": reason, "message": message, "startedAt": STARTED, "finishedAt": "2026-01-01T00:00:01Z",
    } })
}

type Decide = Box<dyn Fn(&Pod) -> PodOutcome + Send>;

/// Ends the pods of tasks for as long as it exists.
pub struct Kubelet {
    decide: Arc<Mutex<Decide>>,
    work: JoinHandle<()>,
}

impl Kubelet {
    /// Starts it in a namespace; `decide` says what becomes of a pod, and is asked again until that has ended.
    pub fn start(client: &Client, namespace: &str, decide: impl Fn(&Pod) -> PodOutcome + Send + 'static) -> Self {
        Self::run(client, Api::namespaced(client.clone(), namespace), decide)
    }

    /// Like [`Self::start`], in all namespaces.
    pub fn start_everywhere(client: &Client, decide: impl Fn(&Pod) -> PodOutcome + Send + 'static) -> Self {
        Self::run(client, Api::all(client.clone()), decide)
    }

    fn run(client: &Client, pods: Api<Pod>, decide: impl Fn(&Pod) -> PodOutcome + Send + 'static) -> Self {
        let decide: Arc<Mutex<Decide>> = Arc::new(Mutex::new(Box::new(decide)));
        let work = tokio::spawn(run(client.clone(), pods, decide.clone()));
        Self { decide, work }
    }

    /// From now on something else becomes of pods.
    pub fn decide(&self, decide: impl Fn(&Pod) -> PodOutcome + Send + 'static) {
        *self.decide.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(decide);
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn run(client: Client, pods: Api<Pod>, decide: Arc<Mutex<Decide>>) {
    let events = watcher(pods, Config::default().labels(WORKLOAD)).default_backoff();
    pin_mut!(events);
    // By their UIDs, each with what has become of it so far.
    let mut running: BTreeMap<String, (Pod, Option<PodOutcome>)> = BTreeMap::new();
    loop {
        // A decision may depend on more than the pod: it is asked for again though no pod has changed.
        let then = Instant::now() + PAUSE;
        while let Ok(event) = timeout_at(then, events.next()).await {
            match event {
                Some(Ok(Event::Apply(pod) | Event::InitApply(pod))) if runs(&pod) => {
                    let outcome = running.remove(&uid(&pod)).and_then(|(_, outcome)| outcome);
                    running.insert(uid(&pod), (pod, outcome));
                }
                Some(Ok(Event::Apply(pod) | Event::Delete(pod))) => drop(running.remove(&uid(&pod))),
                Some(_) => {}
                None => return,
            }
        }
        for (pod, known) in running.values_mut() {
            let outcome = decide.lock().unwrap_or_else(PoisonError::into_inner)(pod);
            if known.as_ref() != Some(&outcome) && settle(&client, pod, &outcome).await.is_ok() {
                // What fails is tried again: the namespace may be on its way out.
                *known = Some(outcome);
            }
        }
    }
}

/// Whether a pod is that of a task, and hasn't ended.
fn runs(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default();
    ["migrate", "preflight"].contains(&part(pod).as_str()) && !["Succeeded", "Failed"].contains(&phase)
}

async fn settle(client: &Client, pod: &Pod, outcome: &PodOutcome) -> kube::Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
    pods.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Merge(outcome.status())).await.map(drop)
}

fn uid(pod: &Pod) -> String {
    pod.uid().unwrap_or_default()
}

/// The part that a pod belongs to.
#[must_use]
pub fn part(pod: &Pod) -> String {
    let label = pod.labels().get(WORKLOAD).cloned().unwrap_or_default();
    label.split_once('.').map(|(_, part)| part.to_owned()).unwrap_or_default()
}
