//! ListenerSet: a listener of a Gateway with a certificate of the app.

use serde_json::Value;

use crate::desired::{
    exposure::listener_sets,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
    progress::{Progress, of_conditions},
};

pub(super) const KIND: Kind = Kind {
    name: "ListenerSet",
    group: "gateway.networking.k8s.io",
    version: "v1",
    plural: "listenersets",
    presence: Presence::Optional,
    sight: Sight::Labelled,
    stage: Stage::Entry,
    care: Care::Apply,
    build: listener_sets,
    progress: Some(progress),
    rules: Rules {
        keyed: &[("spec listeners", &["name"])],
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
    Progress::Entry(of_conditions(object, object.pointer("/status/conditions"), &["Accepted", "Programmed"]))
}
