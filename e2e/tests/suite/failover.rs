//! Several replicas of the operator: one writes, and another takes over when it is killed, stopped or ended. The API server's audit log
//! shows that no two ever write, and that those that stand by ask for nothing but the lease. On a separate control plane, because the other tests need the shared operator.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::audit::{self, Request};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, show, until};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::scene::{Scene, WEB};
use crate::wait::LIMIT;

/// How long a lease lasts after its last renewal.
const LEASE: Duration = Duration::from_secs(15);

/// The longest pause between two looks of a replica at the lease.
const RETRY: Duration = Duration::from_millis(2500);

/// For a busy machine.
const SLACK: Duration = Duration::from_secs(3);

#[tokio::test]
async fn one_replica_writes_and_another_takes_over() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let mut first = Operator::replica(&control_plane, "replica-1").await?;
    first.is_up().await?;
    let mut second = Operator::replica(&control_plane, "replica-2").await?;
    second.stands_by().await?;
    let scene = Scene::on(control_plane, "failover", &[]).await?;
    scene.ready("shop", WEB).await?;

    both_are_ready_and_one_leads(&first, &second).await?;
    at_rest_the_leader_renews_and_the_other_reads(&scene).await?;
    the_next_leader_rolls_out_the_newest_spec_only(&scene, first, &mut second).await?;
    let mut third = standby(&scene, "replica-3").await?;
    a_killed_leader_is_followed(&scene, second, &mut third).await?;
    let mut fourth = standby(&scene, "replica-4").await?;
    a_stopped_leader_writes_nothing_when_it_continues(&scene, third, &mut fourth).await?;
    let mut fifth = standby(&scene, "replica-5").await?;
    a_write_of_a_stopped_leader_ends_before_another_leads(&scene, fourth, &mut fifth).await?;
    let mut sixth = standby(&scene, "replica-6").await?;
    an_ended_leader_is_followed_at_once(&scene, fifth, &mut sixth).await?;
    assert!(sixth.stop().await?.success());

    let writes = no_two_replicas_wrote_at_the_same_time(&scene)?;
    // The app's children and its status, the heals and their statuses and Events.
    assert!(writes >= 15, "{writes} writes were judged");
    Ok(())
}

async fn standby(scene: &Scene, pod: &'static str) -> Result<Operator> {
    let mut replica = Operator::replica(&scene.control_plane, pod).await?;
    replica.stands_by().await?;
    Ok(replica)
}

async fn both_are_ready_and_one_leads(leader: &Operator, other: &Operator) -> Result<()> {
    let reconciled = "controller_runtime_reconcile_total{controller=\"hardenedapp\",result=\"success\"}";
    for (replica, leads) in [(leader, true), (other, false)] {
        let says = if leads { "ok: it leads" } else { "ok: it stands by, another pod leads" };
        assert_eq!(replica.page("/readyz").await?, (200, says.to_owned()));
        assert_eq!(replica.page("/livez").await?, (200, "ok".to_owned()));
        let (_, metrics) = replica.page("/metrics").await?;
        let master = format!("leader_election_master_status{{name=\"hardened-app\"}} {}.0", u8::from(leads));
        assert!(metrics.lines().any(|line| line == master), "{metrics}");
        assert_eq!(metrics.contains(&format!("{reconciled} 0\n")), !leads, "only the leader reconciles");
        assert_eq!(metrics.contains("hardenedapp_condition{"), leads, "only the leader knows apps");
    }
    Ok(())
}

async fn at_rest_the_leader_renews_and_the_other_reads(scene: &Scene) -> Result<()> {
    scene.quiet().await?;
    let (began, measured) = (Timestamp::now(), Duration::from_secs(20));
    // The measured time, not a wait for a condition.
    tokio::time::sleep(measured).await;
    let requests: Vec<Request> = requests(scene)?.into_iter().filter(|request| request.time >= began).collect();
    for (replica, verb) in [("replica-1", "update"), ("replica-2", "get")] {
        let own = requests.iter().filter(|request| request.user_agent.contains(replica));
        let own: Vec<_> = own.map(|request| (request.verb.as_str(), request.resource.as_str())).collect();
        assert!(own.iter().all(|request| *request == (verb, "leases")), "{replica}: {own:?}");
        // Every 2 to 2.5 s.
        assert!((6..=10).contains(&own.len()), "{replica}: {} requests in {measured:?}", own.len());
    }
    Ok(())
}

