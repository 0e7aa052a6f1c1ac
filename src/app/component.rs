//! One component, complete.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Env, Image, Mount, Outside, Owner, Peer, Placement, Policy, Probes, Resources, Target, environment, is_name,
    mounts, network, placement, policy::amounts, probes, rejection::Rejections, scaling,
};
use crate::api::{self, Autoscaling, FindingItem, Protocol, PullPolicy};

/// User and group where the spec gives none: `nobody` of the distroless images, and no user of any node.
const DEFAULT_ID: i64 = 65532;

/// A process image with everything it may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Name within the app.
    pub name: String,
    /// Name of its children: `<app>-<name>`.
    pub child: String,
    /// Value of the selector label: `<app>.<name>`. A name holds no dot, so no two apps can collide.
    pub workload: String,
    /// What runs.
    pub image: Image,
    /// When the node asks the registry.
    pub pull_policy: PullPolicy,
    /// Entrypoint; the image's if empty.
    pub command: Vec<String>,
    /// Arguments; the image's if empty.
    pub args: Vec<String>,
    /// User id.
    pub user: i64,
    /// Group id, of the process and its volumes.
    pub group: i64,
    /// Ports, in the order of the spec.
    pub ports: Vec<Port>,
    /// Number of pods; the fewest where the load decides.
    pub replicas: i32,
    /// How the load decides the number of pods.
    pub autoscaling: Option<Autoscaling>,
    /// Only one pod may be there at a time: an old one goes before a new one comes.
    pub exclusive: bool,
    /// Devices per pod, by resource name.
    pub devices: BTreeMap<String, i32>,
    /// Where its pods run.
    pub placement: Placement,
    /// The port that serves metrics.
    pub metrics: Option<Port>,
    /// Requests and limits.
    pub resources: Resources,
    /// Environment, in the order of the spec.
    pub env: Vec<Env>,
    /// Everything mounted, by path.
    pub mounts: Vec<Mount>,
    /// Health checks.
    pub probes: Probes,
    /// Who may call it, on all its ports.
    pub clients: Vec<Peer>,
    /// Whom it may call in the cluster.
    pub targets: Vec<Target>,
    /// Whom it may call outside the cluster.
    pub outside: Vec<Outside>,
}

/// A port of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name, unique in the component.
    pub name: String,
    /// Number, of the pod and of the Service.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
}

impl Component {
    /// Checks what can be seen in the component alone; [`connections::connect`](super::connections::connect) adds the others' side.
    pub(super) fn accept(
        spec: &api::Component,
        owner: &Owner,
        policy: &Policy,
        findings: &mut Vec<FindingItem>,
        rejections: &mut Rejections,
    ) -> Self {
        let path = format!("spec.components[{}]", spec.name);
        name(&spec.name, &path, rejections);
        let image = Image::accept(&spec.image, policy, &format!("{path}.image"), rejections);
        if !image.pinned {
            findings.push(FindingItem::about(
                &spec.name,
                "image-not-pinned",
                "a tag can be moved to other content: append @sha256:<digest>",
            ));
        }
        executable(&spec.command, &format!("{path}.command"), rejections);
        executable(&spec.args, &format!("{path}.args"), rejections);
        let user = id(spec.user, DEFAULT_ID, &format!("{path}.user"), rejections);
        let ports = ports(&spec.ports, &path, rejections);
        let mounts = mounts::accept(spec, &path, rejections);
        let probes = probes::accept(spec.probes.as_ref(), &ports, &path, rejections);
        if probes.readiness.is_none() {
            findings.push(FindingItem::about(
                &spec.name,
                "no-probes",
                "without a TCP port and without probes nobody notices that it hangs: add spec.components[].probes",
            ));
        }
        // A claim that isn't shared can be mounted on one node at a time, and a device may be the only one.
        let exclusive = !spec.devices.is_empty() || spec.volumes.iter().any(|volume| !volume.shared);
        Self {
            child: format!("{}-{}", owner.name, spec.name),
            workload: network::workload(&owner.name, &spec.name),
            pull_policy: policy.pull.unwrap_or(if image.pinned {
                PullPolicy::IfNotPresent
            } else {
                PullPolicy::Always
            }),
            command: spec.command.clone(),
            args: spec.args.clone(),
            user,
            // A group that nobody gave is the user, about whom all has been said.
            group: spec.group.map_or(user, |group| id(Some(group), user, &format!("{path}.group"), rejections)),
            replicas: scaling::replicas(spec, exclusive, &path, rejections),
            autoscaling: spec.autoscaling.clone(),
            exclusive,
            devices: spec.devices.clone(),
            placement: placement::accept(spec, policy, &path, rejections),
            metrics: metrics(spec.metrics_port.as_deref(), &ports, &path, rejections),
            resources: resources(spec, policy, &mounts, &path, rejections),
            env: environment::accept(spec, &path, findings, rejections),
            clients: Vec::new(),
            targets: Vec::new(),
            outside: network::outside(&spec.egress, policy, &path, rejections),
            name: spec.name.clone(),
            image,
            ports,
            mounts,
            probes,
        }
    }
}

