//! The requests that converge a child, against an API server that answers as each case needs: what is sent, in which
//! order, and how refusals, conflicts and missing responses are handled.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    sent,
    server::{Answer, Server},
    stored,
};
use crate::{
    api::{ChildRef, DriftMode, HardenedAppStatus, MANAGER},
    cluster::{Cache, Executor, Memory, Writer},
    desired::{APPLIED_HASH, Child, children},
    fixtures::{child, shop, target},
    plan::{self, AWAITED, Again, ChildMemory, ChildOutcome, ChildState, LARGEST, LastReport, MOST_REQUESTS},
    release::Target,
};

/// An app whose children are converged against a scripted server.
struct Scene {
    server: Server,
    target: Target,
    cache: Cache,
    memory: Memory,
    writer: Writer,
    /// The children that are converged; with a single one the order of requests is certain.
    children: Vec<Child>,
    status: HardenedAppStatus,
}

impl Scene {
    fn of(kinds: &[&str]) -> Self {
        let (server, target) = (Server::default(), target(shop()));
        let mut children = children(&target);
        children.retain(|child| kinds.contains(&child.kind.name));
        let writer = Writer::new(server.client(), None);
        let (cache, memory, status) = (Cache::default(), Memory::default(), HardenedAppStatus::default());
        memory.begin("app-uid");
        Self { server, target, cache, memory, writer, children, status }
    }

    /// The children exist as declared, the watches have reported them, and the last status lists them.
    fn in_place(kinds: &[&str]) -> Self {
        let mut scene = Self::of(kinds);
        for child in &scene.children {
            scene.cache.observed(child.kind, &sent(&stored(child, "1", 7)));
            scene.status.children.push(ChildRef { kind: child.kind.name.to_owned(), name: child.name.clone() });
        }
        scene
    }

    fn expect(&self, request: &str, answer: Answer) -> &Self {
        self.server.expect(request, answer);
        self
    }

    async fn converge(&self) -> Vec<ChildOutcome> {
        let executor =
            Executor { target: &self.target, cache: &self.cache, memory: &self.memory, writer: &self.writer };
        executor.converge(&self.children, LastReport::of(&self.status, None, false)).await
    }

    /// Converges, asserts that exactly the expected requests were sent, and returns the states of the children.
    async fn states(&self) -> Vec<String> {
        let outcomes = self.converge().await;
        self.server.finish();
        outcomes.iter().map(|outcome| words(&outcome.state)).collect()
    }
}

fn words(state: &ChildState) -> String {
    match state {
        ChildState::Conflict(holder, _) => format!("conflict with {holder}"),
        ChildState::Failed(_, words) => words.clone(),
        ChildState::Contested(_) => "contested".to_owned(),
        ChildState::Leftover(_) => "Leftover".to_owned(),
        other => format!("{other:?}"),
    }
}

