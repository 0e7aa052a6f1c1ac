//! The cache: what it accepts, keeps and forgets.

use serde_json::{Value, json};

use super::{sent, stored};
use crate::{
    api::MANAGER,
    app::PartName,
    cluster::{AppKey, Cache},
    desired::{APPLIED_HASH, Child, LiveValues, children},
    fixtures::{child, id, kind, shop, target},
    plan::{LARGEST, Live, PartProgress},
};

/// A reconciliation has found the object equal to what is declared.
fn verify(cache: &Cache, child: &Child) {
    let live = cache.live(&id(), child);
    cache.verified(&id(), child, &live, &[]);
}

fn is_verified(cache: &Cache, child: &Child) -> bool {
    matches!(cache.live(&id(), child), Live::Verified { .. })
}

fn version(cache: &Cache, child: &Child) -> Option<String> {
    match cache.live(&id(), child) {
        Live::Object { object, .. } => object["metadata"]["resourceVersion"].as_str().map(str::to_owned),
        _ => None,
    }
}

fn changed(mut object: Value) -> Value {
    object["spec"]["replicas"] = json!(9);
    object
}

/// The apps to reconcile, by name.
fn apps(keys: impl IntoIterator<Item = AppKey>) -> Vec<String> {
    keys.into_iter().map(|(namespace, name)| format!("{namespace}/{name}")).collect()
}

const SHOP: [&str; 1] = ["demo/shop"];
const NONE: [&str; 0] = [];

#[test]
fn what_a_watch_reports_is_stored_and_triggers_a_reconciliation() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    assert_eq!(cache.live(&id(), &child), Live::Absent);
    assert_eq!(apps(cache.observed(child.kind, &sent(&stored(&child, "1", 5)))), SHOP);
    assert_eq!(version(&cache, &child).as_deref(), Some("5"));
    assert_eq!(apps(cache.deleted(child.kind, &sent(&stored(&child, "1", 6)))), SHOP);
    assert_eq!(cache.live(&id(), &child), Live::Absent);
}

#[test]
fn an_own_write_outranks_an_older_event() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.wrote(child.kind, &sent(&stored(&child, "1", 7)));
    assert_eq!(apps(cache.observed(child.kind, &sent(&changed(stored(&child, "1", 6))))), NONE);
    assert_eq!(version(&cache, &child).as_deref(), Some("7"));
    assert_eq!(apps(cache.observed(child.kind, &sent(&changed(stored(&child, "1", 8))))), SHOP);
    assert_eq!(version(&cache, &child).as_deref(), Some("8"));
}

#[test]
fn an_older_event_about_another_object_of_the_name_is_accepted() {
    // Versions are comparable only between states of one object; after a restore of the cluster they even decrease.
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.wrote(child.kind, &sent(&stored(&child, "1", 7)));
    assert_eq!(apps(cache.observed(child.kind, &sent(&stored(&child, "2", 6)))), SHOP);
    assert_eq!(version(&cache, &child).as_deref(), Some("6"));
}

#[test]
fn the_response_to_a_write_doesnt_hide_a_newer_event() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&changed(stored(&child, "1", 8))));
    cache.wrote(child.kind, &sent(&stored(&child, "1", 7)));
    assert_eq!(version(&cache, &child).as_deref(), Some("8"));
}

#[test]
fn a_change_after_the_comparison_isnt_verified_with_it() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 7)));
    let judged = cache.live(&id(), &child);
    cache.observed(child.kind, &sent(&changed(stored(&child, "1", 8))));
    cache.verified(&id(), &child, &judged, &[]);
    assert_eq!(version(&cache, &child).as_deref(), Some("8"));
    // Nor if the object was recreated.
    cache.observed(child.kind, &sent(&changed(stored(&child, "2", 7))));
    cache.verified(&id(), &child, &judged, &[]);
    assert_eq!(version(&cache, &child).as_deref(), Some("7"));
}

#[test]
fn a_status_change_after_the_comparison_is_verified_with_it() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 7)));
    let judged = cache.live(&id(), &child);
    let mut newer = stored(&child, "1", 8);
    newer["status"] = json!({ "replicas": 1 });
    cache.observed(child.kind, &sent(&newer));
    cache.verified(&id(), &child, &judged, &[]);
    assert!(is_verified(&cache, &child));
}

