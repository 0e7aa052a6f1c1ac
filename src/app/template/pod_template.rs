//! One component's pod template, complete.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{
    environment::{self, Env},
    image::{self, Image},
    mounts::{self, Mount},
    placement::{self, Placement},
    ports::{self, Port},
    probes::{self, Probes},
    resources, secret, text,
};
use crate::{
    api::{self, Check},
    app::{
        amounts::Resources,
        edge::{PortNumber, Ports},
        policy::Policy,
        review::Review,
    },
};

/// What runs in the pods of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodTemplate {
    /// Which image, and how it is pulled.
    pub image: Image,
    /// Entrypoint; the image's if empty.
    pub command: Vec<String>,
    /// Arguments; the image's if empty.
    pub args: Vec<String>,
    /// Ports, in the order of the spec.
    pub ports: Vec<Port>,
    /// The port that serves metrics.
    pub metrics: Option<Port>,
    /// Devices per pod, by resource name.
    pub devices: BTreeMap<String, i32>,
    /// Where its pods run.
    pub placement: Placement,
    /// Requests and limits.
    pub resources: Resources,
    /// Environment, in the order of the spec.
    pub env: Vec<Env>,
    /// Everything mounted, by path.
    pub mounts: Vec<Mount>,
    /// Health checks.
    pub probes: Probes,
}

impl PodTemplate {
    /// All ports, in the form in which an edge has them.
    pub(in crate::app) fn all_ports(&self) -> Ports {
        let number = |port: &Port| PortNumber { number: port.number, protocol: port.protocol };
        Ports::Of(self.ports.iter().map(number).collect())
    }
}

pub(in crate::app) fn accept(spec: &api::Component, policy: &Policy, path: &str, review: &mut Review) -> PodTemplate {
    let image = image::accept(&spec.image, policy, &format!("{path}.image"), review);
    if !image.pinned {
        review.find(&spec.name, Check::ImageNotPinned, "a tag can be moved to other content: append @sha256:<digest>");
    }
    executable(spec, path, review);
    let ports = ports::accept(&spec.ports, path, review);
    let mounts = mounts::accept(spec, path, review);
    let probes = probes::accept(spec.probes.as_ref(), &ports, path, review);
    PodTemplate {
        command: spec.command.clone(),
        args: spec.args.clone(),
        metrics: ports::metrics(spec.metrics_port.as_deref(), &ports, path, review),
        devices: spec.devices.clone(),
        placement: placement::accept(spec, policy, path, review),
        resources: resources::accept(spec, policy, &mounts, path, review),
        env: environment::accept(spec, path, review),
        image,
        ports,
        mounts,
        probes,
    }
}

/// Refuses arguments that the process wouldn't get whole, and those that have a secret in plain text.
fn executable(spec: &api::Component, path: &str, review: &mut Review) {
    let of = |field: &'static str, count: usize| (0..count).map(move |index| format!("{path}.{field}[{index}]"));
    let paths: Vec<String> = of("command", spec.command.len()).chain(of("args", spec.args.len())).collect();
    let arguments: Vec<&str> = spec.command.iter().chain(&spec.args).map(String::as_str).collect();
    for (path, argument) in paths.iter().zip(&arguments) {
        text::accept(argument, path, review);
    }
    if let Some(path) = secret::in_arguments(&arguments).and_then(|index| paths.get(index)) {
        review.reject(
            path,
            "it has a secret in plain text, which every reader of the pod sees",
            "mount the Secret with secrets, or give the value as env[].secretKey and write $(NAME)",
        );
    }
}
