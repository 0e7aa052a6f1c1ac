//! How long a replica leads, and what the others do meanwhile.

use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::time::{Instant, advance, sleep, timeout};
use tower::{Layer, Service, service_fn};

use super::{ApiServer, Lost, RETRY, Replica, api_server::Trouble};
use crate::cluster::{Fence, LEASE_DURATION, RENEW_DEADLINE, Tenure};

/// Of [`RENEW_DEADLINE`], which is 10 s.
const JUST_BEFORE: Duration = Duration::from_millis(9999);

#[tokio::test(start_paused = true)]
async fn at_rest_the_leader_only_renews_and_the_others_only_read() {
    let (server, minutes) = (ApiServer::default(), Duration::from_mins(10));
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let first = server.record().unwrap();
    let before = server.requests("a").len();
    let mut b = Replica::new(&server, "b");
    let both = async {
        tokio::select! { lost = a.election.keep() => panic!("{lost}"), () = b.leads() => panic!("two lead") }
    };
    assert!(timeout(minutes, both).await.is_err());
    let (renewals, reads) = (server.requests("a").split_off(before), server.requests("b"));
    assert!(renewals.iter().all(|sent| sent.method == Method::PUT && sent.code == 200), "{renewals:?}");
    assert!(reads.iter().all(|sent| sent.method == Method::GET), "{reads:?}");
    for requests in [renewals, reads] {
        // Every 2 to 2.5 s.
        assert!((240..=301).contains(&requests.len()), "{}", requests.len());
    }
    let last = server.record().unwrap();
    assert_eq!((&last["acquireTime"], &last["leaseTransitions"]), (&first["acquireTime"], &json!(0)));
    assert_ne!(last["renewTime"], first["renewTime"]);
}

