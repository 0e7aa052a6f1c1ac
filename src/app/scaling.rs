//! How many pods there are, and who decides it.

use super::rejection::Rejections;
use crate::api::{self, Autoscaling};

/// The number of pods; the fewest where the load decides.
pub(super) fn replicas(spec: &api::Component, exclusive: bool, path: &str, rejections: &mut Rejections) -> i32 {
    let fixed = spec.replicas.unwrap_or(if exclusive { 1 } else { 2 });
    let (replicas, most) = spec.autoscaling.as_ref().map_or((fixed, fixed), |scaling| (scaling.min, scaling.max));
    if let Some(scaling) = &spec.autoscaling {
        autoscaling(scaling, spec.replicas, &format!("{path}.autoscaling"), rejections);
    }
    if exclusive && most > 1 {
        rejections.add(
            format!("{path}.replicas"),
            "a component with devices, or with a volume that isn't shared, has one pod",
            "ask for 1 or 0, or say shared: true where the claim is ReadWriteMany",
        );
    } else if !(0..=100).contains(&replicas) {
        rejections.add(format!("{path}.replicas"), format!("{replicas} pods"), "ask for 0 to 100");
    }
    replicas
}

fn autoscaling(scaling: &Autoscaling, replicas: Option<i32>, path: &str, rejections: &mut Rejections) {
    if replicas.is_some() {
        rejections.add(path, "replicas and autoscaling exclude each other", "give one of them");
    }
    if scaling.min > scaling.max {
        rejections.add(path, format!("from {} to {} pods", scaling.min, scaling.max), "give a min up to max");
    }
    if scaling.cpu.is_none() && scaling.memory.is_none() {
        rejections.add(path, "no load is named that decides", "give cpu, memory or both");
    }
}
