//! HTTPRoute: what a Gateway does with requests for a host.

use serde_json::Value;

use crate::desired::{
    exposure::http_routes,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
    progress::{Progress, of_parents},
};

pub(super) const KIND: Kind = Kind {
    name: "HTTPRoute",
    group: "gateway.networking.k8s.io",
    version: "v1",
    plural: "httproutes",
    presence: Presence::Optional,
    sight: Sight::AllInCluster,
    stage: Stage::Entry,
    care: Care::Apply,
    build: http_routes,
    progress: Some(progress),
    rules: Rules {
        keyed: &[],
        ordered: &[],
        unordered: &["spec hostnames", "spec rules [] filters [] responseHeaderModifier remove"],
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

/// Its parents report whether they have accepted it.
fn progress(object: &Value) -> Progress {
    Progress::Entry(of_parents(object, "parents", &["Accepted", "ResolvedRefs"]))
}