/// The replica that takes over has asked for nothing before, so it can't know an older spec. The leader rolls out one change, and is ended
/// just after another.
async fn the_next_leader_rolls_out_the_newest_spec_only(
    scene: &Scene,
    leader: Operator,
    next: &mut Operator,
) -> Result<()> {
    let of_the_next = || -> Result<Vec<String>> {
        let requests = audit::requests_and_watches(&scene.control_plane.audit_log(), operator::USER)?;
        let own = requests.into_iter().filter(|request| request.user_agent.contains("replica-2"));
        Ok(own.map(|request| format!("{} {}", request.verb, request.resource)).collect())
    };
    let change = async |version: &str| scene.change("shop", &WEB.replace("1.0.0", version)).await;
    change("2.0.0").await?;
    runs(scene, "hello:2.0.0").await?;
    let stood_by = of_the_next()?;
    assert!(stood_by.iter().all(|request| request == "get leases"), "it watches nothing: {stood_by:?}");
    change("3.0.0").await?;
    let ended = Instant::now();
    assert!(leader.stop().await?.success());
    next.is_up().await?;
    let took = ended.elapsed();
    show(&format!("ended after a change: another leads and has full caches after {took:.1?}"));
    assert!(took <= RETRY + SLACK, "{took:?}");
    assert!(of_the_next()?.iter().any(|request| request == "watch hardenedapps"), "watches are in the log");

    runs(scene, "hello:3.0.0").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.quiet().await?;
    let deployment = scene.live("Deployment", "shop-web").await?;
    assert_eq!(deployment.pointer("/metadata/generation"), Some(&json!(3)), "each version was applied once");
    let revisions = scene.objects("ControllerRevision")?.list(&ListParams::default()).await?.items;
    let mut revisions: Vec<String> = revisions.iter().map(ResourceExt::name_any).collect();
    revisions.sort();
    assert_eq!(revisions, ["shop-r1", "shop-r2", "shop-r3"], "each version was released once");
    Ok(())
}

async fn runs(scene: &Scene, image: &str) -> Result<()> {
    let runs = |deployment: &Value| {
        let stored = deployment.pointer("/spec/template/spec/containers/0/image")?.as_str()?;
        stored.ends_with(image).then_some(())
    };
    scene.object("Deployment", "shop-web", image, runs).await
}

async fn a_killed_leader_is_followed(scene: &Scene, mut leader: Operator, next: &mut Operator) -> Result<()> {
    let killed = Instant::now();
    leader.signal("KILL").await?;
    leader.exits().await?;
    scene.delete("Service", "shop-web").await?;
    next.is_up().await?;
    let took = killed.elapsed();
    scene.reverted("shop", "the deletion", |item| item.kind == "Service").await?;
    show(&format!("killed: another leads after {took:.1?}, drift is reverted after {:.1?}", killed.elapsed()));
    assert!(took <= LEASE + RETRY * 2 + SLACK, "{took:?}");
    Ok(())
}

async fn a_stopped_leader_writes_nothing_when_it_continues(
    scene: &Scene,
    mut leader: Operator,
    next: &mut Operator,
) -> Result<()> {
    let (stopped, time) = (Instant::now(), Timestamp::now());
    leader.signal("STOP").await?;
    // What both would revert: the stopped one reads of it when it continues.
    scene.delete("NetworkPolicy", "shop-web").await?;
    next.is_up().await?;
    let took = stopped.elapsed();
    scene.reverted("shop", "the deletion", |item| item.kind == "NetworkPolicy").await?;
    show(&format!("stopped: another leads after {took:.1?}, drift is reverted after {:.1?}", stopped.elapsed()));
    assert!(took <= LEASE + RETRY * 2 + SLACK, "{took:?}");

    let continued = Instant::now();
    leader.signal("CONT").await?;
    let status = leader.exits().await?;
    show(&format!("continued: it exits after {:.1?}", continued.elapsed()));
    assert_eq!(status.code(), Some(1), "it exits with an error");
    let log = std::fs::read_to_string(leader.log())?;
    assert!(log.contains("the lease was not renewed within 10 s"), "it says why: {log}");
    let late = requests(scene)?.into_iter().filter(|request| {
        request.user_agent.contains("replica-3")
            && is_write(request)
            && request.time > time + SignedDuration::from_secs(10)
    });
    assert_eq!(late.collect::<Vec<_>>(), []);
    Ok(())
}

