//! What a Job and its pods amount to.

use k8s_openapi::jiff::Timestamp;
use serde_json::json;

use crate::release::{Ended, Job, pods_hash};

#[test]
fn a_suspended_job_is_active_until_its_last_pod_has_ended() {
    let suspended = Job { suspended: true, ..Job::default() };
    assert!(!suspended.is_active(), "it was never started");
    assert!(
        Job { active: 1, ..suspended.clone() }.is_active(),
        "its pod is ending, and Kubernetes has taken back when it started"
    );
    assert!(Job { started: Some(Timestamp::UNIX_EPOCH), ..suspended }.is_active());
    assert!(Job::default().is_active());
    let ended = Some(Ended::default());
    assert!(!Job { ended, active: 1, ..Job::default() }.is_active());
}

#[test]
fn a_file_mounted_over_a_program_makes_other_pods() {
    let declared = json!({
        "containers": [{ "name": "migrate", "image": "a:1", "volumeMounts": [{ "name": "tmp", "mountPath": "/tmp", "readOnly": false }] }],
        "volumes": [{ "name": "tmp", "emptyDir": { "sizeLimit": "64Mi" } }, { "name": "s", "secret": { "secretName": "s" } }],
    });
    let mut stored = declared.clone();
    stored["containers"][0]["volumeMounts"] = json!([{ "name": "tmp", "mountPath": "/tmp" }]);
    stored["volumes"][0]["emptyDir"]["sizeLimit"] = json!("65536Ki");
    stored["volumes"][1]["secret"]["defaultMode"] = json!(420);
    assert_eq!(pods_hash(&stored), pods_hash(&declared), "as the API server stores it");
    let mut mounted = stored.clone();
    mounted["containers"][0]["volumeMounts"][0] =
        json!({ "name": "tmp", "mountPath": "/app/migrate", "subPath": "true" });
    assert_ne!(pods_hash(&mounted), pods_hash(&declared));
    let mut another = stored;
    another["volumes"][1] = json!({ "name": "s", "configMap": { "name": "s" } });
    assert_ne!(pods_hash(&another), pods_hash(&declared));
}