#[test]
fn the_echo_of_an_own_write_triggers_nothing() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.wrote(child.kind, &sent(&stored(&child, "1", 7)));
    verify(&cache, &child);
    assert_eq!(apps(cache.observed(child.kind, &sent(&stored(&child, "1", 7)))), NONE);
    assert!(is_verified(&cache, &child));
}

#[test]
fn an_echo_before_the_comparison_triggers_nothing_and_keeps_its_object_in_a_list() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.relist(child.kind);
    cache.wrote(child.kind, &sent(&stored(&child, "1", 7)));
    assert_eq!(apps(cache.observed(child.kind, &sent(&stored(&child, "1", 7)))), NONE);
    assert_eq!(apps(cache.relisted(child.kind)), NONE);
    assert_eq!(version(&cache, &child).as_deref(), Some("7"));
    // The same version of another object is no echo.
    assert_eq!(apps(cache.observed(child.kind, &sent(&stored(&child, "2", 7)))), SHOP);
}

#[test]
fn a_deletion_of_an_earlier_object_is_ignored() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.wrote(child.kind, &sent(&stored(&child, "2", 7)));
    assert_eq!(apps(cache.deleted(child.kind, &sent(&stored(&child, "1", 6)))), NONE);
    assert_eq!(version(&cache, &child).as_deref(), Some("7"));
}

#[test]
fn a_verified_object_is_dropped_but_its_findings_are_kept() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
    let unowned = "spec.minReadySeconds".to_owned();
    let live = cache.live(&id(), &child);
    cache.verified(&id(), &child, &live, std::slice::from_ref(&unowned));
    assert_eq!(cache.live(&id(), &child), Live::Verified { unowned: vec![unowned] });
    // Judged against another version of the child, it has to be applied again.
    let newer = Child { hash: "another".to_owned(), ..child };
    assert_eq!(
        cache.live(&id(), &newer),
        Live::Outdated { uid: "1".to_owned(), version: 5, values: LiveValues { replicas: Some(2), suspended: false } }
    );
}

#[test]
fn a_change_that_cant_be_judged_keeps_the_object_verified() {
    for (kind, pointer, value) in [
        ("ServiceAccount", "/status", json!({ "x": 1 })),
        ("ServiceAccount", "/metadata/generation", json!(4)),
        ("ServiceAccount", "/metadata/managedFields", json!([{ "manager": "kubelet" }])),
        ("Deployment", "/metadata/annotations/deployment.kubernetes.io~1revision", json!("2")),
    ] {
        let (cache, child) = (Cache::default(), child(kind));
        cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
        verify(&cache, &child);
        let mut object = stored(&child, "1", 6);
        let (holder, field) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(holder).unwrap()[field.replace("~1", "/")] = value;
        assert_eq!(apps(cache.observed(child.kind, &sent(&object))), NONE, "{pointer}");
        assert!(is_verified(&cache, &child), "{pointer}");
    }
}

#[test]
fn rollout_progress_triggers_a_reconciliation_and_keeps_the_object_verified() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
    verify(&cache, &child);
    let mut object = stored(&child, "1", 6);
    object["status"] = json!({ "availableReplicas": 1, "updatedReplicas": 1 });
    assert_eq!(apps(cache.observed(child.kind, &sent(&object))), SHOP);
    assert!(is_verified(&cache, &child));
}

#[test]
fn a_change_that_can_be_judged_must_be_compared_and_is_drift() {
    for pointer in ["/spec/replicas", "/metadata/labels/x", "/metadata/annotations/x", "/spec/template/spec/hostPID"] {
        let (cache, child) = (Cache::default(), child("Deployment"));
        cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
        verify(&cache, &child);
        let mut object = stored(&child, "1", 6);
        let (holder, field) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(holder).unwrap()[field] = json!("other");
        assert_eq!(apps(cache.observed(child.kind, &sent(&object))), SHOP, "{pointer}");
        assert!(matches!(cache.live(&id(), &child), Live::Object { verified: true, .. }), "{pointer}");
        // Found equal again after a heal: another object of the name starts unverified.
        cache.observed(child.kind, &sent(&changed(stored(&child, "2", 7))));
        assert!(matches!(cache.live(&id(), &child), Live::Object { verified: false, .. }), "{pointer}");
    }
}

