//! HorizontalPodAutoscaler: the load decides the number of pods, within bounds.

use serde_json::{Value, json};

use super::{Kind, Rules, Stage};
use crate::{api::Autoscaling, app::Component};

pub(super) const KIND: Kind = Kind {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    stage: Stage::Workload,
    build: |_, component| component.autoscaling.as_ref().map(|scaling| autoscaler(component, scaling)),
    rules: Rules {
        keyed: &[],
        dangerous: &["spec behavior", "spec metrics"],
        tolerated: &["metadata annotations *"],
        public: true,
        always_enforced: false,
    },
};

fn autoscaler(component: &Component, scaling: &Autoscaling) -> Value {
    let metrics: Vec<Value> = [("cpu", scaling.cpu), ("memory", scaling.memory)]
        .into_iter()
        .filter_map(|(name, percent)| {
            let target = json!({ "type": "Utilization", "averageUtilization": percent? });
            Some(json!({ "type": "Resource", "resource": { "name": name, "target": target } }))
        })
        .collect();
    json!({
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": component.child },
            "minReplicas": scaling.min,
            "maxReplicas": scaling.max,
            "metrics": metrics,
        },
    })
}