/// An object that another owner controls.
fn foreign(child: &Child) -> Value {
    let mut object = stored(child, "9", 5);
    object["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "helm.io/v1", "kind": "HelmApp", "name": "other", "uid": "2", "controller": true }]);
    object
}

/// The stored object with a change by another client.
fn drifted(child: &Child, version: u64, change: impl FnOnce(&mut Value)) -> Value {
    let mut object = stored(child, "1", version);
    change(&mut object);
    object
}

#[tokio::test]
async fn a_creation_is_one_request_and_its_response_is_stored() {
    let scene = Scene::of(&["Service"]);
    scene.expect("create services", Answer::Object(stored(&child("Service"), "1", 7)));
    assert_eq!(scene.states().await, ["InPlace"]);
    assert_eq!(scene.states().await, ["InPlace"], "no request the second time");
}

#[tokio::test]
async fn a_creation_that_finds_an_object_of_the_app_applies_to_it() {
    // The object has lost the label that the watches select by.
    let scene = Scene::of(&["Service"]);
    let unlabelled = drifted(&child("Service"), 7, |object| {
        object["metadata"]["labels"].as_object_mut().unwrap().remove("app.kubernetes.io/managed-by");
    });
    scene
        .expect("create services", Answer::Code(409))
        .expect("get services", Answer::Object(unlabelled))
        .expect("apply services", Answer::Object(stored(&child("Service"), "1", 8)));
    let outcomes = scene.converge().await;
    let bodies = scene.server.finish();
    assert_eq!(bodies[2]["metadata"]["uid"], "1", "applied to the object that was compared, and to no other");
    assert!(bodies[2]["metadata"].get("resourceVersion").is_none());
    assert_eq!(outcomes[0].state, ChildState::InPlace);
    let reverted: Vec<&str> = outcomes[0].reverted.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(reverted, ["metadata.labels[app.kubernetes.io/managed-by]"], "a lost label, and no deletion");
}

#[tokio::test]
async fn an_object_of_another_owner_is_left_alone_and_not_requested_again_soon() {
    let scene = Scene::of(&["Service"]);
    scene
        .expect("create services", Answer::Code(409))
        .expect("get services", Answer::Object(foreign(&child("Service"))));
    assert_eq!(scene.states().await, ["conflict with HelmApp other"]);
    assert_eq!(scene.states().await, ["conflict with HelmApp other"], "known without a request");
}

#[tokio::test]
async fn an_object_deleted_between_two_requests_is_created_again() {
    let scene = Scene::of(&["Service"]);
    scene
        .expect("create services", Answer::Code(409))
        .expect("get services", Answer::Code(404))
        .expect("create services", Answer::Object(stored(&child("Service"), "1", 7)));
    assert_eq!(scene.states().await, ["InPlace"]);
}

#[tokio::test]
async fn a_refused_creation_is_followed_by_a_read_and_then_by_a_pause() {
    // Admission runs before the version is compared: any refusal may hide a foreign object.
    for code in [400, 403, 422] {
        let scene = Scene::of(&["Service"]);
        scene.expect("create services", Answer::Code(code)).expect("get services", Answer::Code(404));
        let message = format!("failed to create Service shop-web: answered {code}");
        assert_eq!(scene.states().await, [message.as_str()]);
        assert_eq!(scene.states().await, [message.as_str()], "not sent again before its pause is over");
    }
    let scene = Scene::of(&["Service"]);
    scene
        .expect("create services", Answer::Code(422))
        .expect("get services", Answer::Object(foreign(&child("Service"))));
    assert_eq!(scene.states().await, ["conflict with HelmApp other"]);
}

#[tokio::test]
async fn an_unavailable_api_server_gets_no_further_request() {
    for code in [401, 429, 500, 503] {
        let scene = Scene::of(&["Service"]);
        scene.expect("create services", Answer::Code(code));
        assert_eq!(scene.states().await, [format!("failed to create Service shop-web: answered {code}")]);
        // No refusal is remembered: the next reconciliation tries again.
        scene.expect("create services", Answer::Object(stored(&child("Service"), "1", 7)));
        assert_eq!(scene.states().await, ["InPlace"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_ends() {
    let scene = Scene::of(&["Service"]);
    scene.expect("create services", Answer::Silence);
    let began = tokio::time::Instant::now();
    assert_eq!(scene.states().await, ["failed to create Service shop-web: no answer within 10 s"]);
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn drift_is_reverted_with_one_apply() {
    let scene = Scene::in_place(&["Service"]);
    scene.states().await;
    let changed = drifted(&child("Service"), 8, |object| object["spec"]["type"] = json!("NodePort"));
    scene.cache.observed(child("Service").kind, &sent(&changed));
    scene.expect("apply services", Answer::Object(stored(&child("Service"), "1", 9)));
    let outcomes = scene.converge().await;
    scene.server.finish();
    assert_eq!((&outcomes[0].state, outcomes[0].reverted.len(), outcomes[0].open.len()), (&ChildState::InPlace, 1, 0));
}

#[tokio::test]
async fn an_added_member_is_removed_before_the_apply_that_it_could_make_invalid() {
    let scene = Scene::in_place(&["Service"]);
    scene.states().await;
    let added = |version, kind: &str| {
        drifted(&child("Service"), version, |object| {
            object["spec"]["type"] = json!(kind);
            object["spec"]["ports"].as_array_mut().unwrap().push(json!({ "port": 9, "protocol": "TCP" }));
        })
    };
    let removed = drifted(&child("Service"), 9, |object| object["spec"]["type"] = json!("NodePort"));
    scene.cache.observed(child("Service").kind, &sent(&added(8, "NodePort")));
    scene
        .expect("patch services", Answer::Object(removed))
        .expect("apply services", Answer::Object(stored(&child("Service"), "1", 10)));
    let outcomes = scene.converge().await;
    scene.server.finish();
    assert_eq!((&outcomes[0].state, outcomes[0].reverted.len()), (&ChildState::InPlace, 2), "one heal, two deviations");
}

#[tokio::test]
async fn where_neither_apply_nor_removal_is_valid_everything_is_set_at_once() {
    let scene = Scene::in_place(&["Service"]);
    scene.states().await;
    let changed = drifted(&child("Service"), 8, |object| object["spec"]["type"] = json!("NodePort"));
    scene.cache.observed(child("Service").kind, &sent(&changed));
    scene
        .expect("apply services", Answer::Code(422))
        .expect("patch services", Answer::Object(stored(&child("Service"), "1", 9)))
        .expect("apply services", Answer::Object(stored(&child("Service"), "1", 10)));
    assert_eq!(scene.states().await, ["InPlace"]);
}

#[tokio::test]
async fn an_invalid_update_of_an_object_known_only_by_its_version_is_compared_and_corrected() {
    let mut scene = Scene::in_place(&["Deployment"]);
    scene.states().await;
    let mut newer = scene.children[0].clone();
    newer.hash = "newer".to_owned();
    newer.body["metadata"]["annotations"][APPLIED_HASH] = json!("newer");
    newer.body["spec"]["strategy"] = json!({ "type": "Recreate" });
    let applied_by = |manager, fields| json!({ "manager": manager, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields });
    let earlier = drifted(&child("Deployment"), 7, |object| {
        let strategy = json!({ "f:strategy": { "f:rollingUpdate": { "f:maxSurge": {} } } });
        let hash = json!({ "f:annotations": { format!("f:{APPLIED_HASH}"): {} } });
        object["metadata"]["managedFields"] = json!([
            applied_by(MANAGER, json!({ "f:metadata": hash, "f:spec": strategy })),
            applied_by("gitops", json!({ "f:spec": strategy })),
        ]);
    });
    scene.children = vec![newer.clone()];
    scene
        .expect("apply deployments", Answer::Code(422))
        .expect("get deployments", Answer::Object(earlier))
        .expect("apply deployments", Answer::Code(422))
        .expect("patch deployments", Answer::Object(stored(&newer, "1", 8)))
        .expect("apply deployments", Answer::Object(stored(&newer, "1", 9)));
    assert_eq!(scene.states().await, ["InPlace"]);
}

#[tokio::test]
async fn an_object_recreated_by_another_owner_isnt_touched() {
    let scene = Scene::in_place(&["Service"]);
    scene.states().await;
    let changed = drifted(&child("Service"), 8, |object| object["spec"]["type"] = json!("NodePort"));
    scene.cache.observed(child("Service").kind, &sent(&changed));
    // The apply names the UID that was compared: for another object of the name the server answers with a conflict.
    scene
        .expect("apply services", Answer::Code(409))
        .expect("get services", Answer::Object(foreign(&child("Service"))));
    assert_eq!(scene.states().await, ["conflict with HelmApp other"]);
}

#[tokio::test]
async fn an_object_changed_as_fast_as_it_is_applied_is_reported_as_failed() {
    let scene = Scene::in_place(&["Service"]);
    scene.states().await;
    let changed = |version| drifted(&child("Service"), version, |object| object["spec"]["type"] = json!("NodePort"));
    scene.cache.observed(child("Service").kind, &sent(&changed(8)));
    for version in 9..13 {
        scene.expect("apply services", Answer::Object(changed(version)));
    }
    let states = scene.states().await;
    let [words] = states.as_slice() else { panic!("{states:?}") };
    assert!(words.starts_with("Service shop-web is changed as fast as it is applied, perhaps by a webhook"), "{words}");
    assert!(words.contains("drift.toleratedPaths"), "{words}");
}

#[tokio::test]
async fn nothing_new_is_created_while_a_guard_isnt_in_place() {
    let scene = Scene::of(&["NetworkPolicy", "Deployment"]);
    scene.expect("create networkpolicies", Answer::Code(403)).expect("get networkpolicies", Answer::Code(404));
    assert_eq!(scene.states().await, ["failed to create NetworkPolicy shop-web: answered 403", "Held"]);
}

#[tokio::test]
async fn pods_wait_for_the_guards_of_what_they_connect_to() {
    let mut spec = shop();
    spec["components"][0]["connectsTo"] = json!(["db"]);
    spec["databases"] =
        json!([{ "name": "db", "engine": "postgres", "pods": { "matchLabels": { "cluster": "orders" } } }]);
    let mut scene = Scene::of(&[]);
    scene.target = target(spec);
    scene.children = children(&scene.target);
    // Of the part itself all guards are in place.
    scene.children.retain(|child| child.name == "shop-db.pods" || child.kind.name == "Deployment");
    scene.expect("create networkpolicies", Answer::Code(403)).expect("get networkpolicies", Answer::Code(404));
    assert_eq!(scene.states().await, ["failed to create NetworkPolicy shop-db.pods: answered 403", "Held"]);
    // What only pods of earlier releases connect to isn't waited for.
    let earlier = scene.target.runs.iter().flat_map(|release| release.edges.clone()).collect();
    scene.target = Target { earlier, ..target(shop()) };
    scene.expect("create deployments", Answer::Object(stored(&scene.children[1], "1", 8)));
    assert_eq!(scene.states().await, ["failed to create NetworkPolicy shop-db.pods: answered 403", "InPlace"]);
}

#[tokio::test]
async fn a_guard_is_created_before_the_workload() {
    let scene = Scene::of(&["NetworkPolicy", "Deployment"]);
    scene
        .expect("create networkpolicies", Answer::Object(stored(&child("NetworkPolicy"), "1", 7)))
        .expect("create deployments", Answer::Object(stored(&child("Deployment"), "1", 8)));
    assert_eq!(scene.states().await, ["InPlace", "InPlace"]);
}

#[tokio::test]
async fn an_object_missing_from_the_cache_is_read_once_if_it_isnt_recreated() {
    let mut scene = Scene::in_place(&["Service"]);
    scene.target.ungated.enforcement.mode = DriftMode::Observe;
    scene.cache.deleted(child("Service").kind, &sent(&stored(&child("Service"), "1", 8)));
    scene.expect("get services", Answer::Code(404));
    let outcomes = scene.converge().await;
    scene.server.finish();
    assert_eq!((&outcomes[0].state, outcomes[0].open.len()), (&ChildState::Observed, 1));
    assert_eq!(scene.states().await, ["Observed"], "known without a request");
    // After a failed read nothing is known about the object.
    scene.memory.forget("app-uid");
    scene.memory.begin("app-uid");
    scene.expect("get services", Answer::Code(500));
    assert_eq!(scene.states().await, ["failed to read Service shop-web: answered 500"]);
}

#[tokio::test]
async fn while_paused_nothing_is_written() {
    let mut scene = Scene::of(&["NetworkPolicy", "Deployment", "Service"]);
    scene.target.ungated.enforcement.paused = true;
    assert_eq!(scene.states().await, ["Held", "Held", "Held"]);
}

#[tokio::test]
async fn undeclared_objects_are_deleted_in_order_and_only_as_last_observed() {
    let scene = Scene::in_place(&["NetworkPolicy", "Deployment"]);
    let prune = async |available| {
        let executor =
            Executor { target: &scene.target, cache: &scene.cache, memory: &scene.memory, writer: &scene.writer };
        let outcomes = executor.prune(&[], available).await;
        let bodies = scene.server.finish();
        (outcomes.iter().map(|outcome| words(&outcome.state)).collect::<Vec<_>>(), bodies)
    };
    assert_eq!(prune(false).await.0, ["Leftover", "Leftover"], "not before what replaces it is available");
    scene.expect("delete deployments", Answer::Code(200));
    let (states, bodies) = prune(true).await;
    assert_eq!(states, ["Leftover"], "the policy is deleted after the workload");
    assert_eq!(bodies[0]["preconditions"], json!({ "uid": "1", "resourceVersion": "7" }));
    assert_eq!(bodies[0]["propagationPolicy"], "Background");
    scene.expect("delete deployments", Answer::Code(403));
    assert_eq!(prune(true).await.0[0], "failed to delete Deployment shop-web: answered 403");
    // Gone since it was seen.
    scene.expect("delete deployments", Answer::Code(404));
    assert_eq!(prune(true).await.0, ["Leftover"], "the policy, until the workload is seen to be gone");
    // Changed since it was seen: tried again soon, whatever the watch has reported meanwhile.
    scene.expect("delete deployments", Answer::Code(409));
    let executor =
        Executor { target: &scene.target, cache: &scene.cache, memory: &scene.memory, writer: &scene.writer };
    let outcomes = executor.prune(&[], true).await;
    let again: Vec<Again> = outcomes.iter().map(|outcome| plan::again(&outcome.state)).collect();
    assert!(
        matches!(again[..], [Again::After(soon), Again::After(AWAITED)] if soon <= Duration::from_secs(2)),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_failure_says_when_to_try_again() {
    let scene = Scene::of(&["Service"]);
    scene.expect("create services", Answer::Code(503));
    let outcomes = scene.converge().await;
    let ChildState::Failed(pause, _) = outcomes[0].state else { panic!("{outcomes:?}") };
    assert!((Duration::from_secs(1)..Duration::from_millis(1250)).contains(&pause), "{pause:?}");
}

#[tokio::test]
async fn pauses_grow_while_writes_are_refused() {
    for (earlier, seconds) in [(0, 15), (1, 30), (2, 60)] {
        let scene = Scene::of(&["Service"]);
        let service = &scene.children[0];
        for _ in 0..earlier {
            let refuse =
                |memory: &mut ChildMemory| memory.add_refusal(service, "denied", Instant::now(), Duration::ZERO);
            scene.memory.of("app-uid", |memory| memory.change(service, refuse));
        }
        scene.expect("create services", Answer::Code(403)).expect("get services", Answer::Code(404));
        let outcomes = scene.converge().await;
        scene.server.finish();
        let ChildState::Failed(pause, _) = outcomes[0].state else { panic!("{outcomes:?}") };
        let least = Duration::from_secs(seconds);
        assert!((least..=least * 5 / 4).contains(&pause), "after {earlier} refusals: {pause:?}");
    }
}

#[tokio::test]
async fn an_object_that_is_gone_after_a_write_is_not_read_twice_where_it_isnt_recreated() {
    let mut scene = Scene::in_place(&["Service"]);
    scene.states().await;
    scene.target.ungated.enforcement.mode = DriftMode::Observe;
    // An update meets an object that has just been deleted.
    scene.children[0].hash = "newer".to_owned();
    scene.expect("apply services", Answer::Code(404)).expect("get services", Answer::Code(404));
    assert_eq!(scene.states().await, ["Observed"]);
}

#[tokio::test]
async fn a_forgotten_app_is_not_remembered_again() {
    let scene = Scene::of(&["Service"]);
    scene.memory.forget("app-uid");
    scene.expect("create services", Answer::Code(403)).expect("get services", Answer::Code(404));
    scene.states().await;
    let failures = scene.memory.of("app-uid", |memory| memory.child(&scene.children[0]).refusals(&scene.children[0]));
    assert_eq!(failures, 0, "a reconciliation that ends after the app leaves nothing");
}

#[tokio::test]
async fn an_object_too_large_to_be_compared_is_corrected_without_being_read() {
    let scene = Scene::of(&["NetworkPolicy"]);
    let child = child("NetworkPolicy");
    let large = drifted(&child, 7, |object| object["spec"]["ingress"] = json!(vec![json!({ "from": [{}] }); 30_000]));
    scene.cache.observed(child.kind, &sent(&large));
    scene
        .expect("patch networkpolicies", Answer::Object(stored(&child, "1", 8)))
        .expect("apply networkpolicies", Answer::Object(stored(&child, "1", 9)));
    let outcomes = scene.converge().await;
    let bodies = scene.server.finish();
    assert_eq!(bodies[0][0], json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": "7" }));
    assert_eq!((&outcomes[0].state, outcomes[0].reverted.len()), (&ChildState::InPlace, 1));
    assert_eq!(scene.states().await, ["InPlace"], "no request the second time");
}

#[tokio::test]
async fn the_answer_to_a_write_may_be_too_large_as_well() {
    let scene = Scene::in_place(&["NetworkPolicy"]);
    let child = child("NetworkPolicy");
    let edited = drifted(&child, 8, |object| object["spec"]["policyTypes"] = json!(["Ingress"]));
    let large = drifted(&child, 9, |object| object["metadata"]["labels"]["x"] = json!("x".repeat(LARGEST)));
    scene.cache.observed(child.kind, &sent(&edited));
    scene
        .expect("apply networkpolicies", Answer::Object(large))
        .expect("patch networkpolicies", Answer::Object(stored(&child, "1", 10)))
        .expect("apply networkpolicies", Answer::Object(stored(&child, "1", 11)));
    assert_eq!(scene.states().await, ["InPlace"]);
}

#[tokio::test]
async fn an_object_that_no_apply_can_restore_is_deleted_and_created_again() {
    let scene = Scene::in_place(&["Deployment"]);
    let child = child("Deployment");
    let other = drifted(&child, 9, |object| object["spec"]["selector"]["matchLabels"] = json!({ "app": "mine" }));
    scene.cache.observed(child.kind, &sent(&other));
    scene
        .expect("delete deployments", Answer::Object(json!({ "kind": "Status", "status": "Success" })))
        .expect("create deployments", Answer::Object(stored(&child, "2", 11)));
    let outcomes = scene.converge().await;
    let bodies = scene.server.finish();
    assert_eq!(bodies[0]["preconditions"], json!({ "uid": "1", "resourceVersion": "9" }));
    assert_eq!(bodies[0]["propagationPolicy"], "Background");
    assert_eq!(outcomes[0].state, ChildState::InPlace);
    let reverted: Vec<&str> = outcomes[0].reverted.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(reverted, ["spec.selector"]);
}

#[tokio::test]
async fn what_changes_before_it_is_replaced_is_judged_again() {
    let scene = Scene::in_place(&["Deployment"]);
    let child = child("Deployment");
    let other =
        |version| drifted(&child, version, |object| object["spec"]["selector"]["matchLabels"] = json!({ "a": "b" }));
    scene.cache.observed(child.kind, &sent(&other(9)));
    scene
        .expect("delete deployments", Answer::Code(409))
        .expect("get deployments", Answer::Object(other(10)))
        .expect("delete deployments", Answer::Object(json!({ "kind": "Status", "status": "Success" })))
        .expect("create deployments", Answer::Object(stored(&child, "2", 11)));
    assert_eq!(scene.states().await, ["InPlace"]);
}

#[tokio::test]
async fn a_correction_that_is_invalid_is_a_replacement_where_nothing_was_compared() {
    let scene = Scene::of(&["Deployment"]);
    let child = child("Deployment");
    let large = drifted(&child, 7, |object| object["metadata"]["labels"]["x"] = json!("x".repeat(LARGEST)));
    scene.cache.observed(child.kind, &sent(&large));
    scene
        .expect("patch deployments", Answer::Code(422))
        .expect("delete deployments", Answer::Object(json!({ "kind": "Status", "status": "Success" })))
        .expect("create deployments", Answer::Object(stored(&child, "2", 11)));
    assert_eq!(scene.states().await, ["InPlace"]);
}

#[tokio::test]
async fn nothing_is_replaced_while_a_guard_isnt_in_place() {
    let scene = Scene::in_place(&["NetworkPolicy", "Deployment"]);
    let (policy, child) = (child("NetworkPolicy"), child("Deployment"));
    scene.cache.observed(policy.kind, &sent(&foreign(&policy)));
    let large = drifted(&child, 9, |object| object["metadata"]["labels"]["x"] = json!("x".repeat(LARGEST)));
    scene.cache.observed(child.kind, &sent(&large));
    scene.expect("patch deployments", Answer::Code(422)).expect("get deployments", Answer::Object(large));
    let states = scene.states().await;
    assert_eq!(states[0], "conflict with HelmApp other");
    assert!(states[1].contains("answered 422"), "{states:?}");
}

#[tokio::test]
async fn reads_end_although_the_app_is_forgotten_meanwhile() {
    let mut scene = Scene::in_place(&["Service"]);
    scene.target.ungated.enforcement.paused = true;
    scene.cache.deleted(child("Service").kind, &sent(&stored(&child("Service"), "1", 7)));
    scene.memory.forget("app-uid");
    for _ in 0..MOST_REQUESTS {
        scene.expect("get services", Answer::Code(404));
    }
    assert_eq!(scene.states().await.len(), 1);
}
