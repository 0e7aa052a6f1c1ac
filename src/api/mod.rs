//! 1 What users ask: the custom resources and the status vocabulary. Types and schema only, no client.

mod component;
mod crds;
mod hardened_app;
mod hardening_policy;
mod network;
mod probe;
mod quote;
mod status;
mod version;

pub use component::{
    Autoscaling, ClaimVolume, Component, ComponentPort, ConfigMount, EnvVar, Protocol, ResourceAmounts, SecretKey,
    WritablePath,
};
pub use crds::crds;
pub use hardened_app::{DriftMode, DriftSpec, HardenedApp, HardenedAppSpec, StoredApp};
pub use hardening_policy::{
    DevicePlacement, DnsPolicy, DriftPolicy, HardeningPolicy, HardeningPolicySpec, ImagePolicy, NetworkPolicySettings,
    PlacementPolicy, Platform, PodPeer, PullPolicy, ResourcePolicy, ToleratedPath, Toleration,
};
pub use network::{AppPeer, Egress};
pub use probe::{ExecProbe, GrpcProbe, HttpProbe, Probe, Probes, TcpProbe};
pub use quote::quoted;
pub use status::{
    ChildRef, ComponentStatus, ConditionType, DriftChange, DriftItem, DriftStatus, FindingItem, HardenedAppStatus,
    Reason,
};
pub use version::version;

/// The one name under which the operator acts: field manager, `managed-by` label, user agent, event reporter.
pub const MANAGER: &str = "hardened-app";

/// API group of the custom resources, and prefix of every label and annotation of ours.
pub const GROUP: &str = "hardened.dev";

/// Label of a namespace that names the `HardeningPolicy` its apps are held to.
pub const POLICY_LABEL: &str = "hardened.dev/policy";

/// Annotation of a `HardenedApp` that stops all writes to its children, where the policy allows it.
pub const PAUSED: &str = "hardened.dev/paused";
