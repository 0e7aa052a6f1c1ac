//! How many pods a component has, and whether an autoscaler decides it.

use serde::{Deserialize, Serialize};

use super::review::Review;
use crate::api::{self, Autoscaling};

/// The number of pods of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Number of pods; the fewest where an autoscaler decides.
    pub replicas: i32,
    /// How an autoscaler decides the number.
    pub autoscaling: Option<Autoscaling>,
}

pub(super) fn accept(spec: &api::Component, exclusive: bool, path: &str, review: &mut Review) -> Scale {
    let fixed = spec.replicas.unwrap_or(if exclusive { 1 } else { 2 });
    let (replicas, most) = spec.autoscaling.as_ref().map_or((fixed, fixed), |scaling| (scaling.min, scaling.max));
    if let Some(scaling) = &spec.autoscaling {
        autoscaling(scaling, spec.replicas, &format!("{path}.autoscaling"), review);
    }
    if exclusive && most > 1 {
        review.reject(
            format!("{path}.replicas"),
            "a component with devices, or with a volume that isn't shared, has one pod",
            "ask for 1 or 0, or set shared: true if the claim is ReadWriteMany",
        );
    } else if !(0..=100).contains(&replicas) {
        review.reject(format!("{path}.replicas"), format!("{replicas} pods"), "ask for 0 to 100");
    }
    Scale { replicas, autoscaling: spec.autoscaling.clone() }
}

fn autoscaling(scaling: &Autoscaling, replicas: Option<i32>, path: &str, review: &mut Review) {
    if replicas.is_some() {
        review.reject(path, "replicas and autoscaling exclude each other", "give one of them");
    }
    if scaling.min > scaling.max {
        review.reject(path, format!("from {} to {} pods", scaling.min, scaling.max), "give a min up to max");
    }
    if scaling.cpu.is_none() && scaling.memory.is_none() {
        review.reject(path, "neither cpu nor memory is given", "give cpu, memory or both");
    }
}
