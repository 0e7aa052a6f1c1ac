//! The vocabulary of a status: condition types, reasons, findings and events. It is closed: no other code writes one of
//! these words as text, and each but the actions has a row in `docs/troubleshooting.md`.

/// Defines an enum whose variants are words, each with its text.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$meaning])* $word,)+
        }

        impl $name {
            /// All words, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The word as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }
        }
    };
}

words! {
    /// The condition types of a `HardenedApp`, in the order of its status.
    ConditionType {
        /// The app is accepted, all its objects are in place and all its pods are ready.
        Ready = "Ready",
        /// The spec, together with the policy, can be applied.
        Accepted = "Accepted",
        /// The operator or the cluster is still working on it. Only present while true.
        Reconciling = "Reconciling",
        /// Waiting can't help: a user must act. Only present while true.
        Stalled = "Stalled",
        /// What a release needs is there and well-formed, as its checks say. Only present for an app that lists Secrets, and while the
        /// checks hold back a release.
        SecretsValid = "SecretsValid",
        /// The migration of the newest release has succeeded. Only present for an app with a migration.
        Migrated = "Migrated",
        /// All pods of all components are ready.
        Available = "Available",
        /// Only their clients may connect to the databases. Only present for an app with a database inside the cluster.
        DatabasesIsolated = "DatabasesIsolated",
        /// All hosts lead to the app. Only present for an app with hosts.
        Exposed = "Exposed",
        /// No live object deviates from what is declared, and all that is declared is applied.
        InSync = "InSync",
    }
}

words! {
    /// The reasons of conditions.
    Reason {
        /// The spec is applied.
        Accepted = "Accepted",
        /// The spec is wrong or its policy forbids it, or the policy is wrong; the last accepted spec stays applied.
        /// The message names field and remedy.
        Rejected = "Rejected",
        /// The stored object doesn't fit the schema of this operator.
        Unreadable = "Unreadable",
        /// All pods are ready.
        Available = "Available",
        /// Pods are being started or replaced.
        RolloutInProgress = "RolloutInProgress",
        /// Pods don't become ready within the deadline, or can't be created.
        RolloutStuck = "RolloutStuck",
        /// An object of a child's name exists and has another owner; the operator doesn't change it.
        Conflict = "Conflict",
        /// The API server refused a write; the message says which and why.
        ApplyFailed = "ApplyFailed",
        /// An object is being deleted and will be recreated once it is gone.
        WaitingForDeletion = "WaitingForDeletion",
        /// Nothing deviates, and nothing ever did.
        InSync = "InSync",
        /// Nothing deviates now; what was reverted is listed under `drift.reverted`.
        Reverted = "Reverted",
        /// Another field manager keeps changing the same object; the operator reverts it at growing intervals.
        Contested = "Contested",
        /// A deviation could not be reverted.
        Drifted = "Drifted",
        /// A deviation is reported and not reverted: the mode is Observe, or the app is paused.
        Observed = "Observed",
        /// The app is paused: nothing is written to its children.
        Paused = "Paused",
        /// Only its clients may connect to each database.
        Isolated = "Isolated",
        /// Others may connect to a database; the message names the object that lets them in.
        Opened = "Opened",
        /// No pod has the labels of a database.
        NoPods = "NoPods",
        /// The pods of a database declare other ports.
        PortMismatch = "PortMismatch",
        /// The pods of a database belong to another app, which doesn't let in this one.
        Claimed = "Claimed",
        /// The pods of a database aren't known yet.
        PodsUnknown = "PodsUnknown",
        /// All hosts lead to the app.
        Exposed = "Exposed",
        /// The platform's controller can't enforce what a host asks for, so that nothing is exposed; the message names it.
        NotEnforceable = "NotEnforceable",
        /// Another app has a host, or an object of others serves it.
        HostConflict = "HostConflict",
        /// The API server doesn't have a kind that is needed; the message names it.
        ApiMissing = "ApiMissing",
        /// A certificate isn't issued; the message says why.
        CertificateMissing = "CertificateMissing",
        /// The platform's controller has refused an object; the message says why.
        RouteRefused = "RouteRefused",
        /// A host waits for its controller, or for a release.
        RoutePending = "RoutePending",
        /// The Secrets were there and well-formed when the release was checked.
        Valid = "Valid",
        /// The checks before a release run.
        Checking = "Checking",
        /// A Secret or a key of one doesn't exist; the message names it.
        SecretMissing = "SecretMissing",
        /// The value of a key breaks a rule; the message names key and rule.
        SecretInvalid = "SecretInvalid",
        /// A database doesn't answer.
        DatabaseUnreachable = "DatabaseUnreachable",
        /// The checks before a release can't run.
        CheckFailed = "CheckFailed",
        /// The migration has run.
        Succeeded = "Succeeded",
        /// The migration runs.
        Running = "Running",
        /// The migration waits for something else.
        Waiting = "Waiting",
        /// The migration has failed.
        Failed = "Failed",
        /// Nothing says whether the migration has run.
        Unknown = "Unknown",
        /// A new release waits for the checks before it.
        PreflightRunning = "PreflightRunning",
        /// A new release waits for Secrets or databases; the message names them.
        PreflightFailed = "PreflightFailed",
        /// A new release waits for its migration.
        MigrationRunning = "MigrationRunning",
        /// The migration of a new release has failed; the release before it stays.
        MigrationFailed = "MigrationFailed",
        /// A new release waits, since nothing says whether its migration has run.
        MigrationUnknown = "MigrationUnknown",
    }
}