/// The API server works on a write of the leader, which can't end it because it is stopped itself: it waits for three webhooks, for each of
/// them 10 s for its part of the TLS handshake, and would then go on without their answers, when another replica leads already.
async fn a_write_of_a_stopped_leader_ends_before_another_leads(
    scene: &Scene,
    leader: Operator,
    next: &mut Operator,
) -> Result<()> {
    let webhooks: Api<MutatingWebhookConfiguration> = Api::all(scene.client.clone());
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let address = silent.local_addr()?;
    let webhook = |name: &str| {
        json!({
            "name": format!("{name}.example.com"),
            "clientConfig": { "url": format!("https://{address}/") },
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": scene.name() } },
            "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"], "operations": ["CREATE", "UPDATE"] }],
            "failurePolicy": "Ignore",
            "timeoutSeconds": 30,
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        })
    };
    let three = ["first", "second", "third"].map(webhook);
    let webhook = json!({ "metadata": { "name": "silent" }, "webhooks": three });
    webhooks.create(&PostParams::default(), &serde_json::from_value(webhook)?).await?;
    // Until they are in force, the Service is just created again.
    let _connection = until("a webhook is asked", LIMIT, async || {
        scene.objects("Service")?.delete("shop-web", &DeleteParams::background()).await.ok();
        Ok(timeout(Duration::from_secs(2), silent.accept()).await.ok())
    })
    .await?;
    leader.signal("STOP").await?;
    next.is_up().await?;
    webhooks.delete("silent", &DeleteParams::default()).await?;

    let was_cut_off = |request: &Request| request.user_agent.contains("replica-4") && request.code == 504;
    let cut_off: Vec<Request> = requests(scene)?.into_iter().filter(was_cut_off).collect();
    assert_eq!(cut_off.iter().map(|request| request.resource.as_str()).collect::<Vec<_>>(), ["services"]);
    drop(leader);
    scene.object("Service", "shop-web", "it is there again", |_| Some(())).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.quiet().await?;
    Ok(())
}

async fn an_ended_leader_is_followed_at_once(scene: &Scene, leader: Operator, next: &mut Operator) -> Result<()> {
    let log = leader.log().to_owned();
    scene.create("last", WEB).await?;
    let ended = Instant::now();
    assert!(leader.stop().await?.success());
    next.is_up().await?;
    let took = ended.elapsed();
    show(&format!("ended: another leads after {took:.1?}"));
    assert!(took <= RETRY + SLACK, "{took:?}");
    assert!(std::fs::read_to_string(log)?.contains("\"lease released\""));
    scene.condition("last", "Ready", "True", "Available").await?;
    Ok(())
}

/// Holds every write but those of the lease against the holders of the lease, by the API server's clock: when it arrived, its sender was the
/// last that had stored itself as the holder, less than a lease before; and it was answered before another one did. Returns their number.
fn no_two_replicas_wrote_at_the_same_time(scene: &Scene) -> Result<usize> {
    let requests = requests(scene)?;
    let (leases, writes): (Vec<&Request>, Vec<&Request>) =
        requests.iter().filter(|request| is_write(request)).partition(|request| request.resource == "leases");
    let leases: Vec<&Request> = leases.into_iter().filter(|request| request.code < 300).collect();
    for write in &writes {
        let replica = identity(write)?;
        let held = leases.iter().filter(|lease| lease.answered <= write.time).max_by_key(|lease| lease.answered);
        let held = held.with_context(|| format!("no replica led yet: {write:?}"))?;
        assert_eq!(identity(held)?, replica, "{write:?} after {held:?}");
        let since = write.answered.duration_since(held.time).unsigned_abs();
        assert!(since < LEASE, "{since:?} after the last renewal: {write:?}");
        for lease in leases.iter().filter(|lease| lease.time >= held.time) {
            assert!(identity(lease)? == replica || write.answered <= lease.time, "{write:?} while {lease:?}");
        }
    }
    // Nor does any replica take the lease while it counts, unless it was released.
    let mut holders: Vec<(&str, Timestamp)> = Vec::new();
    for lease in &leases {
        let replica = identity(lease)?;
        match holders.last_mut() {
            Some((holder, renewed)) if *holder == replica => *renewed = lease.time,
            _ => holders.push((replica, lease.time)),
        }
    }
    let names: Vec<&str> = holders.iter().filter_map(|(holder, _)| holder.split('_').next()).collect();
    assert_eq!(names, (1..=6).map(|number| format!("replica-{number}")).collect::<Vec<_>>(), "each led once");
    Ok(writes.len())
}

fn is_write(request: &Request) -> bool {
    !["get", "list"].contains(&request.verb.as_str())
}

/// Which process has sent a request: the user agent is `hardened-app/<version> (<pod>_<random>)`.
fn identity(request: &Request) -> Result<&str> {
    let name = request.user_agent.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    name.with_context(|| format!("a request without an identity: {request:?}"))
}

/// All requests of all replicas, in the order of their answers.
fn requests(scene: &Scene) -> Result<Vec<Request>> {
    audit::all_requests(&scene.control_plane.audit_log(), operator::USER)
}