/// Whether requests or answers get lost: it can't know.
#[tokio::test(start_paused = true)]
async fn a_leader_that_cant_reach_the_api_server_stops_before_another_may_lead() {
    for trouble in [Trouble::NoWayThere, Trouble::NoWayBack, Trouble::Slow(RENEW_DEADLINE)] {
        let server = ApiServer::default();
        let mut a = Replica::new(&server, "a");
        a.leads().await;
        let (network, tenure) = (a.network.clone(), a.tenure.clone());
        let leader = tokio::spawn(async move { (a.election.keep().await, Instant::now()) });
        let standby = Replica::new(&server, "b").run();
        sleep(Duration::from_mins(1)).await;
        assert!(tenure.is_held());
        let answered = server.last_stored("a");
        network.set(trouble);

        let (lost, ended) = leader.await.unwrap();
        assert_eq!(lost, Lost::Late);
        assert!(ended <= answered + RENEW_DEADLINE + Duration::from_millis(2), "{trouble:?}: {:?}", ended - answered);
        let seen = server.last_stored("a");
        while server.record().unwrap()["holderIdentity"] == "a" {
            assert!(!tenure.is_held());
            sleep(Duration::from_millis(10)).await;
        }
        let taken = Instant::now();
        assert!(taken > seen + LEASE_DURATION && taken >= ended + LEASE_DURATION - RENEW_DEADLINE, "{trouble:?}");
        assert!(taken <= seen + LEASE_DURATION + RETRY * 2, "{trouble:?}: {:?}", taken - seen);
        standby.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn one_failed_renewal_is_repeated_in_time() {
    let server = ApiServer::default();
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let network = a.network.clone();
    let troubled = async {
        for trouble in [Trouble::NoWayThere, Trouble::NoWayBack] {
            network.set(trouble);
            sleep(Duration::from_secs(4)).await;
            network.set(Trouble::None);
            sleep(Duration::from_secs(20)).await;
        }
    };
    tokio::select! { lost = a.election.keep() => panic!("{lost}"), () = troubled => {} }
    assert!(a.tenure.is_held());
}

/// A connection is dead, and the API server has much to do.
#[tokio::test(start_paused = true)]
async fn a_renewal_without_an_answer_is_repeated_in_time_where_answers_take_long() {
    for trouble in [Trouble::NoWayThere, Trouble::NoWayBack] {
        let server = ApiServer::default();
        let mut a = Replica::new(&server, "a");
        a.leads().await;
        let network = a.network.clone();
        let troubled = async {
            network.set(trouble);
            // By then a renewal is sent.
            sleep(RETRY).await;
            network.set(Trouble::Slow(Duration::from_millis(1500)));
            sleep(Duration::from_mins(1)).await;
        };
        tokio::select! { lost = a.election.keep() => panic!("{trouble:?}: {lost}"), () = troubled => {} }
        assert!(a.tenure.is_held());
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_lease_another_has_taken_stops_at_its_next_renewal() {
    let server = ApiServer::default();
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let began = Instant::now();
    server.store(Some(json!({ "holderIdentity": "b", "leaseDurationSeconds": 15 })));
    assert_eq!(a.election.keep().await, Lost::Taken("b".to_owned()));
    assert!(began.elapsed() <= RETRY && !a.tenure.is_held());
    assert_eq!(server.record().unwrap()["holderIdentity"], "b");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_lease_is_created_again_by_its_holder() {
    let server = ApiServer::default();
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let mut b = Replica::new(&server, "b");
    assert!(timeout(RETRY, b.leads()).await.is_err());
    let deletions = async {
        for _ in 0..20 {
            server.store(None);
            sleep(RETRY + Duration::from_secs(1)).await;
            assert_eq!(server.record().unwrap()["holderIdentity"], "a");
        }
    };
    tokio::select! {
        lost = a.election.keep() => panic!("{lost}"),
        () = b.leads() => panic!("two lead"),
        () = deletions => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_resigns_is_followed_within_a_retry_period() {
    let server = ApiServer::default();
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let mut b = Replica::new(&server, "b");
    assert!(timeout(Duration::from_secs(7), b.leads()).await.is_err());
    let (tenure, began) = (a.tenure.clone(), Instant::now());
    a.election.resign().await;
    assert!(!tenure.is_held());
    let record = server.record().unwrap();
    assert_eq!((&record["holderIdentity"], &record["leaseDurationSeconds"]), (&json!(""), &json!(1)));
    b.leads().await;
    assert!(began.elapsed() <= RETRY, "{:?}", began.elapsed());
    assert_eq!(server.record().unwrap()["leaseTransitions"], 1);
}

/// The signal to stop may arrive during a renewal: whether that has reached the API server isn't known.
#[tokio::test(start_paused = true)]
async fn the_lease_is_released_also_where_a_renewal_was_cut_off() {
    for trouble in [Trouble::NoWayThere, Trouble::NoWayBack] {
        let server = ApiServer::default();
        let mut a = Replica::new(&server, "a");
        a.leads().await;
        a.network.set(trouble);
        assert!(timeout(RETRY, a.election.keep()).await.is_err());
        a.network.set(Trouble::None);
        a.election.resign().await;
        assert_eq!(server.record().unwrap()["holderIdentity"], "", "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_released_also_where_a_renewal_that_was_cut_off_is_stored_meanwhile() {
    let (server, answers_take) = (ApiServer::default(), Duration::from_millis(200));
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let network = a.network.clone();
    network.set(Trouble::Late);
    assert!(timeout(RETRY, a.election.keep()).await.is_err());
    network.set(Trouble::Slow(answers_take));
    let delivery = async {
        // The lease is read already, and isn't replaced yet.
        sleep(answers_take / 2).await;
        network.deliver();
    };
    tokio::join!(a.election.resign(), delivery);
    let codes: Vec<u16> = server.requests("a").iter().map(|request| request.code).collect();
    assert!(codes.contains(&409), "the renewal came between: {codes:?}");
    assert_eq!(server.record().unwrap()["holderIdentity"], "");
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_not_released_while_a_write_may_be_under_way() {
    let server = ApiServer::default();
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    cut_off_a_write(&a.tenure).await;
    a.election.resign().await;
    assert_eq!(server.record().unwrap()["holderIdentity"], "a");
}

/// Nor is the lease of another replica.
#[tokio::test(start_paused = true)]
async fn only_the_own_lease_is_released() {
    let server = ApiServer::default();
    let mut a = Replica::new(&server, "a");
    a.leads().await;
    let taken: Value = json!({ "holderIdentity": "b", "leaseDurationSeconds": 15 });
    server.store(Some(taken.clone()));
    a.election.resign().await;
    assert_eq!(server.record(), Some(taken));
}

/// All its timers and answers are due when it continues, in any order.
#[tokio::test(start_paused = true)]
async fn a_process_that_was_stopped_beyond_the_deadline_never_leads_again() {
    let tenure = Tenure::default();
    let sent = Instant::now();
    assert!(tenure.renewed(sent) && tenure.deadline() == Some(sent + RENEW_DEADLINE));
    advance(JUST_BEFORE).await;
    let again = Instant::now();
    assert!(tenure.is_held());
    advance(Duration::from_millis(1)).await;
    assert!(!tenure.renewed(again), "the answer to a renewal that was sent in time comes too late");
    assert!(!tenure.renewed(Instant::now()) && !tenure.is_held() && tenure.deadline().is_none());
}

async fn cut_off_a_write(tenure: &Arc<Tenure>) {
    let silent = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
    let request = Request::delete("/api/v1/namespaces/demo/services/web").body(Body::empty()).unwrap();
    let answer = Fence(tenure.clone()).layer(silent).call(request);
    assert!(timeout(Duration::from_secs(1), answer).await.is_err());
}
