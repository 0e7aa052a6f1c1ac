//! HTTPProxy: what Contour does with requests for a host.

use serde_json::Value;

use crate::desired::{
    exposure::http_proxies,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
    progress::{EntryState, Progress, of_conditions},
};

pub(super) const KIND: Kind = Kind {
    name: "HTTPProxy",
    group: "projectcontour.io",
    version: "v1",
    plural: "httpproxies",
    presence: Presence::Optional,
    sight: Sight::AllInCluster,
    stage: Stage::Entry,
    care: Care::Apply,
    build: http_proxies,
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

/// Contour's word is `valid`, `invalid` or `orphaned`, with a description.
fn progress(object: &Value) -> Progress {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let state = of_conditions(object, object.pointer("/status/conditions"), &["Valid"]);
    let state = match text("/status/currentStatus") {
        "invalid" | "orphaned" => EntryState::Refused(text("/status/description").to_owned()),
        _ => state,
    };
    Progress::Entry(state)
}
