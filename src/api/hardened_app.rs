//! `HardenedApp`: the one object a team writes.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    component::Component, database::Database, exposure::Exposure, migration::Migration, secrets::RequiredSecret,
    status::HardenedAppStatus,
};

/// What a team wants to run. The operator derives everything else that a secure deployment needs. As JSON it has at most
/// 128 KiB; the operator rejects a longer one.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "hardened.dev",
    version = "v1alpha1",
    kind = "HardenedApp",
    namespaced,
    status = "HardenedAppStatus",
    derive = "Default",
    derive = "PartialEq",
    shortname = "happ",
    category = "hardened",
    doc = "A HardenedApp becomes hardened Deployments, with the NetworkPolicies, Services and disruption budgets they need, kept as declared. Its status says what is enforced, what deviates and who changed it.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Migration", type_ = "string", json_path = r#".status.conditions[?(@.type=="Migrated")].reason"#),
    printcolumn(name = "Databases", type_ = "string", json_path = r#".status.conditions[?(@.type=="DatabasesIsolated")].reason"#),
    printcolumn(name = "Host", type_ = "string", json_path = ".status.exposures[?(@.exposed==true)].host"),
    printcolumn(name = "Drift", type_ = "string", json_path = r#".status.conditions[?(@.type=="InSync")].reason"#),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("size(self.metadata.name) <= 30 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name: use at most 30 lower-case letters, digits and '-', starting with a letter and not ending with '-'; children are named <app>-<component>")
)]
#[serde(rename_all = "camelCase")]
pub struct HardenedAppSpec {
    /// The parts of the app; each becomes a Deployment `<app>-<name>` with its own ServiceAccount and NetworkPolicy.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub components: Vec<Component>,

    /// The databases that the components use. Only the components that name one under `connectsTo` can reach it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub databases: Vec<Database>,

    /// Secrets of this namespace that must exist, and whose values must be well-formed, before a new release runs. Together they list at
    /// most 100 keys. The operator has no right to read Secrets: a pod of this namespace reads the values, and reports only which rule is
    /// broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(
        merge_strategy = ListMerge::Map(vec!["name".to_string()]),
        validation = Rule::new("self.map(secret, size(secret.keys)).sum() <= 100").message("list at most 100 keys in all")
    )]
    pub secrets: Vec<RequiredSecret>,
    /// What changes the databases before a new release runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,

    /// The hosts under which components are reachable from outside the cluster; without one none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["host".to_string()]))]
    pub exposures: Vec<Exposure>,

    /// What the operator does about changes that other clients make to the app's objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftSpec>,
}

/// What the operator does about changes that other clients make to the app's objects.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct DriftSpec {
    /// If not given, the policy's mode applies. `Observe` applies only if the policy allows it; else a finding reports
    /// that it isn't granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<DriftMode>,
}

// `kubectl explain` shows this text, not that of the field `mode`.
/// Whether the operator reverts deviations of live objects. `Enforce`: it reverts and reports them. `Observe`: it only
/// reports them, deletions too, but still reverts those of NetworkPolicies. `Observe` applies only if the policy allows
/// it; else a finding reports that it isn't granted. If an app gives no mode, the policy's mode applies.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftMode {
    /// The operator reverts and reports deviations.
    #[default]
    Enforce,
    /// The operator only reports deviations, deletions too, but still reverts those of NetworkPolicies. It also still
    /// applies changes of the spec, which sets all declared fields of the objects that change.
    Observe,
}
