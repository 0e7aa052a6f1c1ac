//! Measures how long a deviation lasts: from the API server's response to the client that caused it, until the watch of a
//! separate client receives the reverted object.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use hardened_app::api::{HardenedApp, MANAGED_BY, MANAGER};
use hardened_app::desired::{KINDS, Presence};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, ResourceExt};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::drifts::{DRIFTS, Drift};
use crate::fleet::Fleet;
use crate::stage::Stage;

/// How often each drift is applied.
const ROUNDS: usize = 15;

/// Pause between two drifts, so that they don't overlap.
const PAUSE: Duration = Duration::from_millis(50);

/// Longer than any revert takes.
const LIMIT: Duration = Duration::from_secs(30);

/// A watch event.
struct Seen {
    at: Instant,
    kind: &'static str,
    object: DynamicObject,
}

/// The times to revert, in milliseconds, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Heals(Vec<f64>);

impl Heals {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that `percent` of all reverts don't exceed.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// Applies drifts one at a time, each to another child, and measures how long each lasts.
pub(crate) async fn measure(stage: &Stage, fleet: &Fleet) -> Result<Heals> {
    let (mut watches, mut seen) = watch(stage).await?;
    let mut heals = Vec::new();
    for round in 0..ROUNDS {
        for (index, drift) in DRIFTS.iter().enumerate() {
            let number = round * DRIFTS.len() + index;
            // Another app each time, and the other component in every second round.
            let app = fleet.apps().get(number * 7 % fleet.apps().len()).context("there are no apps")?;
            let component = if round % 2 == 0 { "web" } else { "api" };
            let heal = heal(stage, &mut seen, app, component, drift).await;
            let heal = heal.with_context(|| format!("drift {index} of {} in round {round}", app.name_any()))?;
            heals.push(heal.as_secs_f64() * 1000.0);
            sleep(PAUSE).await;
        }
    }
    watches.abort_all();
    heals.sort_by(f64::total_cmp);
    Ok(Heals(heals))
}

async fn heal(
    stage: &Stage,
    seen: &mut UnboundedReceiver<Seen>,
    app: &HardenedApp,
    component: &str,
    drift: &Drift,
) -> Result<Duration> {
    let kind = KINDS.iter().find(|kind| kind.name == drift.kind).context("no such kind")?;
    let key = (app.namespace().unwrap_or_default(), app.name_any());
    let name = format!("{}-{component}", key.1);
    let api = Api::<DynamicObject>::namespaced_with(stage.admin().clone(), &key.0, &kind.resource());
    let before = api.get(&name).await?;
    let attack = drift.on(&serde_json::to_value(&before)?)?;
    let reported = stage.sight.reverted(&key);
    let attacked = if let Some(patch) = &attack.patch {
        let parameters = PatchParams { field_manager: Some("kubectl-edit".to_owned()), ..PatchParams::default() };
        let patch = Patch::Json::<()>(serde_json::from_value(patch.clone())?);
        api.patch(&name, &parameters, &patch).await?
    } else {
        api.delete(&name, &DeleteParams::default()).await?;
        before
    };
    let answered = Instant::now();
    let healed = async {
        while let Some(Seen { at, kind, object }) = seen.recv().await {
            let it = kind == drift.kind && object.name_any() == name && object.namespace().as_ref() == Some(&key.0);
            let later = version(&object) > version(&attacked);
            let recreated = attack.patch.is_some() || object.uid() != attacked.uid();
            if it && later && recreated && attack.is_reverted(&serde_json::to_value(&object)?) {
                return anyhow::Ok(at);
            }
        }
        anyhow::bail!("the watch has ended")
    };
    let healed = timeout(LIMIT, healed).await.context("the operator did not revert it")??;
    stage.sight.reverts_more(&key, reported).await?;
    // The revert may arrive at the watch before the response arrives at the client; that counts as zero.
    Ok(healed.saturating_duration_since(answered))
}

/// Starts one watch per kind; returns when all of them have listed their objects.
async fn watch(stage: &Stage) -> Result<(JoinSet<()>, UnboundedReceiver<Seen>)> {
    let (sender, seen) = mpsc::unbounded_channel();
    let (ready, mut all_ready) = mpsc::channel(KINDS.len());
    let mut watches = JoinSet::new();
    // The control plane has no optional API.
    let kinds = || KINDS.iter().filter(|kind| kind.presence == Presence::Always);
    for kind in kinds() {
        let api = Api::<DynamicObject>::all_with(stage.admin().clone(), &kind.resource());
        watches.spawn(follow(api, kind.name, sender.clone(), ready.clone()));
    }
    for _ in kinds() {
        all_ready.recv().await.context("a watch has ended")?;
    }
    Ok((watches, seen))
}

async fn follow(api: Api<DynamicObject>, kind: &'static str, sender: UnboundedSender<Seen>, ready: mpsc::Sender<()>) {
    let ours = watcher::Config::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
    let mut events = std::pin::pin!(watcher(api, ours).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(object)) => {
                // The receiver is dropped once everything is measured.
                let _ = sender.send(Seen { at: Instant::now(), kind, object });
            }
            Ok(Event::InitDone) => {
                let _ = ready.send(()).await;
            }
            _ => {}
        }
    }
}

fn version(object: &DynamicObject) -> u64 {
    object.resource_version().and_then(|version| version.parse().ok()).unwrap_or_default()
}
