//! BackendTLSPolicy: how a Gateway verifies the certificates of a component.

use serde_json::Value;

use crate::desired::{
    exposure::backend_tls_policies,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
    progress::{Progress, of_parents},
};

pub(super) const KIND: Kind = Kind {
    name: "BackendTLSPolicy",
    group: "gateway.networking.k8s.io",
    version: "v1",
    plural: "backendtlspolicies",
    presence: Presence::Optional,
    sight: Sight::Labelled,
    stage: Stage::Entry,
    care: Care::Apply,
    build: backend_tls_policies,
    progress: Some(progress),
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

fn progress(object: &Value) -> Progress {
    Progress::Entry(of_parents(object, "ancestors", &["Accepted", "ResolvedRefs"]))
}
