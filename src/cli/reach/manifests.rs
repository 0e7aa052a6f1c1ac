//! What the given files say about pods, namespaces and NetworkPolicies; HardenedApps count as what the operator makes of them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context, anyhow, ensure};
use serde_json::Value;

use super::workload::Workload;
use crate::{
    app::{self, Dns},
    cli::{
        input::{all, apps_in, text},
        targets::Targets,
        yaml,
    },
    desired,
    reach::{NAMESPACE_NAME, OTHER_POLICIES, Policy, Service, group_of},
};

/// The objects of the input that matter.
#[derive(Default)]
pub(super) struct Manifests {
    /// Sorted by namespace and name.
    pub(super) policies: Vec<Policy>,
    /// Those whose pods have a network of their own, sorted by namespace, name and kind.
    pub(super) workloads: Vec<Workload>,
    namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// DNS servers that apps may query.
    pub(super) dns: Dns,
    /// What isn't judged.
    pub(super) notes: BTreeSet<String>,
    /// Which database pods an app leaves to another.
    pub(super) claims: Vec<String>,
}

impl Manifests {
    /// Reads all objects in the files.
    pub(super) fn read(files: &[PathBuf], policy: &app::Policy) -> anyhow::Result<Self> {
        let mut manifests = Self { dns: policy.dns().clone(), ..Self::default() };
        let in_file = |file: &PathBuf| {
            let text = text(file)?;
            anyhow::Ok((apps_in(&text, policy)?, yaml::documents(&text)?))
        };
        let read = all(files.iter().map(|file| {
            let read = in_file(file).with_context(|| format!("in {}", file.display()));
            read.map(|(apps, objects)| (file, apps, objects))
        }))?;
        let targets = Targets::of(read.iter().flat_map(|(_, apps, _)| apps.iter().cloned()))?;
        manifests.claims = targets.notes;
        let files = read.iter().flat_map(|(file, apps, _)| apps.iter().map(|_| *file));
        let children = files.zip(&targets.all).flat_map(|(file, target)| {
            desired::children(target).into_iter().map(move |child| (file, Cow::Owned(child.body)))
        });
        let objects =
            read.iter().flat_map(|(file, _, objects)| objects.iter().map(|object| (*file, Cow::Borrowed(object))));
        let mut given = BTreeSet::new();
        let added = objects
            .chain(children)
            .map(|(file, object)| manifests.add(&object, &mut given).with_context(|| format!("in {}", file.display())));
        all(added)?;
        ensure!(
            !manifests.policies.is_empty() || !manifests.workloads.is_empty(),
            "the files have neither a NetworkPolicy nor anything with pods: give HardenedApps, NetworkPolicies or workloads"
        );
        manifests.policies.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        let place = |workload: &Workload| (workload.namespace.clone(), workload.name.clone(), workload.kind.clone());
        manifests.workloads.sort_by_key(place);
        Ok(manifests)
    }

    /// The labels of a namespace: those of its object, if it is given, and always its name.
    pub(super) fn namespace_labels(&self, namespace: &str) -> BTreeMap<String, String> {
        let mut labels = self.namespaces.get(namespace).cloned().unwrap_or_default();
        labels.insert(NAMESPACE_NAME.to_owned(), namespace.to_owned());
        labels
    }

    /// Whether its object is given, or it has a workload.
    pub(super) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace) || self.workloads.iter().any(|workload| workload.namespace == namespace)
    }

    fn add(&mut self, object: &Value, given: &mut BTreeSet<[String; 4]>) -> anyhow::Result<()> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
        let namespace =
            Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty()).unwrap_or("default");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if OTHER_POLICIES.iter().any(|other| group_of(other) == Some(group)) {
            self.notes.insert(format!("{kind} {namespace}/{name} of {group}: another policy API"));
            return Ok(());
        }
        let is_policy = (version, kind) == ("networking.k8s.io/v1", "NetworkPolicy");
        let about = || format!("{kind} {namespace}/{name}");
        if is_policy {
            let policy = Policy::read(object).map_err(|unjudged| anyhow!(unjudged.reason)).with_context(about)?;
            self.policies.push(policy);
        } else if (version, kind) == ("v1", "Namespace") {
            let labels = object.pointer("/metadata/labels").cloned().unwrap_or_default();
            let labels: Option<_> = serde_json::from_value(labels).context("metadata.labels").with_context(about)?;
            self.namespaces.insert(name.to_owned(), labels.unwrap_or_default());
        } else if let Some(workload) = Workload::read(object, namespace, name).with_context(about)? {
            if workload.is_on_host {
                self.notes
                    .insert(format!("{}: its pods use their node's network, where no NetworkPolicy holds", about()));
            } else {
                self.workloads.push(workload);
            }
        } else {
            if leads_in_from_outside(object) {
                self.notes
                    .insert(format!("{}: only NetworkPolicies are, not what leads to pods from outside", about()));
            }
            return Ok(());
        }
        let is_first = given.insert([group, kind, namespace, name].map(str::to_owned));
        ensure!(is_first, "{} is given twice, or as an object and by its HardenedApp: leave one out", about());
        Ok(())
    }
}

/// Whether a Service or an Ingress leads to pods from outside the cluster.
fn leads_in_from_outside(object: &Value) -> bool {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Service") => Service::read(object).exposes().is_some(),
        ("networking.k8s.io/v1", "Ingress") => true,
        _ => false,
    }
}
