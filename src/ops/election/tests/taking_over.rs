//! When a replica begins to lead.

use std::{cell::Cell, time::Duration};

use http::Method;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{ApiServer, RETRY, Replica, api_server::Trouble};
use crate::cluster::LEASE_DURATION;

fn held_by(holder: &str, renewed: Timestamp) -> Value {
    json!({ "holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 4, "renewTime": renewed.to_string() })
}

#[tokio::test(start_paused = true)]
async fn the_first_replica_creates_the_lease() {
    let (server, began) = (ApiServer::default(), Instant::now());
    Replica::new(&server, "a").leads().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let record = server.record().unwrap();
    assert_eq!(record["holderIdentity"], "a");
    assert_eq!((&record["leaseDurationSeconds"], &record["leaseTransitions"]), (&json!(15), &json!(0)));
    assert_eq!(record["acquireTime"], record["renewTime"]);
    let fraction = record["renewTime"].as_str().unwrap().rsplit('.').next().unwrap();
    assert_eq!(fraction.len(), "123456Z".len(), "a MicroTime has six decimals: {record}");
}

/// The clock of the other machine may show anything.
#[tokio::test(start_paused = true)]
async fn a_lease_expires_after_it_hasnt_changed_for_its_duration_whatever_its_times_say() {
    let year = SignedDuration::from_hours(24 * 365);
    for renewed in [Timestamp::now() - year, Timestamp::now(), Timestamp::now() + year] {
        let (server, began) = (ApiServer::default(), Instant::now());
        server.store(Some(held_by("gone", renewed)));
        Replica::new(&server, "a").leads().await;
        let waited = began.elapsed();
        assert!(waited > LEASE_DURATION && waited <= LEASE_DURATION + RETRY, "{waited:?}");
        let record = server.record().unwrap();
        assert_eq!((&record["holderIdentity"], &record["leaseTransitions"]), (&json!("a"), &json!(5)));
        assert!(server.requests("a").iter().all(|request| request.code == 200));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_changes_never_expires() {
    let server = ApiServer::default();
    let renewing = async {
        loop {
            // As late as a leader may.
            server.store(Some(held_by("b", Timestamp::now())));
            sleep(Duration::from_secs(10)).await;
        }
    };
    let mut replica = Replica::new(&server, "a");
    let campaign = async {
        tokio::select! { () = replica.leads() => {}, () = renewing => {} }
    };
    assert!(timeout(Duration::from_mins(10), campaign).await.is_err());
    assert!(server.requests("a").iter().all(|request| request.method == Method::GET), "it only reads");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_find_the_lease_expired_one_leads() {
    // Whether both have read the lease before one replaces it depends on the jitter of their pauses.
    let mut conflicts = 0;
    for _ in 0..50 {
        conflicts += Box::pin(of_two_one_leads()).await;
    }
    assert!(conflicts > 0);
}

/// Lets two replicas find the lease expired; returns how many requests were answered with a conflict.
async fn of_two_one_leads() -> usize {
    let server = ApiServer::default();
    server.store(Some(held_by("gone", Timestamp::now())));
    let mut replicas = ["a", "b"].map(|name| Replica::new(&server, name));
    for replica in &replicas {
        replica.network.set(Trouble::Slow(Duration::from_millis(2900)));
    }
    let [a, b] = &mut replicas;
    // Both have to see the lease unchanged for its duration. Then one leads, and the other stands by for that duration, since the lease isn't
    // renewed here.
    let before_the_next = LEASE_DURATION * 2;
    let led = tokio::join!(timeout(before_the_next, a.leads()), timeout(before_the_next, b.leads()));
    assert_ne!(led.0.is_ok(), led.1.is_ok());
    let leader = if led.0.is_ok() { "a" } else { "b" };
    assert_eq!(server.record().unwrap()["holderIdentity"], leader);
    let requests = ["a", "b"].map(|name| server.requests(name)).concat();
    let stored: Vec<u16> = requests.iter().filter(|sent| sent.method == Method::PUT).map(|sent| sent.code).collect();
    assert_eq!(stored.iter().filter(|code| **code == 200).count(), 1, "{stored:?}");
    stored.iter().filter(|code| **code == 409).count()
}

#[tokio::test(start_paused = true)]
async fn who_holds_the_lease_without_knowing_it_leads_when_it_knows() {
    let server = ApiServer::default();
    let mut replica = Replica::new(&server, "a");
    replica.network.set(Trouble::Slow(Duration::from_secs(2)));
    let network = replica.network.clone();
    let mended = async {
        // It reads that there is no lease, and gets no answer to its creation.
        sleep(Duration::from_secs(1)).await;
        network.set(Trouble::NoWayBack);
        sleep(Duration::from_secs(6)).await;
        assert_eq!(server.record().unwrap()["holderIdentity"], "a");
        network.set(Trouble::None);
        std::future::pending::<()>().await;
    };
    tokio::select! { () = replica.leads() => {}, () = mended => {} }
    assert_eq!(server.record().unwrap()["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_stands_by_stops_at_once() {
    let server = ApiServer::default();
    server.store(Some(held_by("b", Timestamp::now())));
    let mut replica = Replica::new(&server, "a");
    let (began, stands_by) = (Instant::now(), Cell::new(false));
    assert!(!replica.election.campaign(|| stands_by.set(true), sleep(Duration::from_secs(5))).await);
    assert_eq!((began.elapsed().as_secs(), stands_by.get()), (5, true));
    assert_eq!(server.record().unwrap()["holderIdentity"], "b");
}
