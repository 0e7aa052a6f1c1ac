//! A control plane with one operator at a time, and apps on it that go through all workloads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::{ControlPlane, operator};
use futures::future::{join_all, try_join_all};
use hardened_app::api::POLICY_LABEL;
use serde_json::Value;
use tokio::time::Instant;

use super::super::Kubelet;
use super::end_state::{canonical, differences, objects};
use super::history::History;
use super::predicates::{broken, migrations};
use super::process::RestartedOperator;
use super::proxy::Proxy;
use super::workloads::{Workload, World};
use super::write_counter::{Fault, WriteCounter};
use crate::scene::Scene;

/// How long an end state that differs may take to become the expected one.
const SETTLES: Duration = Duration::from_secs(15);

/// How long until it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// An app that goes through all workloads; in each of them the operator is killed at the same write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AppRun {
    pub(crate) fault: Option<Fault>,
}

/// What has come of one workload.
#[derive(Default)]
pub(crate) struct End {
    pub(crate) writes: usize,
    state: BTreeMap<String, Value>,
    /// What mustn't have happened.
    problems: Vec<String>,
    fault: Option<Fault>,
    counter: WriteCounter,
}

impl End {
    /// Whether the operator was killed at the write in question.
    pub(crate) fn was_hit(&self) -> bool {
        self.counter.was_hit()
    }

    /// What is wrong with it, with all that was written.
    pub(crate) fn compared_with(&self, workload: Workload, model: &Self) -> Option<String> {
        let different = if self.state.is_empty() { Vec::new() } else { differences(&model.state, &self.state) };
        let wrong: Vec<&str> = self.problems.iter().chain(&different).map(String::as_str).collect();
        let (name, trace) = (workload.name(), self.counter.trace.join("\n  "));
        let text = || format!("{name}, {:?}:\n {}\n  {trace}", self.fault, wrong.join("\n "));
        (!wrong.is_empty()).then(text)
    }
}

/// What comes of each workload where the operator isn't killed: of two runs, which must be equal.
pub(crate) fn model(undisturbed: Vec<(Workload, End)>) -> Result<Vec<End>> {
    let mut model: Vec<(Workload, End)> = Vec::new();
    for (workload, end) in undisturbed {
        match model.iter().find(|(known, _)| *known == workload) {
            None => model.push((workload, end)),
            Some((_, first)) => {
                let wrong = end.compared_with(workload, first);
                ensure!(wrong.is_none(), "undisturbed: {}", wrong.unwrap_or_default());
            }
        }
    }
    ensure!(model.len() == Workload::ALL.len(), "a workload has no end");
    Ok(model.into_iter().map(|(_, end)| end).collect())
}

/// The parts that all apps share. The control plane comes last: it ends last.
pub(crate) struct Harness {
    process: RestartedOperator,
    history: History,
    world: World,
    proxy: Arc<Proxy>,
    _kubelet: Kubelet,
    control_plane: ControlPlane,
}

impl Harness {
    pub(crate) async fn start() -> Result<Self> {
        let control_plane = ControlPlane::start().await?;
        operator::install(&control_plane).await?;
        let kubeconfig = operator::kubeconfig(&control_plane).await?;
        let proxy = Arc::new(Proxy::start(&kubeconfig, control_plane.dir()).await?);
        let client = control_plane.admin_client().await?;
        let (world, history) = (World::default(), History::record(&client).await?);
        let kubelet = world.kubelet(&client);
        let process = RestartedOperator::start(control_plane.attached(), proxy.clone())?;
        Ok(Self { process, history, world, proxy, _kubelet: kubelet, control_plane })
    }

    /// How often the operator was killed.
    pub(crate) fn kills(&self) -> usize {
        self.proxy.kills()
    }

    /// Lets apps go through all workloads at the same time. What goes wrong in one ends that one.
    pub(crate) async fn run(&self, runs: &[AppRun], model: Option<&[End]>) -> Result<Vec<(Workload, End)>> {
        let scenes = runs.iter().map(async |run| anyhow::Ok((*run, self.scene().await?)));
        let mut unfinished = try_join_all(scenes).await?;
        let mut ends = Vec::new();
        for (index, workload) in Workload::ALL.into_iter().enumerate() {
            for (run, scene) in &unfinished {
                self.proxy.arm(scene.name(), run.fault);
            }
            let outcomes = join_all(unfinished.iter().map(|(_, scene)| workload.run(scene, &self.world))).await;
            self.process.quiet().await?;
            let expected = model.and_then(|model| model.get(index));
            let of_each = unfinished.iter().zip(&outcomes).map(async |((run, scene), outcome)| {
                let problem = outcome.as_ref().err().map(|error| format!("{error:#}"));
                self.end(*run, scene, workload, problem, expected).await
            });
            let of_each = try_join_all(of_each).await?;
            let mut outcomes = outcomes.iter().map(Result::is_ok);
            unfinished.retain(|_| outcomes.next() == Some(true));
            ends.extend(of_each.into_iter().map(|end| (workload, end)));
        }
        self.a_restart_writes_nothing(&unfinished).await?;
        Ok(ends)
    }

    async fn scene(&self) -> Result<Scene> {
        let scene = Scene::on(self.control_plane.attached(), "schedule", &[]).await?;
        scene.label(POLICY_LABEL, Some(scene.name())).await?;
        Ok(scene)
    }

    async fn end(
        &self,
        run: AppRun,
        scene: &Scene,
        workload: Workload,
        problem: Option<String>,
        expected: Option<&End>,
    ) -> Result<End> {
        let namespace = scene.name();
        let counter = self.proxy.counter(namespace);
        let mut problems: Vec<String> = problem.into_iter().collect();
        let mut state = BTreeMap::new();
        let began = Instant::now();
        let seen = loop {
            let objects = objects(scene).await?;
            if problems.is_empty() {
                state = canonical(namespace, &objects)?;
            }
            let is_expected = expected.is_none_or(|expected| differences(&expected.state, &state).is_empty());
            if is_expected || !problems.is_empty() || began.elapsed() > SETTLES {
                break self.history.of(namespace, &objects).await?;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        let (ran, declared) = (migrations(&seen).len(), workload.migrations());
        if problems.is_empty() && ran != declared {
            problems.push(format!("{ran} Jobs for {declared} migrations"));
        }
        problems.extend(broken(seen));
        Ok(End { writes: counter.writes(), state, problems, fault: run.fault, counter })
    }

    async fn a_restart_writes_nothing(&self, unfinished: &[(AppRun, Scene)]) -> Result<()> {
        for (_, scene) in unfinished {
            self.proxy.arm(scene.name(), None);
        }
        self.proxy.kill();
        self.process.quiet().await?;
        for (_, scene) in unfinished {
            let counter = self.proxy.counter(scene.name());
            ensure!(counter.writes() == 0, "a restart writes: {:#?}", counter.trace);
        }
        Ok(())
    }
}
