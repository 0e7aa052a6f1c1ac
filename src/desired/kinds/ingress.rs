//! Ingress: what an ingress controller does with requests for a host.

use crate::desired::{
    exposure::ingresses,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
};

pub(super) const KIND: Kind = Kind {
    name: "Ingress",
    group: "networking.k8s.io",
    version: "v1",
    plural: "ingresses",
    presence: Presence::Always,
    sight: Sight::AllInCluster,
    stage: Stage::Entry,
    care: Care::Apply,
    build: ingresses,
    progress: None,
    rules: Rules {
        keyed: &[],
        ordered: &[],
        unordered: &[],
        dangerous: &["spec"],
        commanding: &[
            // Controllers read from annotations what they should do besides: names in DNS, certificates, code in their own configuration.
            "metadata annotations *",
        ],
        tolerated: &["metadata annotations kubectl.kubernetes.io/*"],
        harmless: &["metadata labels *"],
        omitted_if_false: &[],
        immutable: &[],
        volatile: &[],
        public: true,
        always_enforced: false,
    },
};
