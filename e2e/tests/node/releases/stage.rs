//! The app, its requests and its database.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use e2e::{Random, show, until};
use hardened_app::api::HardenedApp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Patch, PatchParams};
use tokio::time::Instant;
use tokio::try_join;

use super::leader::{self, Takeover};
use super::version::{self, Version};
use crate::client::{first, secret};
use crate::inside::run;
use crate::load::{Load, TOLERATED};
use crate::place::{LIMIT, Place, containers};
use crate::pod;

pub(super) const APP: &str = "tickets";
pub(super) const WEB: &str = "tickets.web";

pub(super) struct Stage {
    pub(super) place: Place,
    random: Random,
}

impl Stage {
    pub(super) async fn open() -> Result<Self> {
        let seed = u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos());
        show(&format!("seed {seed}"));
        Ok(Self { place: Place::restricted("releases").await?, random: Random::seeded(seed) })
    }

    /// Applies a version, as `kubectl apply --server-side` does; returns its generation.
    pub(super) async fn apply(&self, version: Version) -> Result<i64> {
        let app = version.app(self.place.name())?;
        let apps = self.place.api::<HardenedApp>();
        let stored = apps.patch(APP, &PatchParams::apply("kubectl").force(), &Patch::Apply(app)).await?;
        stored.metadata.generation.context("an app without a generation")
    }

    /// Does some work, at a random moment of which the leader is killed: within its first seconds.
    pub(super) async fn disturbed<T>(
        &mut self,
        seconds: usize,
        work: impl AsyncFnOnce(&Self) -> Result<T>,
    ) -> Result<(Takeover, T)> {
        let delay = Duration::from_millis(u64::try_from(self.random.below(seconds * 1000))?);
        let work = async {
            let result = work(self).await?;
            Ok((result, Instant::now()))
        };
        let (takeover, (result, end)) = try_join!(leader::kill(&self.place.client, delay), work)?;
        ensure!(takeover.at < end, "the leader was killed when all was done");
        Ok((takeover, result))
    }

    /// Waits until a condition has this status and reason for this generation of the spec; returns its message.
    pub(super) async fn condition(&self, generation: i64, expected: (&str, &str, &str)) -> Result<String> {
        let (kind, status, reason) = expected;
        let what = format!("{kind} is {status}, {reason}");
        let reported = self.place.reported(APP, &what, |app| {
            let mut found = app.conditions.iter().filter(|found| found.observed_generation == Some(generation));
            let found = found.find(|found| found.type_ == kind && found.status == status && found.reason == reason)?;
            Some(found.message.clone())
        });
        reported.await
    }

    /// Waits until all pods are of this version, those that are being deleted included.
    pub(super) async fn runs_only(&self, version: Version) -> Result<Vec<Pod>> {
        let what = format!("all pods are of version {}", version.number);
        let pods = until(&what, LIMIT, async || {
            let pods = self.place.all_pods(WEB).await?;
            Ok((!pods.is_empty() && pods.iter().all(|pod| version.runs_in(pod))).then_some(pods))
        })
        .await?;
        let restarts: i32 = pods.iter().flat_map(containers).map(|container| container.restart_count).sum();
        ensure!(restarts == 0, "a pod of version {} ended before it could read what it needs", version.number);
        Ok(pods)
    }

    /// Sends requests that are answered with the version.
    pub(super) async fn load(&self) -> Result<Load> {
        Ok(Load::start(self.place.service("tickets-web", 8080).await?, "/read/proc/self/environ"))
    }

    /// The result of a query of the owner of the tables.
    pub(super) async fn sql(&self, query: &str) -> Result<String> {
        let uri = secret(&self.place, "tickets-db", "uri").await?.replace("@tickets-db:", "@127.0.0.1:");
        let database = pod::process(&first(&self.place, "tickets.db").await?)?;
        let environment = [("PATH", "/bin:/usr/lib/postgresql/15/bin")];
        let ended = run(&database, &database, 65532, &environment, &["psql", &uri, "-Atc", query]).await?;
        ensure!(ended.succeeded, "{query}: {}", ended.output);
        Ok(ended.output)
    }
}

/// Ends the requests: none may have failed. Returns how many each version has answered.
pub(super) fn answers(load: Load) -> Result<BTreeMap<String, u32>> {
    let outcomes = load.outcomes();
    drop(load);
    ensure!(outcomes.failures.is_empty(), "{} requests failed: {:?}", outcomes.failures.len(), outcomes.failures);
    ensure!(outcomes.bypassed <= TOLERATED, "{outcomes:?}");
    let mut answers = BTreeMap::new();
    for (environment, count) in outcomes.answers {
        let version = version::named_in(&environment).with_context(|| format!("no version in {environment:?}"))?;
        *answers.entry(version.to_owned()).or_default() += count;
    }
    show(&format!("answers by version: {answers:?}, failures: 0, sent twice: {}", outcomes.bypassed));
    Ok(answers)
}
