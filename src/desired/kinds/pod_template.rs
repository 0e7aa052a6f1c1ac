//! Rules for kinds whose `spec.template` is a pod template.

/// The rules of a kind with a pod template: those of the template, and its own.
macro_rules! rules_of_pod_template {
    (
        dangerous: [$($dangerous:literal),* $(,)?],
        tolerated: [$($tolerated:literal),* $(,)?],
        harmless: [$($harmless:literal),* $(,)?],
        immutable: $immutable:expr,
        volatile: $volatile:expr,
    ) => {
        $crate::desired::kind::Rules {
            keyed: &[
                ("spec template spec *ontainers", &["name"]),
                ("spec template spec volumes", &["name"]),
                ("spec template spec imagePullSecrets", &["name"]),
                ("spec template spec topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
                ("spec template spec hostAliases", &["ip"]),
                ("spec template spec *ontainers [] env", &["name"]),
                ("spec template spec *ontainers [] ports", &["containerPort", "protocol"]),
                ("spec template spec *ontainers [] volumeMounts", &["mountPath"]),
                ("spec template spec *ontainers [] volumeDevices", &["devicePath"]),
            ],
            // Containers start in this order, and `$(NAME)` in a value is replaced only where the variable stands before.
            ordered: &["spec template spec *ontainers", "spec template spec *ontainers [] env"],
            unordered: &[
                "spec template spec tolerations",
                "spec template spec affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution nodeSelectorTerms",
                "spec template spec *ontainers [] securityContext capabilities drop",
            ],
            dangerous: &[
                $($dangerous,)*
                "spec template metadata labels *",
                "spec template metadata annotations *",
                // Copied to the pods, which then stay until a client removes them.
                "spec template metadata finalizers",
                "spec template spec containers []",
                "spec template spec initContainers",
                "spec template spec ephemeralContainers",
                "spec template spec containers [] image",
                "spec template spec containers [] command",
                "spec template spec containers [] args",
                "spec template spec containers [] env",
                "spec template spec containers [] envFrom",
                "spec template spec containers [] ports",
                "spec template spec containers [] volumeMounts",
                "spec template spec containers [] volumeDevices",
                "spec template spec containers [] securityContext",
                "spec template spec containers [] lifecycle",
                "spec template spec containers [] *Probe",
                // Devices, and claims on them.
                "spec template spec containers [] resources",
                "spec template spec containers [] restartPolicy*",
                "spec template spec containers [] workingDir",
                "spec template spec containers [] stdin*",
                "spec template spec containers [] tty",
                "spec template spec volumes []",
                // A source added to one of the operator's volumes, such as a token in a projected volume.
                "spec template spec volumes [] *",
                "spec template spec host*",
                "spec template spec securityContext",
                "spec template spec serviceAccountName",
                "spec template spec automountServiceAccountToken",
                "spec template spec shareProcessNamespace",
                "spec template spec imagePullSecrets",
                "spec template spec dnsConfig",
                "spec template spec nodeName",
                "spec template spec runtimeClassName",
                "spec template spec tolerations",
                "spec template spec affinity",
                "spec template spec nodeSelector",
                "spec template spec priorityClassName",
                // The API server refuses pods whose template disagrees with their PriorityClass.
                "spec template spec priority",
                "spec template spec preemptionPolicy",
                "spec template spec activeDeadlineSeconds",
                // A constraint that no node satisfies leaves pods without a node.
                "spec template spec topologySpreadConstraints",
                "spec template spec resources",
                "spec template spec resourceClaims",
                "spec template spec overhead",
                "spec template spec setHostnameAsFQDN",
                "spec template spec subdomain",
                "spec template spec schedulingGroup",
                "spec template spec evictionResponders",
                "spec template spec readinessGates",
                "spec template spec schedulingGates",
            ],
            commanding: &[],
            tolerated: &[
                $($tolerated,)*
                "metadata annotations *",
                // `kubectl rollout restart` writes here; a restart doesn't weaken the workload.
                "spec template metadata annotations kubectl.kubernetes.io/*",
                // The API server keeps this copy equal to serviceAccountName.
                "spec template spec serviceAccount",
            ],
            harmless: &[
                $($harmless,)*
                "metadata labels *",
                // Whether a resize in place restarts the container; the amounts themselves are declared.
                "spec template spec containers [] resizePolicy",
                // Pods get labels, annotations and finalizers of their template, nothing else of its metadata.
                "spec template metadata name",
                "spec template metadata namespace",
                "spec template metadata generateName",
                "spec template metadata generation",
                "spec template metadata creationTimestamp",
                "spec template metadata deletionTimestamp",
                "spec template metadata deletionGracePeriodSeconds",
                "spec template metadata managedFields",
                "spec template metadata ownerReferences",
                "spec template metadata resourceVersion",
                "spec template metadata selfLink",
                "spec template metadata uid",
            ],
            omitted_if_false: &[
                "spec template spec hostNetwork",
                "spec template spec hostPID",
                "spec template spec hostIPC",
            ],
            immutable: $immutable,
            volatile: $volatile,
            public: false,
            always_enforced: false,
        }
    };
}

pub(super) use rules_of_pod_template;