#[test]
fn a_list_drops_what_it_doesnt_contain() {
    let (cache, listed) = (Cache::default(), child("Deployment"));
    for child in [&listed, &child("NetworkPolicy")] {
        cache.observed(child.kind, &sent(&stored(child, "1", 5)));
    }
    cache.relist(listed.kind);
    cache.observed(listed.kind, &sent(&stored(&listed, "1", 5)));
    assert_eq!(apps(cache.relisted(listed.kind)), NONE);
    assert_eq!(version(&cache, &listed).as_deref(), Some("5"));
    cache.relist(listed.kind);
    assert_eq!(apps(cache.relisted(listed.kind)), SHOP);
    assert_eq!(cache.live(&id(), &listed), Live::Absent);
    // A list of one kind doesn't affect another.
    assert_eq!(version(&cache, &child("NetworkPolicy")).as_deref(), Some("5"));
}

#[test]
fn a_list_doesnt_drop_what_was_just_written() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.relist(child.kind);
    cache.wrote(child.kind, &sent(&stored(&child, "1", 7)));
    assert_eq!(apps(cache.relisted(child.kind)), NONE);
    assert_eq!(version(&cache, &child).as_deref(), Some("7"));
}

#[test]
fn a_changed_label_doesnt_take_an_object_from_its_app() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
    let mut relabelled = stored(&child, "1", 6);
    relabelled["metadata"]["labels"]["app.kubernetes.io/part-of"] = json!("other");
    assert_eq!(apps(cache.observed(child.kind, &sent(&relabelled))), SHOP);
    assert_eq!(cache.owned(&id()).len(), 1);
}

#[test]
fn an_object_that_moves_to_another_app_triggers_both_apps() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
    let mut moved = stored(&child, "1", 6);
    moved["metadata"]["ownerReferences"][0]["name"] = json!("other");
    moved["metadata"]["ownerReferences"][0]["uid"] = json!("other-uid");
    assert_eq!(apps(cache.observed(child.kind, &sent(&moved))), ["demo/other", "demo/shop"]);
    assert!(cache.owned(&id()).is_empty());
    assert_eq!(apps(cache.deleted(child.kind, &sent(&moved))), ["demo/other"]);
}

#[test]
fn only_what_names_the_app_as_controller_is_owned() {
    let (cache, own) = (Cache::default(), child("Deployment"));
    let mut object = stored(&child("NetworkPolicy"), "2", 6);
    object["metadata"]["ownerReferences"][0]["uid"] = json!("an earlier app of the name");
    cache.observed(kind("NetworkPolicy"), &sent(&object));
    cache.observed(own.kind, &sent(&stored(&own, "1", 5)));
    let owned = cache.owned(&id());
    assert_eq!(owned.len(), 1);
    assert_eq!(
        (owned[0].name.as_str(), owned[0].uid.as_str(), owned[0].resource_version.as_str()),
        ("shop-web", "1", "5")
    );
    assert!(!owned[0].has_pods);
    let pod =
        json!({ "metadata": { "name": "p", "namespace": "demo", "labels": { "hardened.dev/workload": "shop.web" } } });
    cache.pods(|pods| pods.observed(&sent(&pod)));
    assert!(cache.owned(&id())[0].has_pods);
}