fn name(name: &str, path: &str, rejections: &mut Rejections) {
    if !is_name(name, 20) {
        rejections.add(
            path,
            "not a name for a component",
            "use at most 20 lower-case letters, digits and '-', starting with a letter",
        );
    } else if matches!(name, "migrate" | "preflight") {
        rejections.add(path, "this name is reserved", "choose another name");
    }
}

/// The kernel ends each argument at the first NUL.
fn executable(arguments: &[String], path: &str, rejections: &mut Rejections) {
    for (index, _) in arguments.iter().enumerate().filter(|(_, argument)| argument.contains('\0')) {
        rejections.add(format!("{path}[{index}]"), "it holds a NUL character", "remove it");
    }
}

fn id(given: Option<i64>, default: i64, path: &str, rejections: &mut Rejections) -> i64 {
    let id = given.unwrap_or(default);
    if id <= 10_000 {
        rejections.add(
            path,
            format!("{id} is not above 10000: it may be a user of the node"),
            "use an id above 10000, or leave it out",
        );
    } else if id > i64::from(i32::MAX) {
        rejections.add(path, format!("{id} is no user id"), "use one from 10001 to 2147483647");
    }
    id
}

fn metrics(name: Option<&str>, ports: &[Port], path: &str, rejections: &mut Rejections) -> Option<Port> {
    let name = name?;
    let port = ports.iter().find(|port| port.name == name);
    if port.is_none() {
        rejections.add(
            format!("{path}.metricsPort"),
            format!("'{name}' is no port of the component"),
            "name a port declared under ports",
        );
    }
    port.cloned()
}

fn ports(specs: &[api::ComponentPort], path: &str, rejections: &mut Rejections) -> Vec<Port> {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let mut ports = Vec::new();
    for spec in specs {
        let path = format!("{path}.ports[{}]", spec.name);
        if !is_port_name(&spec.name) {
            rejections.add(
                &path,
                "not a name for a port",
                "use at most 15 lower-case letters, digits and '-', with a letter",
            );
        }
        if !names.insert(&spec.name) {
            rejections.add(&path, "two ports have this name", "give each its own");
        }
        if !numbers.insert((spec.port, spec.protocol)) {
            rejections.add(&path, format!("port {} is declared twice", spec.port), "remove one");
        }
        match u16::try_from(spec.port) {
            Ok(number) if number >= 1024 => {
                ports.push(Port { name: spec.name.clone(), number, protocol: spec.protocol });
            }
            Ok(number) if number > 0 => rejections.add(
                format!("{path}.port"),
                format!("a process that is not root can't listen on {number}"),
                "use a port from 1024 to 65535",
            ),
            _ => rejections.add(
                format!("{path}.port"),
                format!("{} is no port", spec.port),
                "use one from 1024 to 65535",
            ),
        }
    }
    ports
}

/// An IANA service name (RFC 6335), as Kubernetes asks of named ports.
fn is_port_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.contains(|c: char| c.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// Requests and limits: the spec's, else the policy's defaults, and never above its maxima.
fn resources(
    spec: &api::Component,
    policy: &Policy,
    mounts: &[Mount],
    path: &str,
    rejections: &mut Rejections,
) -> Resources {
    let path = format!("{path}.resources");
    let [cpu, memory, ephemeral_storage] = amounts(spec.resources.as_ref(), &path, rejections);
    let defaults = policy.defaults;
    let resources = Resources {
        cpu: cpu.unwrap_or(defaults.cpu),
        memory: memory.unwrap_or(defaults.memory),
        // The kubelet counts emptyDir volumes towards the pod's limit and evicts the pod above it.
        ephemeral_storage: mounts::writable_sizes(mounts)
            .chain([ephemeral_storage.unwrap_or(defaults.ephemeral_storage)])
            .sum(),
    };
    // What the user asks for: /tmp, which nobody asked for, doesn't count.
    let asked = mounts.iter().filter(|mount| spec.writable_paths.iter().any(|writable| writable.path == mount.path));
    let local_disk =
        mounts::writable_sizes(asked).chain([ephemeral_storage.unwrap_or(defaults.ephemeral_storage)]).sum();
    let sums = [
        ("cpu", resources.cpu, ""),
        ("memory", resources.memory, ""),
        ("ephemeralStorage", local_disk, " with the writable paths"),
    ];
    for ((field, sum, with), maximum) in sums.into_iter().zip(policy.maximum) {
        if let Some(maximum) = maximum.filter(|maximum| sum > *maximum) {
            rejections.add(
                format!("{path}.{field}"),
                format!("{sum}{with} is more than policy {} allows", policy.name),
                format!("ask for at most {maximum}"),
            );
        }
    }
    resources
}
