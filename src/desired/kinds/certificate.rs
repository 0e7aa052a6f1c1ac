//! Certificate: a certificate that cert-manager issues for a host.

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use crate::desired::{
    exposure::certificates,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
    progress::{Expiry, Progress, of_conditions},
};

pub(super) const KIND: Kind = Kind {
    name: "Certificate",
    group: "cert-manager.io",
    version: "v1",
    plural: "certificates",
    presence: Presence::Optional,
    sight: Sight::Labelled,
    stage: Stage::Entry,
    care: Care::Apply,
    build: certificates,
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
    let state = of_conditions(object, object.pointer("/status/conditions"), &["Ready"]);
    let time = |pointer: &str| object.pointer(pointer).and_then(Value::as_str)?.parse::<Timestamp>().ok();
    let expiry = time("/status/notAfter").map(|expires| {
        let renewal = time("/status/renewalTime").unwrap_or(expires);
        Expiry { expires, overdue: renewal + expires.duration_since(renewal) / 2 }
    });
    Progress::Certificate(state, expiry)
}
