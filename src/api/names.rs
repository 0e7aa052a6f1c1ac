//! Names that the operator gives to things of its own.

/// The one name under which the operator acts: field manager, `managed-by` label, user agent, event reporter.
pub const MANAGER: &str = "hardened-app";

/// API group of the custom resources, and prefix of every label and annotation of ours.
pub const GROUP: &str = "hardened.dev";

/// Label of a namespace that names the `HardeningPolicy` its apps are held to.
pub const POLICY_LABEL: &str = "hardened.dev/policy";

/// Annotation of a `HardenedApp` that stops all writes to its children, where the policy allows it.
pub const PAUSED: &str = "hardened.dev/paused";
