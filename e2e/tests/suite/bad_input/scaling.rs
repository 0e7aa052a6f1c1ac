//! Invalid or contradictory numbers of pods.

use super::row::{Row, operator, server, unreadable};

pub(super) const ROWS: &[Row] = &[
    server(
        "fewer pods than none",
        "replicas: -1",
        "spec.components[0].replicas: … greater than or equal to 0",
        "spec.components[web].replicas: -1 pods; ask for 0 to 100",
    ),
    server(
        "101 pods",
        "replicas: 101",
        "spec.components[0].replicas: … less than or equal to 100",
        "spec.components[web].replicas: 101 pods; ask for 0 to 100",
    ),
    unreadable(
        "a number of pods as text",
        "replicas: '2'",
        "spec.components[0].replicas: … must be of type integer",
        "spec.components[web].replicas: not a whole number; write digits without quotes",
    ),
    unreadable(
        "half a pod",
        "replicas: 0.5",
        "spec.components[0].replicas: … must be of type integer",
        "spec.components[web].replicas: not a whole number; write digits without quotes",
    ),
    server(
        "replicas and autoscaling",
        "autoscaling: {min: 1, max: 3, cpu: 80}",
        "spec.components[0]: … give replicas or autoscaling, not both",
        "spec.components[web].autoscaling: replicas and autoscaling exclude each other; give one of them",
    ),
    server(
        "at least 5 and at most 3 pods",
        "replicas: null, autoscaling: {min: 5, max: 3, cpu: 80}",
        "spec.components[0].autoscaling: … max must be at least min",
        "spec.components[web].autoscaling: from 5 to 3 pods; give a min up to max",
    ),
    server(
        "an autoscaler with a minimum of 0",
        "replicas: null, autoscaling: {min: 0, max: 3, cpu: 80}",
        "spec.components[0].autoscaling.min: … greater than or equal to 1",
        "spec.components[web].autoscaling.min: 0 is too small; give at least 1",
    ),
    server(
        "an autoscaler without a metric",
        "replicas: null, autoscaling: {min: 1, max: 3}",
        "spec.components[0].autoscaling: … give the load to scale on: cpu, memory or both",
        "spec.components[web].autoscaling: neither cpu nor memory is given; give cpu, memory or both",
    ),
    server(
        "a load of 0 percent",
        "replicas: null, autoscaling: {min: 1, max: 3, cpu: 0}",
        "spec.components[0].autoscaling.cpu: … greater than or equal to 1",
        "spec.components[web].autoscaling.cpu: 0 is too small; give at least 1",
    ),
    operator(
        "two pods with a volume for one pod",
        "replicas: 2, volumes: [{name: data, path: /srv, claim: shop}]",
        "spec.components[web].replicas: … has one pod; ask for 1 or 0, or set shared: true",
    ),
    operator(
        "autoscaling with a volume for one pod",
        "replicas: null, autoscaling: {min: 1, max: 3, cpu: 80}, volumes: [{name: data, path: /srv, claim: shop}]",
        "spec.components[web].replicas: … has one pod; ask for 1 or 0, or set shared: true",
    ),
    operator(
        "a device that no policy lists",
        "devices: {nvidia.com/gpu: 1}",
        "spec.components[web].devices[nvidia.com/gpu]: … lists no such device; ask for a listed one; the platform team",
    ),
];
