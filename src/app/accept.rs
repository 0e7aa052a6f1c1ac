//! An app that can be applied: complete, and split into what a release freezes and what applies at once.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use kube::Resource;
use serde::{Deserialize, Serialize};

use super::{
    connections::{self, Parts},
    database::{self, Database, DatabaseForm},
    edge::{Edge, End},
    enforcement::Enforcement,
    exposure::{self, ExposedPath, Exposure},
    hashes::Hashes,
    id::{AppId, PartName},
    migration,
    names::{self, is_name},
    part::Part,
    pod_selection::PodSelection,
    policy::{Dns, Policy},
    review::{Rejection, Review},
    scale::{self, Scale},
    schema,
    secrets::{self, RequiredSecret},
    task::Task,
    workload,
};
use crate::api::{Check, Component, FindingItem, HardenedApp, HardenedAppSpec, Protocol};

/// A `HardenedApp` that can be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// The object it came from.
    pub id: AppId,
    /// The pod templates and the connections that the pods open. They change together.
    pub release: Release,
    /// What applies at once.
    pub ungated: Ungated,
    /// What is weaker than possible, though allowed.
    pub findings: Vec<FindingItem>,
}

/// One version of an app, with the policy's defaults filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The parts, by name.
    pub parts: Vec<Part>,
    /// The connections that they open.
    pub edges: BTreeSet<Edge>,
    /// The Secrets that must exist and be well-formed before it runs, by name.
    pub secrets: Vec<RequiredSecret>,
    /// What the spec asks for, as hashes.
    pub hashes: Hashes,
}

/// What is independent of the release that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Ungated {
    /// How many pods each part has.
    pub scale: BTreeMap<PartName, Scale>,
    /// The connections that other apps may open.
    pub allowed: BTreeSet<Edge>,
    /// The hosts under which it is reachable, by host.
    pub exposures: Vec<Exposure>,
    /// DNS servers, monitoring and entry points of the platform.
    pub peers: PlatformPeers,
    /// What the operator does about deviations of the children.
    pub enforcement: Enforcement,
}

impl Ungated {
    /// Whether another app's pods may connect, on whichever port.
    #[must_use]
    pub fn allows(&self, from: &End, to: &End) -> bool {
        self.allowed.iter().any(|edge| edge.from == *from && edge.to == *to)
    }
}

/// Pods and addresses of the platform.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlatformPeers {
    /// DNS servers that pods may query.
    pub dns: Dns,
    /// Pods that scrape metrics.
    pub monitoring: Vec<PodSelection>,
    /// Addresses from which metrics are scraped, too.
    pub monitoring_addresses: Vec<IpNet>,
    /// Pods that connect to exposed components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controllers: Vec<PodSelection>,
    /// Addresses from which exposed components are connected to, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controller_addresses: Vec<IpNet>,
}

impl PlatformPeers {
    /// Those that a policy names.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        Self {
            dns: policy.dns.clone(),
            monitoring: policy.monitoring.clone(),
            monitoring_addresses: policy.monitoring_addresses.clone(),
            controllers: policy.exposure.controllers.clone(),
            controller_addresses: policy.exposure.controller_addresses.clone(),
        }
    }
}

impl Release {
    /// The number of the port to which a path leads; `None` where this release has no such port.
    #[must_use]
    pub fn port(&self, path: &ExposedPath) -> Option<u16> {
        let part = self.parts.iter().find(|part| *part.name() == path.component)?;
        let mut ports = part.workload()?.template.ports.iter();
        ports.find(|port| port.name == path.port && port.protocol == Protocol::Tcp).map(|port| port.number)
    }

    /// Whether it has all ports to which a host leads.
    #[must_use]
    pub fn serves(&self, exposure: &Exposure) -> bool {
        exposure.paths.iter().all(|path| self.port(path).is_some())
    }

    /// The task of this name.
    #[must_use]
    pub fn task(&self, name: &str) -> Option<&Task> {
        self.parts.iter().find_map(|part| match part {
            Part::Task(task) if task.workload.name.as_str() == name => Some(&**task),
            _ => None,
        })
    }
}

