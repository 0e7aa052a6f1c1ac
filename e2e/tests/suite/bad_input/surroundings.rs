//! Valid apps with a problem in their environment: the status says what to do, the existing children stay unchanged, apps of other
//! namespaces are reconciled, and the app recovers once the cause is gone.

use anyhow::{Context, Result, ensure};
use futures::future::{try_join, try_join_all};
use hardened_app::api::POLICY_LABEL;
use serde_json::json;

use super::leaving;
use super::trouble::{Trouble, serves};
use crate::policies::policy;
use crate::scene::{Scene, WEB, web_kinds};

/// A problem in the environment of an app, and how the app reports it.
struct Row {
    trouble: Trouble,
    /// Type, status and reason of the condition that reports it.
    condition: [&'static str; 3],
    /// Pieces of the condition's message.
    says: &'static str,
}

const fn row(trouble: Trouble, condition: [&'static str; 3], says: &'static str) -> Row {
    Row { trouble, condition, says }
}

const REJECTED: [&str; 3] = ["Accepted", "False", "Rejected"];
const REFUSED: [&str; 3] = ["Ready", "False", "ApplyFailed"];
const WITHOUT_PODS: [&str; 3] = ["Available", "False", "RolloutInProgress"];

const ROWS: [Row; 9] = [
    row(
        Trouble::StricterPolicy,
        REJECTED,
        "spec.components[web].image: … doesn't allow this registry; use an image from other.example.com",
    ),
    row(
        Trouble::NoPolicy,
        REJECTED,
        "label hardened.dev/policy: there is no HardeningPolicy … the platform team creates it or corrects the label",
    ),
    row(Trouble::OtherLabel, REJECTED, "there is no HardeningPolicy nowhere; the platform team creates it or corrects"),
    row(
        Trouble::ForeignObject,
        ["Ready", "False", "Conflict"],
        "Service shop-more isn't controlled by this app … rename or delete it, or rename the app or component",
    ),
    row(Trouble::ObjectQuota, REFUSED, "Service shop-more … exceeded quota: few, requested: count/services=1"),
    row(Trouble::Admission, REFUSED, "Service shop-more … denied request: ask the platform team for a Service"),
    row(Trouble::PodQuota, WITHOUT_PODS, "web: pods can't be created: … exceeded quota: few, requested: pods=1"),
    row(Trouble::LimitRange, WITHOUT_PODS, "web: pods can't be created: … maximum memory usage per Container is 64Mi"),
    row(
        Trouble::NoPriorityClass,
        WITHOUT_PODS,
        "web: pods can't be created: … no PriorityClass with name nowhere was found",
    ),
];

/// All objects of the app that the test doesn't change: kind, name and UID, with the resource version; or with the generation,
/// where controllers update the status.
async fn running(scene: &Scene, trouble: Trouble) -> Result<Vec<String>> {
    let mut running = Vec::new();
    for kind in web_kinds() {
        for name in ["shop-web", "shop-api"] {
            let live = scene.live(kind.name, name).await?;
            let counts = live.pointer("/status").is_some_and(|status| *status != json!({ "loadBalancer": {} }));
            let number = if counts { "/metadata/generation" } else { "/metadata/resourceVersion" };
            let [uid, number] = ["/metadata/uid", number].map(|pointer| live.pointer(pointer));
            ensure!(uid.is_some() && number.is_some(), "{} {name} is gone", kind.name);
            if kind.name != "Deployment" || !trouble.changes(name) {
                running.push(format!("{} {name} {uid:?} {number:?}", kind.name));
            }
        }
    }
    let pods = scene.pods().list(&kube::api::ListParams::default()).await?;
    running.extend(pods.iter().map(|pod| format!("Pod {:?}", pod.metadata.uid)));
    running.sort();
    Ok(running)
}

async fn holds(row: &Row) -> Result<()> {
    let scene = Scene::open("around").await?;
    // A policy with the name of the namespace, for this namespace only.
    policy(&scene, scene.name(), json!({})).await?;
    scene.label(POLICY_LABEL, Some(scene.name())).await?;
    scene.create("shop", &row.trouble.before()).await?;
    serves(&scene, row.trouble).await?;
    scene.quiet().await?;
    let before = running(&scene, row.trouble).await?;

    row.trouble.begins(&scene).await?;
    let [kind, status, reason] = row.condition;
    scene.condition_saying("shop", kind, status, reason, row.says).await?;
    let meanwhile = running(&scene, row.trouble).await?;
    ensure!(meanwhile == before, "changed: {before:#?} became {meanwhile:#?}");
    let other = Scene::open("next-door").await?;
    other.ready("shop", WEB).await?;

    row.trouble.ends(&scene).await?;
    serves(&scene, row.trouble).await?;
    let after = running(&scene, row.trouble).await?;
    let replaced = |object: &str| row.trouble.ends_with_new_pods() && object.starts_with("Pod ");
    let kept = before.iter().all(|object| replaced(object) || after.contains(object));
    ensure!(kept, "changed at the end: {before:#?} became {after:#?}");
    Ok(())
}

#[tokio::test]
async fn problems_around_an_app_are_reported_with_their_remedy_and_dont_change_the_children() -> Result<()> {
    let rows = ROWS.iter().map(async |row| holds(row).await.with_context(|| format!("{:?}", row.trouble)));
    let leaving =
        async { leaving::a_namespace_being_deleted_gets_no_requests().await.context("namespace being deleted") };
    try_join(try_join_all(rows), leaving).await?;
    Ok(())
}
