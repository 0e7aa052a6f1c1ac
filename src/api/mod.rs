//! 1 What users declare: the custom resources and the status vocabulary. Types, schema and the text of a status; no client.

mod component;
mod crds;
mod database;
mod environment;
mod exposure;
mod exposure_policy;
mod hardened_app;
mod image;
mod length;
mod migration;
mod mount;
mod names;
mod network;
mod pod_peer;
mod policy;
mod probe;
mod quote;
mod release_status;
mod response_headers;
mod secrets;
mod status;
mod stored_app;
mod version;
mod vocabulary;

pub use component::{Autoscaling, Component, ComponentPort, Protocol, ResourceAmounts};
pub use crds::crds;
pub use database::{
    Database, DatabaseClient, DatabaseManager, DatabasePods, Engine, ExternalDatabase, ManagedDatabase,
};
pub use environment::{EnvVar, SecretKey};
pub use exposure::{BackendTls, Exposure, ExposureRoute, ExposureTls, RateLimit, TlsVersion};
pub use exposure_policy::{
    CertificateIssuer, Enforced, ExposurePolicy, GatewayParent, IngressController, IngressProfile, IssuerKind,
    Listeners,
};
pub use hardened_app::{DriftMode, DriftSpec, HardenedApp, HardenedAppSpec};
pub use length::{is_longer, json_length};
pub use migration::Migration;
pub use mount::{ClaimVolume, ConfigMount, WritablePath};
pub use names::{COMPONENT, GROUP, MANAGED_BY, MANAGER, PART_OF, PAUSED, POLICY_LABEL, RERUN, WORKLOAD};
pub use network::{AppPeer, Egress};
pub use pod_peer::PodPeer;
pub use policy::{
    DevicePlacement, DnsPolicy, DriftPolicy, HardeningPolicy, HardeningPolicySpec, ImagePolicy, NetworkPolicySettings,
    PlacementPolicy, Platform, PullPolicy, ResourcePolicy, StoragePolicy, ToleratedPath, Toleration,
};
pub use probe::{ExecProbe, GrpcProbe, HttpProbe, Probe, Probes, TcpProbe};
pub use quote::quoted;
pub use release_status::{MigrationState, MigrationStatus, ReleaseStatus};
pub use response_headers::{FrameOptions, ReferrerPolicy, ResponseHeaders, StrictTransportSecurity};
pub use secrets::{KeyFormat, RequiredKey, RequiredSecret};
pub use status::{
    ChildRef, ComponentStatus, DatabaseStatus, DriftChange, DriftItem, DriftStatus, ExposureStatus, FindingItem,
    HardenedAppStatus,
};
pub use stored_app::{LONGEST_SPEC, StoredApp, Unreadable, Why, spec_length};
pub use version::version;
pub use vocabulary::{Check, ConditionType, EventAction, EventReason, Reason};
