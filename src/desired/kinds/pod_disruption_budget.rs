//! PodDisruptionBudget: nodes can be drained, one pod at a time.

use serde_json::json;

use crate::desired::{
    draft::Draft,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
    labels::selector,
};

pub(super) const KIND: Kind = Kind {
    name: "PodDisruptionBudget",
    group: "policy",
    version: "v1",
    plural: "poddisruptionbudgets",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Workload,
    care: Care::Apply,
    build: |target| {
        Draft::per_workload(target, |workload| {
            // A task has one pod, for as long as it takes.
            target.task(workload.name.as_str()).is_none().then(|| {
                json!({
                    "spec": {
                        // Neither zero nor a percentage that rounds to zero: either would block node drains.
                        "maxUnavailable": 1,
                        "selector": selector(&target.id.workload_label(&workload.name)),
                        // A pod that isn't ready doesn't block a drain.
                        "unhealthyPodEvictionPolicy": "AlwaysAllow",
                    },
                })
            })
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