#[test]
fn a_job_that_may_start_pods_keeps_its_guards() {
    let cache = Cache::default();
    let observe = |kind_name: &str, name: &str, spec: Value, status: Value| {
        let mut object = stored(&child("NetworkPolicy"), "1", 5);
        object["metadata"]["name"] = json!(name);
        object["spec"] = spec;
        object["status"] = status;
        cache.wrote(kind(kind_name), &sent(&object));
    };
    let guard_has_pods = || cache.owned(&id()).iter().any(|it| it.name == "shop-preflight" && it.has_pods);
    observe("NetworkPolicy", "shop-preflight", json!({}), json!({}));
    assert!(!guard_has_pods());
    observe("Job", "shop-preflight-0123", json!({ "suspend": false }), json!({}));
    assert!(guard_has_pods());
    let complete = json!([{ "type": "Complete", "status": "True" }]);
    observe("Job", "shop-preflight-0123", json!({ "suspend": false }), json!({ "conditions": complete }));
    assert!(!guard_has_pods());
    observe("Job", "shop-preflight-0123", json!({ "suspend": true }), json!({}));
    assert!(!guard_has_pods());
}

fn progress(cache: &Cache) -> PartProgress {
    cache.progress(&id(), &children(&target(shop())))[&PartName::new("web")].clone()
}

#[test]
fn progress_covers_only_deployments_of_the_app() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    assert_eq!(progress(&cache), PartProgress::default());
    let mut foreign = stored(&child, "1", 5);
    foreign["metadata"]["ownerReferences"][0]["uid"] = json!("other");
    cache.observed(child.kind, &sent(&foreign));
    assert_eq!(progress(&cache), PartProgress::default());
    cache.observed(child.kind, &sent(&stored(&child, "2", 6)));
    assert!(progress(&cache).progress.is_some());
}

#[test]
fn objects_that_no_server_stores_are_ignored() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    assert_eq!(apps(cache.observed(child.kind, &sent(&child.body))), NONE);
    assert_eq!(apps(cache.observed(child.kind, &sent(&json!({})))), NONE);
    assert_eq!(cache.live(&id(), &child), Live::Absent);
}

#[test]
fn only_deployments_roll_out() {
    assert!(kind("Deployment").progress.is_some() && kind("PodDisruptionBudget").progress.is_none());
}

/// A text that can't be compressed; each seed gives another.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let mut digit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from(state >> 33 & 63).unwrap())
    };
    (0..bytes).map(|_| digit()).collect()
}

#[test]
fn texts_beyond_the_room_for_them_are_read_again_until_there_is_room() {
    let cache = Cache::default();
    let mut large = Vec::new();
    for number in 0..900 {
        let child = Child { name: format!("shop-{number}"), ..child("Deployment") };
        let mut object = stored(&child, "1", 5);
        object["metadata"]["name"] = json!(child.name);
        object["metadata"]["annotations"]["note"] = json!(noise(number, 14_000));
        cache.observed(child.kind, &sent(&object));
        large.push(child);
    }
    let unread = |child: &&Child| cache.live(&id(), child) == Live::Unread { uid: "1".to_owned(), verified: false };
    let kept = large.len() - large.iter().filter(unread).count();
    assert!((500..800).contains(&kept), "{kept} of 900 are kept: eight megabytes");
    // What was read is known to be compared.
    let last = large.last().unwrap();
    assert!(unread(&last));
    let mut object = stored(last, "1", 5);
    object["metadata"]["name"] = json!(last.name);
    object["metadata"]["annotations"]["note"] = json!(noise(899, 14_000));
    cache.verified(&id(), last, &Live::answered(object.clone()), &[]);
    assert!(is_verified(&cache, last));
    verify(&cache, large.first().unwrap());
    object["metadata"]["resourceVersion"] = json!("6");
    cache.observed(last.kind, &sent(&changed(object)));
    assert!(matches!(cache.live(&id(), last), Live::Object { verified: true, .. }), "there is room again");
}

#[test]
fn of_an_object_too_large_to_be_compared_only_what_is_needed_is_kept() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    let mut object = stored(&child, "1", 5);
    object["metadata"]["annotations"]["note"] = json!("x".repeat(LARGEST));
    assert_eq!(apps(cache.observed(child.kind, &sent(&object))), SHOP);
    assert!(matches!(cache.live(&id(), &child), Live::Oversized(found) if found.version == 5));
    assert_eq!(cache.owned(&id()).len(), 1);
    object["metadata"]["resourceVersion"] = json!("6");
    assert_eq!(apps(cache.observed(child.kind, &sent(&object))), SHOP, "what differs isn't known");
    assert_eq!(apps(cache.observed(child.kind, &sent(&stored(&child, "1", 7)))), SHOP);
    assert!(matches!(cache.live(&id(), &child), Live::Object { .. }));
}

