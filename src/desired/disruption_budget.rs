//! PodDisruptionBudget: a node can be drained, one pod at a time.

use serde_json::json;

use super::{Kind, Rules, Stage, meta::selector};

pub(super) const KIND: Kind = Kind {
    group: "policy",
    version: "v1",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    stage: Stage::Workload,
    build: |_, component| {
        Some(json!({
            "spec": {
                // Never zero and never a share that rounds to zero: either would make nodes undrainable.
                "maxUnavailable": 1,
                "selector": selector(&component.workload),
                // A pod that doesn't work anyway holds up no drain.
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            },
        }))
    },
    rules: Rules {
        keyed: &[],
        dangerous: &["spec minAvailable", "spec selector"],
        tolerated: &["metadata annotations *"],
        public: true,
        always_enforced: false,
    },
};