impl Reason {
    /// Whether a user must act if `Ready` has this reason, because waiting can't help.
    #[must_use]
    pub const fn needs_a_user(self) -> bool {
        matches!(
            self,
            Self::Rejected
                | Self::Unreadable
                | Self::Paused
                | Self::Conflict
                | Self::Observed
                | Self::MigrationFailed
                | Self::MigrationUnknown
                | Self::NotEnforceable
                | Self::HostConflict
                | Self::RouteRefused
        )
    }
}

words! {
    /// The checks that findings are about: what is weaker than possible, though allowed.
    Check {
        /// The image has only a tag, which can be moved to other content.
        ImageNotPinned = "image-not-pinned",
        /// A Secret is in the environment, where it shows in dumps and can't rotate.
        SecretInEnv = "secret-in-env",
        /// There is neither a TCP port nor a probe, so the kubelet doesn't notice a process that hangs.
        NoProbes = "no-probes",
        /// Egress to much of the IPv6 Internet, while the policy names no IPv6 range of the cluster that could be excluded.
        ClusterRangeUnknown = "cluster-range-unknown",
        /// An object has a field that isn't declared and that no field manager claims.
        UnownedAddition = "unowned-addition",
        /// The app asks for Observe or a pause, and the policy doesn't allow it.
        DriftNotGranted = "drift-not-granted",
        /// Deviations are not reverted: the mode is Observe, or the app is paused.
        DriftNotUndone = "drift-not-undone",
        /// An object exists that isn't declared any more.
        Leftover = "leftover",
        /// An object of others leads to the app's pods.
        Bypass = "bypass",
        /// The pods of a database belong to another app, whose policy alone lets in clients.
        DatabaseShared = "database-shared",
        /// The cluster has policies of an API that isn't judged.
        PolicyApiUnjudged = "policy-api-unjudged",
        /// A connection succeeded that a NetworkPolicy denies.
        NetworkPolicyNotEnforced = "network-policy-not-enforced",
        /// A migration succeeded while the operator was away, and its pods are gone.
        MigrationUnseen = "migration-unseen",
        /// The migration of an app with databases names none of them, so that it reaches none.
        MigrationWithoutDatabase = "migration-without-database",
        /// A certificate wasn't renewed in time and expires.
        CertificateExpiring = "certificate-expiring",
        /// A host of the app is served by an object of others, too.
        HostShared = "host-shared",
        /// There are more findings than are shown.
        MoreFindings = "more-findings",
    }
}

words! {
    /// The reasons of events.
    EventReason {
        /// The spec or its policy was rejected.
        Rejected = "Rejected",
        /// The app was paused.
        Paused = "Paused",
        /// An object of a child's name has another owner.
        Conflict = "Conflict",
        /// A new release waits for Secrets or databases.
        PreflightFailed = "PreflightFailed",
        /// A migration has begun.
        MigrationStarted = "MigrationStarted",
        /// A migration has succeeded.
        MigrationSucceeded = "MigrationSucceeded",
        /// A migration has failed.
        MigrationFailed = "MigrationFailed",
        /// Nothing says whether a migration has run.
        MigrationUnknown = "MigrationUnknown",
        /// Others than its clients may connect to a database.
        DatabaseOpened = "DatabaseOpened",
        /// A host doesn't lead to the app.
        NotExposed = "NotExposed",
        /// Fields or list members were added to an object.
        DriftAdded = "DriftAdded",
        /// Declared fields of an object were changed.
        DriftChanged = "DriftChanged",
        /// Declared fields of an object were removed.
        DriftRemoved = "DriftRemoved",
        /// An object was deleted.
        DriftDeleted = "DriftDeleted",
        /// An object differed in a field that can't be changed.
        DriftReplaced = "DriftReplaced",
    }
}

words! {
    /// What the operator was doing when an event happened.
    EventAction {
        /// It checked the spec.
        Accept = "Accept",
        /// It applied the children.
        Apply = "Apply",
        /// It replaced a release by the next.
        Release = "Release",
        /// It reverted drift.
        Revert = "Revert",
        /// It reported drift.
        Report = "Report",
    }
}