#[test]
fn of_an_object_without_an_app_only_its_owner_is_kept() {
    let (cache, child) = (Cache::default(), child("Deployment"));
    let mut object = stored(&child, "1", 5);
    object["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "helm.io/v1", "kind": "HelmApp", "name": "other", "uid": "2", "controller": true }]);
    assert_eq!(apps(cache.observed(child.kind, &sent(&object))), SHOP, "by its label");
    let foreign = |holder: &str| Live::Foreign { holder: holder.to_owned(), disowned: None };
    assert_eq!(cache.live(&id(), &child), foreign("HelmApp other"));
    object["metadata"]["annotations"]["note"] = json!("x".repeat(LARGEST));
    object["metadata"]["resourceVersion"] = json!("6");
    cache.observed(child.kind, &sent(&object));
    assert_eq!(cache.live(&id(), &child), foreign("HelmApp other"));
    // The operator's own child whose owner was removed is known by its hash.
    let mut disowned = stored(&child, "1", 7);
    disowned["metadata"]["ownerReferences"] = json!([]);
    disowned["metadata"]["managedFields"] = json!([{
        "manager": MANAGER, "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
        "fieldsV1": { "f:metadata": { "f:annotations": { format!("f:{APPLIED_HASH}"): {} } } },
    }]);
    cache.observed(child.kind, &sent(&disowned));
    let expected = Live::Foreign { holder: "none".to_owned(), disowned: Some(child.hash.clone()) };
    assert_eq!(cache.live(&id(), &child), expected);
    assert!(cache.owned(&id()).is_empty());
}

#[test]
fn what_cant_be_read_never_leaves_an_object_compared() {
    let (cache, child) = (Cache::default(), child("NetworkPolicy"));
    cache.observed(child.kind, &sent(&stored(&child, "1", 5)));
    verify(&cache, &child);
    // Both are accepted and stored by a real API server.
    let forged = [
        json!([{ "manager": "x", "operation": "Update", "time": "9999-12-31T23:59:59Z", "fieldsV1": { "x": "x".repeat(LARGEST) } }]),
        json!([{ "manager": "x", "operation": "Update", "fieldsV1": (0..300).fold(json!({}), |inner, _| json!({ "f:a": inner })) }]),
    ];
    for (version, fields) in (6..).zip(forged) {
        let mut object = stored(&child, "1", version);
        object["spec"]["ingress"] = json!([{}]);
        object["metadata"]["managedFields"] = fields;
        let text = object.to_string();
        assert_eq!(apps(cache.observed(child.kind, &serde_json::from_str(&text).unwrap())), SHOP);
        let Live::Oversized(found) = cache.live(&id(), &child) else { panic!("{:?}", cache.live(&id(), &child)) };
        assert_eq!((found.uid.as_str(), found.version), ("1", version));
        assert_eq!(found.nested, text.len() < LARGEST);
    }
}

#[test]
fn few_objects_of_a_namespace_are_remembered_that_no_app_controls() {
    let cache = Cache::default();
    let policy = |number: usize| {
        let child = Child { name: format!("p{number}"), ..child("NetworkPolicy") };
        let mut object = stored(&child, "1", 5);
        object["metadata"]["name"] = json!(child.name);
        object["metadata"]["ownerReferences"] = json!([]);
        (child, sent(&object))
    };
    let is_known = |child: &Child| matches!(cache.live(&id(), child), Live::Foreign { .. });
    let policies: Vec<_> = (0..150).map(policy).collect();
    for (child, object) in &policies {
        cache.observed(child.kind, object);
    }
    assert_eq!(policies.iter().filter(|(child, _)| is_known(child)).count(), 100);
    // One that goes makes room for another.
    cache.deleted(policies[0].0.kind, &policies[0].1);
    let (child, object) = &policies[149];
    assert_eq!(apps(cache.observed(child.kind, object)), SHOP);
    assert!(is_known(child));
}
