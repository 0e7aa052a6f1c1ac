//! A host is one app's in the whole cluster, at every instant.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::{join, try_join_all};
use futures::{StreamExt, TryStreamExt};
use hardened_app::plan::AWAITED;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::task::JoinHandle;

use super::stage::{delete, expose, host_with_secret, is_exposed, manifest, names, plain, stage};
use crate::scene::Scene;
use crate::wait::LIMIT;

/// After this long an app that waits looks by itself whether it gets a host: what comes sooner was caused by an event.
const BY_ITSELF: Duration = AWAITED;

/// Follows all Ingresses of the cluster, and returns for a host the largest number of namespaces that served it at the same time, and the
/// order in which they did.
struct Witness {
    task: JoinHandle<Result<(usize, Vec<String>)>>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Witness {
    async fn of(client: &Client, host: &str) -> Result<Self> {
        let api: Api<Ingress> = Api::all(client.clone());
        let version = api.list(&kube::api::ListParams::default().limit(1)).await?.metadata.resource_version;
        let version = version.context("a list has a version")?;
        let host = host.to_owned();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let events = api.watch(&WatchParams::default().timeout(290), &version).await?.boxed().take_until(stopped);
            let (mut serving, mut most, mut order) = (BTreeSet::new(), 0, Vec::new());
            let mut events = std::pin::pin!(events);
            while let Some(event) = events.try_next().await? {
                let (WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object)) = &event
                else {
                    continue;
                };
                let namespace = object.namespace().unwrap_or_default();
                let rules = object.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
                if !rules.clone().any(|rule| rule.host.as_deref() == Some(&host)) {
                    continue;
                }
                if matches!(event, WatchEvent::Deleted(_)) {
                    serving.remove(&namespace);
                } else if serving.insert(namespace.clone()) {
                    order.push(namespace);
                }
                most = most.max(serving.len());
            }
            Ok((most, order))
        });
        Ok(Self { task, stop })
    }

    async fn end(self) -> Result<(usize, Vec<String>)> {
        let _ = self.stop.send(());
        self.task.await?
    }
}

async fn stages(prefix: &str) -> Result<(Scene, Scene)> {
    let one = async { stage(Scene::open(prefix).await?, plain()).await };
    let other = async { stage(Scene::open(prefix).await?, plain()).await };
    let (one, other) = join(one, other).await;
    Ok((one?, other?))
}

async fn claim(scene: &Scene, host: &str) -> Result<()> {
    scene.create_from(manifest("shop", &json!([host_with_secret(host, "shop")]))?).await?;
    Ok(())
}

/// Waits until the host leads to the app; returns how long that took.
async fn has(scene: &Scene, host: &str) -> Result<Duration> {
    let begun = Instant::now();
    scene.reported("shop", "it has the host", |status| is_exposed(status, host).then_some(())).await?;
    Ok(begun.elapsed())
}

#[tokio::test]
async fn who_comes_first_has_the_host_and_the_next_follows_at_once() -> Result<()> {
    let host = "first.example.com";
    let (one, other) = stages("first").await?;
    let witness = Witness::of(&one.client, host).await?;
    claim(&one, host).await?;
    has(&one, host).await?;
    claim(&other, host).await?;
    let message = other.condition("shop", "Exposed", "False", "HostConflict").await?;
    assert!(!message.contains(one.name()) && message.starts_with(host), "no other tenant is named: {message}");
    other.condition("shop", "Stalled", "True", "HostConflict").await?;
    other.quiet().await?;
    assert!(names(&other, "Ingress").await?.is_empty());
    // The holder keeps it whatever happens to it.
    expose(&one, "shop", &json!([host_with_secret(host, "shop"), host_with_secret("second.example.com", "shop")]))
        .await?;
    has(&one, "second.example.com").await?;
    let ingress = names(&one, "Ingress").await?;
    for name in &ingress {
        one.delete("Ingress", name).await?;
    }
    one.reverted("shop", "the deletion", |item| item.kind == "Ingress").await?;
    let begun = Instant::now();
    delete(&one, "shop").await?;
    has(&other, host).await?;
    let took = begun.elapsed();
    let (most, order) = witness.end().await?;
    println!("the next app has the host {} ms after the deletion of the holder", took.as_millis());
    ensure!(took < BY_ITSELF, "it took {took:?}");
    ensure!(most == 1, "{most} apps had the host at the same time");
    ensure!(
        order.last().map(String::as_str) == Some(other.name()) && order.first().map(String::as_str) == Some(one.name()),
        "{order:?}"
    );
    Ok(())
}

