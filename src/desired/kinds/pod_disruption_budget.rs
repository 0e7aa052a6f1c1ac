//! PodDisruptionBudget: nodes can be drained, one pod at a time.

use serde_json::json;

use crate::desired::{
    draft::Draft,
    kind::{Kind, Rules, Sight, Stage},
    labels::selector,
};

pub(super) const KIND: Kind = Kind {
    name: "PodDisruptionBudget",
    group: "policy",
    version: "v1",
    plural: "poddisruptionbudgets",
    sight: Sight::Labelled,
    stage: Stage::Workload,
    build: |target| {
        Draft::per_workload(target, |workload| {
            Some(json!({
                "spec": {
                    // Neither zero nor a percentage that rounds to zero: either would block node drains.
                    "maxUnavailable": 1,
                    "selector": selector(&target.id.workload_label(&workload.name)),
                    // A pod that isn't ready doesn't block a drain.
                    "unhealthyPodEvictionPolicy": "AlwaysAllow",
                },
            }))
        })
    },
    progress: None,
    rules: Rules {
        keyed: &[],
        ordered: &[],
        unordered: &[],
        dangerous: &["spec minAvailable", "spec selector"],
        commanding: &[],
        tolerated: &["metadata annotations *"],
        harmless: &["metadata labels *"],
        omitted_if_false: &[],
        immutable: &[],
        volatile: &[],
        public: true,
        always_enforced: false,
    },
};
