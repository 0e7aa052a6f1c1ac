//! The number of requests that the operator sends, counted in the audit log.

use std::collections::BTreeMap;

use anyhow::Result;
use e2e::audit::{self, Request};
use serde_json::json;

use crate::releases::{self, Kubelet, PodOutcome};
use crate::samples::{LARGEST, SMALLEST};
use crate::scene::Scene;
use crate::statuses::Statuses;
use crate::tamper::{edit, push, set};

/// The numbers of writes to children, status updates, and reads.
fn counts(requests: &[Request]) -> (usize, usize, usize) {
    let is_read = |request: &&Request| matches!(request.verb.as_str(), "get" | "list");
    let is_status = |request: &&Request| request.subresource.as_deref() == Some("status");
    let reads = requests.iter().filter(is_read).count();
    let statuses = requests.iter().filter(is_status).count();
    (requests.len() - reads - statuses, statuses, reads)
}

/// Creating an app takes one write per child and one per status. The first app of a namespace costs one list of each kind of which others'
/// objects matter; the shared control plane has the definitions of all of them.
async fn creation_costs(sample: &str, name: &str, children: usize) -> Result<()> {
    let scene = Scene::open("creation").await?;
    let statuses = Statuses::record(&scene.apps(), name).await?;
    scene.create_from(serde_saphyr::from_str(sample)?).await?;
    assert_eq!(scene.in_place(name).await?.len(), children);
    let (lists, requests): (Vec<_>, Vec<_>) =
        scene.quiet().await?.into_iter().partition(|request| request.verb == "list");
    let mut listed: Vec<&str> = lists.iter().map(|request| request.resource.as_str()).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["httpproxies", "httproutes", "ingresses", "networkpolicies", "services"], "{lists:#?}");
    let first = requests.iter().position(|request| request.subresource.is_some());
    // One more is the record of the release.
    let writes = children + 1;
    assert_eq!(first, Some(writes), "the first status comes after one write for each child: {requests:#?}");
    assert_eq!(counts(&requests), (writes, statuses.all().await?.len(), 0), "{:?}", audit::summary(&requests));
    assert!(requests.iter().all(|request| request.code < 300), "{requests:#?}");
    Ok(())
}

#[tokio::test]
async fn the_smallest_app_costs_one_write_per_child_and_one_per_status() -> Result<()> {
    creation_costs(SMALLEST, "hello", 5).await
}

#[tokio::test]
async fn the_largest_app_costs_one_write_per_child_and_one_per_status() -> Result<()> {
    creation_costs(LARGEST, "shop", 14).await
}

#[tokio::test]
async fn a_further_app_of_a_namespace_costs_no_list() -> Result<()> {
    let scene = Scene::open("further").await?;
    scene.create_from(serde_saphyr::from_str(SMALLEST)?).await?;
    scene.in_place("hello").await?;
    let before = scene.quiet().await?.len();
    scene.create_from(serde_saphyr::from_str(LARGEST)?).await?;
    scene.in_place("shop").await?;
    let requests: Vec<Request> = scene.quiet().await?.into_iter().skip(before).collect();
    assert_eq!(counts(&requests).2, 0, "{:?}", audit::summary(&requests));
    Ok(())
}

/// The requests that follow an edit of one child of a new app.
async fn revert_costs(
    kind: &str,
    path: &str,
    change: impl Fn(&mut serde_json::Value),
) -> Result<(usize, usize, usize)> {
    let scene = Scene::open("heal").await?;
    // With pods that stay pending without a node: so the Deployment's status doesn't change with its template.
    scene.create_from(serde_saphyr::from_str(SMALLEST)?).await?;
    scene.in_place("hello").await?;
    let before = scene.quiet().await?.len();
    edit(&scene.objects(kind)?, "hello-web", change).await?;
    scene.reverted("hello", path, |item| item.kind == kind && item.path == path).await?;
    let reverted: Vec<Request> = scene.quiet().await?.into_iter().skip(before).collect();
    Ok(counts(&reverted))
}

