//! How long a deviation lasts: from the answer to who made it, to its end as an independent watch sees it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use hardened_app::api::{HardenedApp, MANAGER};
use hardened_app::desired::{KINDS, MANAGED_BY};
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

/// Each of the drifts so often.
const ROUNDS: usize = 15;

/// Between one and the next, so that there is only ever one.
const PAUSE: Duration = Duration::from_millis(50);

/// Longer than any heal takes.
const LIMIT: Duration = Duration::from_secs(30);

/// What a watch has told.
struct Seen {
    at: Instant,
    kind: &'static str,
    object: DynamicObject,
}

/// All heals, in milliseconds, the quickest first.
#[derive(Clone, Debug)]
pub(crate) struct Heals(Vec<f64>);

impl Heals {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// So many hundredths of all are at most that long.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// Lets deviations happen one at a time, each to another child.
pub(crate) async fn measure(stage: &Stage, fleet: &Fleet) -> Result<Heals> {
    let (mut watches, mut seen) = watch(stage).await?;
    let mut heals = Vec::new();
    for round in 0..ROUNDS {
        for (index, drift) in DRIFTS.iter().enumerate() {
            let number = round * DRIFTS.len() + index;
            // Far from the one before, and in the other component of the app every other time.
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
            let anew = attack.patch.is_some() || object.uid() != attacked.uid();
            if it && later && anew && attack.is_undone(&serde_json::to_value(&object)?) {
                return anyhow::Ok(at);
            }
        }
        anyhow::bail!("the watch has ended")
    };
    let healed = timeout(LIMIT, healed).await.context("not undone")??;
    stage.sight.reverts_more(&key, reported).await?;
    // It may be undone before its author has heard that it was done.
    Ok(healed.saturating_duration_since(answered))
}

/// One watch per kind; returns when all of them have seen everything.
async fn watch(stage: &Stage) -> Result<(JoinSet<()>, UnboundedReceiver<Seen>)> {
    let (sender, seen) = mpsc::unbounded_channel();
    let (ready, mut all_ready) = mpsc::channel(KINDS.len());
    let mut watches = JoinSet::new();
    for kind in &KINDS {
        let api = Api::<DynamicObject>::all_with(stage.admin().clone(), &kind.resource());
        watches.spawn(follow(api, kind.name, sender.clone(), ready.clone()));
    }
    for _ in &KINDS {
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
                // Nobody listens any more once all was measured.
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
