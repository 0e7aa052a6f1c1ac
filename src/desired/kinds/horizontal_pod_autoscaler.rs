//! HorizontalPodAutoscaler: the number of pods follows the load, for components with `autoscaling`.

use serde_json::{Value, json};

use super::deployment;
use crate::{
    api::Autoscaling,
    desired::{
        draft::Draft,
        kind::{Care, Kind, Presence, Rules, Sight, Stage},
    },
};

pub(super) const KIND: Kind = Kind {
    name: "HorizontalPodAutoscaler",
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Workload,
    care: Care::Apply,
    build: |target| {
        Draft::per_workload(target, |workload| {
            let scaling = target.ungated.scale.get(&workload.name)?.autoscaling.as_ref()?;
            Some(autoscaler(&target.id.child_name(&workload.name), scaling))
        })
    },
    progress: None,
    rules: Rules {
        keyed: &[],
        ordered: &[],
        unordered: &["spec metrics"],
        dangerous: &["spec behavior", "spec metrics"],
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

fn autoscaler(deployment: &str, scaling: &Autoscaling) -> Value {
    let metrics: Vec<Value> = [("cpu", scaling.cpu), ("memory", scaling.memory)]
        .into_iter()
        .filter_map(|(name, percent)| {
            let target = json!({ "type": "Utilization", "averageUtilization": percent? });
            Some(json!({ "type": "Resource", "resource": { "name": name, "target": target } }))
        })
        .collect();
    json!({
        "spec": {
            "scaleTargetRef": { "apiVersion": deployment::KIND.api_version(), "kind": deployment::KIND.name, "name": deployment },
            "minReplicas": scaling.min,
            "maxReplicas": scaling.max,
            "metrics": metrics,
        },
    })
}