#[tokio::test]
async fn a_changed_field_costs_one_write_and_one_status() -> Result<()> {
    let edits: [(&str, &str, &str); 5] = [
        ("ServiceAccount", "automountServiceAccountToken", "true"),
        ("NetworkPolicy", "spec.podSelector.matchLabels[hardened.dev/workload]", "\"x\""),
        ("Deployment", "spec.template.spec.containers[name=web].image", "\"evil:1\""),
        ("Service", "spec.sessionAffinity", "\"ClientIP\""),
        ("PodDisruptionBudget", "spec.maxUnavailable", "0"),
    ];
    let costs = edits.map(async |(kind, path, value)| {
        let value: serde_json::Value = serde_json::from_str(value)?;
        let pointer = match kind {
            "NetworkPolicy" => "/spec/podSelector/matchLabels/hardened.dev~1workload".to_owned(),
            "Deployment" => "/spec/template/spec/containers/0/image".to_owned(),
            _ => format!("/{}", path.replace('.', "/")),
        };
        anyhow::Ok((kind, revert_costs(kind, path, |object| set(object, &pointer, value.clone())).await?))
    });
    for (kind, cost) in futures::future::try_join_all(costs).await? {
        assert_eq!(cost, (1, 1, 0), "writes to the {kind}, statuses, reads");
    }
    Ok(())
}

#[tokio::test]
async fn an_added_container_costs_one_write_and_one_status() -> Result<()> {
    let sidecar = json!({ "name": "x", "image": "evil:1" });
    let containers = "/spec/template/spec/containers";
    let path = "spec.template.spec.containers[name=x]";
    let cost = revert_costs("Deployment", path, |object| push(object, containers, sidecar.clone())).await?;
    assert_eq!(cost, (1, 1, 0));
    Ok(())
}

#[tokio::test]
async fn an_added_container_beside_a_changed_field_costs_two_writes_and_one_status() -> Result<()> {
    let sidecar = json!({ "name": "x", "image": "evil:1" });
    let cost = revert_costs("Deployment", "spec.template.spec.containers[name=x]", |object| {
        push(object, "/spec/template/spec/containers", sidecar.clone());
        set(object, "/spec/template/spec/hostNetwork", true.into());
    })
    .await?;
    assert_eq!(cost, (2, 1, 0));
    Ok(())
}

/// The writes to objects of an app whose releases wait for checks and a migration: install, and a release with another migration.
#[tokio::test]
async fn an_app_with_checks_and_a_migration_costs_a_known_number_of_writes() -> Result<()> {
    let scene = Scene::open("gated").await?;
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    let mut app = releases::shop("1.0.0")?;
    set(&mut app, "/spec/secrets", json!([{ "name": "shop-env", "keys": [{ "name": "SESSION_KEY" }] }]));
    scene.create_from(app).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.gone("ServiceAccount", "shop-preflight").await?;
    let install = writes(&scene, 0).await?;
    let expected = [
        ("create controllerrevisions", 1),
        ("create deployments", 1),
        ("create jobs", 2),
        ("create networkpolicies", 3),
        ("create poddisruptionbudgets", 1),
        ("create serviceaccounts", 3),
        ("create services", 1),
        ("delete jobs", 1),
        ("delete networkpolicies", 1),
        ("delete serviceaccounts", 1),
        // That it has been released.
        ("patch controllerrevisions", 1),
        // That it may start.
        ("patch jobs", 1),
    ];
    assert_eq!(install, expected.map(|(what, count)| (what.to_owned(), count)).into());

    let before = scene.quiet().await?.len();
    releases::set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let expected = [
        ("create controllerrevisions", 1),
        ("create jobs", 1),
        ("patch controllerrevisions", 1),
        ("patch deployments", 1),
        ("patch jobs", 1),
    ];
    assert_eq!(writes(&scene, before).await?, expected.map(|(what, count)| (what.to_owned(), count)).into());
    Ok(())
}

/// The writes to children after so many requests; there are no reads.
async fn writes(scene: &Scene, before: usize) -> Result<BTreeMap<String, usize>> {
    let mut writes = BTreeMap::new();
    for request in scene.quiet().await?.into_iter().skip(before) {
        let is_status = request.subresource.as_deref() == Some("status");
        assert!(request.verb != "get" && request.code < 300, "{request:?}");
        if !is_status && request.verb != "list" {
            let verb = if request.code == 201 { "create" } else { &request.verb };
            *writes.entry(format!("{verb} {}", request.resource)).or_default() += 1;
        }
    }
    Ok(writes)
}
