//! Names that identify the operator, its API group, its labels and its annotations.

/// The one name under which the operator acts: field manager, `managed-by` label, user agent, event reporter.
pub const MANAGER: &str = "hardened-app";

/// API group of the custom resources, and prefix of the operator's labels and annotations.
pub const GROUP: &str = "hardened.dev";

/// Label of a namespace with the name of the `HardeningPolicy` that applies to its apps.
pub const POLICY_LABEL: &str = "hardened.dev/policy";

/// Annotation of a `HardenedApp` that stops all writes to its children, where the policy allows it.
pub const PAUSED: &str = "hardened.dev/paused";

/// Annotation of a `HardenedApp` that runs its migration again: each new value does, once.
pub const RERUN: &str = "hardened.dev/rerun-migration";

/// Label with the name of the operator, which watches children and pods by it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Label with the name of the part.
pub const COMPONENT: &str = "app.kubernetes.io/component";

/// Label with the name of the app.
pub const PART_OF: &str = "app.kubernetes.io/part-of";

/// Label that distinguishes the pods of one part from all others; the only one that selectors of an app's own pods use.
pub const WORKLOAD: &str = "hardened.dev/workload";
