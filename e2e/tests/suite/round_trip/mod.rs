//! What the operator applies is what the API server stores: for generated apps with every field in every notation, the answer
//! to an apply of each child, projected onto the child, is the child. A value that isn't in the form in which the server
//! stores its field would differ in every comparison, and the app would never be in sync.

mod exposures;
mod policies;
mod specs;
mod texts;

use anyhow::{Context, Result, ensure};
use futures::stream::{StreamExt, iter};
use hardened_app::api::{DriftChange, HardenedApp, HardeningPolicy, MANAGER};
use hardened_app::app::{App, Enforcement, Policy};
use hardened_app::desired::{self, Care, Child, KINDS};
use hardened_app::plan::{self, Change};
use hardened_app::release::Target;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::{Scene, VERIFIED};
use crate::tamper::set;
use e2e::{Random, operator};

/// Number of accepted apps.
const APPS: usize = 400;
/// Requests at a time.
const PARALLEL: usize = 16;
/// UID of every app.
const UID: &str = "00000000-0000-4000-8000-000000000001";

/// Generated apps that are accepted, by their children; and how many were rejected.
fn accepted(namespace: &str, random: &mut Random) -> Result<(Vec<Vec<Child>>, usize)> {
    let (mut apps, mut rejected) = (Vec::new(), 0);
    while apps.len() < APPS {
        let policy: HardeningPolicy = serde_json::from_value(policies::generate(random))?;
        let policy = Policy::accept(&policy).map_err(|found| anyhow::anyhow!("the policy is rejected: {found:?}"))?;
        let manifest = json!({
            "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp",
            "metadata": { "name": format!("app{}", apps.len()), "namespace": namespace, "uid": UID },
            "spec": specs::generate(random),
        });
        let app: HardenedApp = serde_json::from_value(manifest.clone()).with_context(|| manifest.to_string())?;
        match App::accept(&app, &policy) {
            Ok(app) => apps.push(desired::children(&Target::of(app).with_tasks(operator::IMAGE))),
            Err(_) => rejected += 1,
        }
        ensure!(rejected < 4 * APPS, "hardly any generated app is accepted");
    }
    Ok((apps, rejected))
}

/// Applies a child as the operator does, without storing it; returns what is wrong with the answer.
async fn problem(scene: &Scene, child: &Child) -> Result<Option<String>> {
    let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), scene.name(), &child.kind.resource());
    let mut body = child.body.clone();
    if let Some(replicas) = child.replicas(None) {
        set(&mut body, "/spec/replicas", replicas.into());
    }
    let parameters = PatchParams { dry_run: true, ..PatchParams::apply(MANAGER).force() }.validation_strict();
    let live = match api.patch(&child.name, &parameters, &Patch::Apply(&body)).await {
        Ok(live) => serde_json::to_value(live)?,
        Err(kube::Error::Api(status)) => return Ok(Some(format!("refused: {}", status.message))),
        Err(error) => return Err(error.into()),
    };
    let differences = plan::differences(&body, &live, &child.kind.rules);
    let lost: Vec<String> = differences
        .iter()
        .filter(|difference| difference.change != DriftChange::Added)
        .map(|it| format!("{}: {:?} became {:?}", it.path, it.desired, it.live))
        .collect();
    if !lost.is_empty() {
        return Ok(Some(lost.join("\n  ")));
    }
    // Neither is anything that the server adds a reason to write again, or a finding.
    let verdict = plan::judge(child, UID, &live, VERIFIED, &Enforcement::default());
    let at_rest = verdict.change == Change::Keep && verdict.drift.is_empty() && verdict.findings.is_empty();
    Ok((!at_rest).then(|| format!("{:?} {:?} {:?}", verdict.change, verdict.drift, verdict.findings)))
}

#[tokio::test]
async fn what_is_applied_is_what_is_stored() -> Result<()> {
    let scene = Scene::open("round-trip").await?;
    let (apps, rejected) = accepted(scene.name(), &mut Random::seeded(1))?;
    let children: Vec<&Child> = apps.iter().flatten().collect();
    let answers = iter(&children).map(async |child| problem(&scene, child).await).buffered(PARALLEL);
    let answers: Vec<Result<Option<String>>> = answers.collect().await;
    let mut failures = Vec::new();
    for (child, answer) in children.iter().zip(answers) {
        if let Some(problem) = answer? {
            failures.push(format!("{} {}: {problem}", child.kind.name, child.name));
        }
    }
    let of_kind = |kind: &str| children.iter().filter(|child| child.kind.name == kind).count();
    let counts: Vec<String> = KINDS.iter().map(|kind| format!("{} {}", of_kind(kind.name), kind.name)).collect();
    println!("{} apps ({rejected} others rejected), {} children: {}", apps.len(), children.len(), counts.join(", "));
    for kind in KINDS.iter().filter(|kind| kind.care == Care::Apply) {
        ensure!(of_kind(kind.name) > 50, "too few objects of {}", kind.name);
    }
    let first = failures.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    ensure!(failures.is_empty(), "{} of {} children differ; the first:\n{first}", failures.len(), children.len());
    Ok(())
}

/// The test above would pass if a difference were overlooked.
#[tokio::test]
async fn a_value_in_another_form_than_the_stored_one_is_noticed() -> Result<()> {
    let scene = Scene::open("round-trip").await?;
    let (apps, _) = accepted(scene.name(), &mut Random::seeded(2))?;
    let deployment = apps.iter().flatten().find(|child| child.kind.name == "Deployment");
    let mut deployment = deployment.context("every app has a Deployment")?.clone();
    let pointer = "/spec/template/spec/containers/0/resources/limits/cpu";
    set(&mut deployment.body, pointer, Value::from("0.2500"));
    let problem = problem(&scene, &deployment).await?.context("the server stores 250m")?;
    ensure!(problem.contains("250m"), "{problem}");
    Ok(())
}