impl App {
    /// Checks a spec against itself and the policy, and resolves it.
    ///
    /// Everything that admission checks is checked again: a stored object may be older than a rule.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn accept(app: &HardenedApp, policy: &Policy) -> Result<Self, Vec<Rejection>> {
        let mut review = Review::default();
        let id = AppId::of(&app.metadata);
        let specs = &app.spec.components;
        names(&id, &app.spec, &mut review);
        let (mut workloads, mut scale) = (Vec::new(), BTreeMap::new());
        for spec in specs {
            let path = format!("spec.components[{}]", spec.name);
            names::of_part("component", &spec.name, &path, &mut review);
            let workload = workload::accept(spec, policy, &path, &mut review);
            if workload.template.probes.readiness.is_none() {
                review.find(&spec.name, Check::NoProbes, NO_PROBES);
            }
            scale.insert(workload.name.clone(), scale::accept(spec, workload.exclusive, &path, &mut review));
            workloads.push(workload);
        }
        claims(specs, &mut review);
        let databases = app.spec.databases.iter();
        let databases: Vec<Database> =
            databases.filter_map(|spec| database::accept(spec, specs, &id, policy, &mut review)).collect();
        let managed = databases.iter().filter(|database| matches!(database.form, DatabaseForm::Managed(_)));
        scale.extend(managed.map(|database| (database.name.clone(), Scale { replicas: 1, autoscaling: None })));
        let migration = migration::accept(&app.spec, policy, &mut review);
        let parts = Parts { id: &id, workloads: &workloads, databases: &databases };
        let connections = connections::accept(&app.spec, &parts, policy, &mut review);
        let secrets = secrets::accept(&app.spec.secrets, &mut review);
        let exposures = exposure::accept(&app.spec.exposures, &id, &workloads, policy, &mut review);
        schema::bounds(&HardenedApp::kind(&()), &app.spec, &mut review);
        let mut parts: Vec<Part> = workloads.into_iter().map(|workload| Part::Component(Box::new(workload))).collect();
        parts.extend(databases.into_iter().map(Part::Database));
        parts.extend(migration.map(|task| Part::Task(Box::new(task))));
        parts.sort_by(|one, other| one.name().cmp(other.name()));
        let mode = app.spec.drift.as_ref().and_then(|drift| drift.mode);
        let findings = review.into_findings()?;
        Ok(Self {
            id,
            release: Release { parts, edges: connections.edges, secrets, hashes: Hashes::of(&app.spec) },
            ungated: Ungated {
                scale,
                allowed: connections.allowed,
                exposures,
                peers: PlatformPeers::of(policy),
                enforcement: Enforcement::grant(mode, &app.metadata, policy),
            },
            findings,
        })
    }
}

const NO_PROBES: &str =
    "without a TCP port and without probes a process that hangs isn't noticed: add spec.components[].probes";

/// A claim that isn't shared is mounted by the pods of one component.
fn claims(specs: &[Component], review: &mut Review) {
    let mut users: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for spec in specs {
        for volume in &spec.volumes {
            let (other, shared) = *users.entry(&volume.claim).or_insert((&spec.name, volume.shared));
            if other != spec.name && !(shared && volume.shared) {
                review.reject(
                    format!("spec.components[{}].volumes[{}].claim", spec.name, volume.name),
                    format!("component {other} mounts this claim too"),
                    "use it in one component, or set shared: true in both if the claim is ReadWriteMany",
                );
            }
        }
    }
}

fn names(id: &AppId, spec: &HardenedAppSpec, review: &mut Review) {
    if !is_name(&id.name, 30) {
        review.reject(
            "metadata.name",
            format!("'{}' can't prefix the names of children", id.name),
            "use at most 30 lower-case letters, digits and '-', starting with a letter",
        );
    }
    if spec.components.is_empty() {
        review.reject("spec.components", "an app needs at least one", "add a component");
    }
    let mut names = BTreeSet::new();
    for component in &spec.components {
        if !names.insert(component.name.as_str()) {
            review.reject(
                format!("spec.components[{}]", component.name),
                "two components have this name",
                "give each its own",
            );
        }
    }
    for database in &spec.databases {
        if !names.insert(database.name.as_str()) {
            review.reject(
                format!("spec.databases[{}]", database.name),
                "another database or a component has this name",
                "give each its own: their objects are named <app>-<name>",
            );
        }
    }
}