#[tokio::test]
async fn of_two_apps_at_once_exactly_one_has_the_host() -> Result<()> {
    let rounds = (0..10).map(async |round| {
        let host = format!("once-{round}.example.com");
        let (one, other) = stages("once").await?;
        let witness = Witness::of(&one.client, &host).await?;
        let (first, second) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let (created, also) = join(claim(first, &host), claim(second, &host)).await;
        created.and(also)?;
        let both = try_join_all([&one, &other].map(async |scene: &Scene| {
            let host = host.clone();
            scene
                .reported("shop", "the claim is decided", |status| {
                    let decided = is_exposed(status, &host).then_some(true);
                    let conflict =
                        status.conditions.iter().any(|it| it.type_ == "Exposed" && it.reason == "HostConflict");
                    decided.or(conflict.then_some(false))
                })
                .await
        }))
        .await?;
        ensure!(both.iter().filter(|has| **has).count() == 1, "round {round}: {both:?}");
        let (winner, loser) = if both[0] { (&one, &other) } else { (&other, &one) };
        delete(winner, "shop").await?;
        has(loser, &host).await?;
        let (most, mut order) = witness.end().await?;
        // Where the deletion of the object is seen before that of its app, it is created once more, for the garbage collection.
        order.dedup();
        ensure!(most == 1 && order == [winner.name(), loser.name()], "round {round}: {most} {order:?}");
        anyhow::Ok(())
    });
    try_join_all(rounds).await?;
    Ok(())
}

/// An Ingress that nobody asked the operator for.
fn foreign(tenant: &Scene, host: &str) -> Result<Ingress> {
    Ok(serde_json::from_value(json!({
        "metadata": { "name": "site", "namespace": tenant.name() },
        "spec": { "rules": [{ "host": host, "http": { "paths": [{
            "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "site", "port": { "number": 80 } } },
        }] } }] },
    }))?)
}

#[tokio::test]
async fn an_app_that_is_being_deleted_holds_up_no_other() -> Result<()> {
    let host = "deleting.example.com";
    let (older, younger) = stages("deleting").await?;
    let ingresses: Api<Ingress> = Api::namespaced(older.client.clone(), older.name());
    ingresses.create(&PostParams::default(), &foreign(&older, host)?).await?;
    for scene in [&older, &younger] {
        claim(scene, host).await?;
        scene.condition("shop", "Exposed", "False", "HostConflict").await?;
        // Ages differ by whole seconds.
        let created = scene.apps().get("shop").await?.metadata.creation_timestamp.context("an app has an age")?.0;
        e2e::until("the next app is younger", LIMIT, async || {
            Ok((Timestamp::now().duration_since(created) > SignedDuration::from_secs(1)).then_some(()))
        })
        .await?;
    }
    // Something else than the operator has work to do before it may go.
    let finalizers = |names: serde_json::Value| Patch::Merge(json!({ "metadata": { "finalizers": names } }));
    older.apps().patch("shop", &PatchParams::default(), &finalizers(json!(["example.com/busy"]))).await?;
    delete(&older, "shop").await?;
    ingresses.delete("site", &kube::api::DeleteParams::default()).await?;
    has(&younger, host).await?;
    older.apps().patch("shop", &PatchParams::default(), &finalizers(json!(null))).await?;
    Ok(())
}

#[tokio::test]
async fn an_ingress_of_others_keeps_its_host() -> Result<()> {
    let host = "foreign.example.com";
    let (scene, tenant) = stages("foreign").await?;
    let foreign = foreign(&tenant, host)?;
    let ingresses: Api<Ingress> = Api::namespaced(tenant.client.clone(), tenant.name());
    ingresses.create(&PostParams::default(), &foreign).await?;
    claim(&scene, host).await?;
    let message = scene.condition("shop", "Exposed", "False", "HostConflict").await?;
    assert!(!message.contains(tenant.name()), "{message}");
    ingresses.delete("site", &kube::api::DeleteParams::default()).await?;
    let took = has(&scene, host).await?;
    ensure!(took < BY_ITSELF, "it took {took:?}");
    // Who has a host keeps it, and is told of others.
    ingresses.create(&PostParams::default(), &foreign).await?;
    scene
        .reported("shop", "the other object is a finding", |status| {
            status.findings.iter().any(|finding| finding.check == "host-shared").then_some(())
        })
        .await?;
    ensure!(names(&scene, "Ingress").await?.len() == 1);
    Ok(())
}

/// Apps, each with as many hosts as one may have.
const APPS: usize = 125;
const HOSTS: usize = 8;

#[tokio::test]
async fn a_thousand_hosts_are_claimed_in_one_run() -> Result<()> {
    let scene = stage(Scene::open("thousand").await?, plain()).await?;
    let begun = Instant::now();
    let created = (0..APPS).map(async |app| {
        let name = format!("app{app}");
        let hosts: Vec<_> =
            (0..HOSTS).map(|host| host_with_secret(&format!("h{app}-{host}.example.com"), &name)).collect();
        scene.create_from(manifest(&name, &json!(hosts))?).await
    });
    try_join_all(created).await?;
    let hosts = e2e::until("all hosts are claimed", LIMIT * 4, async || {
        let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
        for ingress in scene.objects("Ingress")?.list(&kube::api::ListParams::default()).await? {
            let host =
                ingress.data.pointer("/spec/rules/0/host").and_then(serde_json::Value::as_str).map(str::to_owned);
            *hosts.entry(host.unwrap_or_default()).or_default() += 1;
        }
        Ok((hosts.len() == APPS * HOSTS).then_some(hosts))
    })
    .await?;
    println!("{} hosts of {APPS} apps in {} ms", hosts.len(), begun.elapsed().as_millis());
    ensure!(hosts.values().all(|count| *count == 1));
    Ok(())
}
