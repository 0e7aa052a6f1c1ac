//! How the status of a Deployment becomes a `Rollout`.

use serde_json::{Value, json};

use crate::desired::{KINDS, Progress, Rollout, RolloutPhase};

fn rollout(status: &Value) -> Rollout {
    let progress = KINDS.iter().find(|kind| kind.name == "Deployment").unwrap().progress.unwrap();
    match progress(&json!({ "metadata": { "generation": 3 }, "spec": { "replicas": 2 }, "status": status })) {
        Progress::Rollout(rollout) => rollout,
        other => panic!("{other:?}"),
    }
}

fn numbers(observed: i64, replicas: i32, updated: i32, available: i32) -> Value {
    json!({ "observedGeneration": observed, "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available })
}

#[test]
fn a_rollout_is_complete_when_all_pods_are_new_and_available_and_no_other_is_left() {
    for (it, status, ready, complete) in [
        ("done", numbers(3, 2, 2, 2), 2, true),
        ("not seen by the Deployment controller yet", numbers(2, 2, 2, 2), 0, false),
        ("never seen", json!({}), 0, false),
        ("an old pod is left", numbers(3, 3, 2, 2), 2, false),
        ("one of the new ones doesn't serve", numbers(3, 2, 2, 1), 1, false),
        ("only old ones serve", numbers(3, 3, 1, 2), 1, false),
    ] {
        let found = rollout(&status);
        assert_eq!((found.desired, found.ready, found.complete), (2, ready, complete), "{it}");
    }
}

#[test]
fn a_rollout_is_stuck_when_the_deadline_has_passed_for_this_generation() {
    let mut status = numbers(3, 2, 1, 1);
    status["conditions"] = json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" }]);
    assert_eq!(rollout(&status).phase, RolloutPhase::Stuck);
    status["observedGeneration"] = json!(2);
    assert_eq!(rollout(&status).phase, RolloutPhase::UnderWay);
    status["observedGeneration"] = json!(3);
    status["conditions"][0]["reason"] = json!("DeploymentPaused");
    assert_eq!(rollout(&status).phase, RolloutPhase::UnderWay);
}

#[test]
fn a_failure_to_create_pods_is_reported_with_its_message() {
    let mut status = numbers(3, 0, 0, 0);
    status["conditions"] = json!([{ "type": "ReplicaFailure", "status": "True", "message": "exceeded quota" }]);
    assert_eq!(rollout(&status).failure.as_deref(), Some("exceeded quota"));
    status["conditions"][0]["status"] = json!("False");
    assert_eq!(rollout(&status).failure, None);
}

#[test]
fn no_pod_of_an_earlier_template_is_left_when_all_are_updated() {
    assert!(rollout(&numbers(3, 2, 2, 1)).current, "one isn't ready");
    assert!(!rollout(&numbers(3, 3, 2, 2)).current, "an old one is left");
    assert!(!rollout(&numbers(2, 2, 2, 2)).current, "not observed yet");
}

#[test]
fn a_rollout_that_was_complete_once_stays_so_until_the_template_changes() {
    let with = |status: Value, reason: &str| {
        let mut status = status;
        status["conditions"] = json!([{ "type": "Progressing", "status": "True", "reason": reason }]);
        rollout(&status).phase == RolloutPhase::Finished
    };
    assert!(with(numbers(3, 2, 2, 2), "NewReplicaSetAvailable"), "it serves");
    assert!(with(numbers(3, 2, 2, 0), "NewReplicaSetAvailable"), "its pods have failed since");
    assert!(with(numbers(3, 1, 1, 0), "NewReplicaSetAvailable"), "a pod was added, and isn't there yet");
    assert!(!with(numbers(3, 2, 2, 0), "ReplicaSetUpdated"), "it never served");
    assert!(!with(numbers(2, 2, 2, 2), "NewReplicaSetAvailable"), "the new template isn't observed yet");
    assert!(!with(numbers(3, 3, 1, 2), "NewReplicaSetAvailable"), "an earlier ReplicaSet's template has returned");
}
