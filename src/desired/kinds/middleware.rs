//! Middleware: what Traefik does with each request for a host.

use crate::desired::{
    exposure::middlewares,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
};

pub(super) const KIND: Kind = Kind {
    name: "Middleware",
    group: "traefik.io",
    version: "v1alpha1",
    plural: "middlewares",
    presence: Presence::Optional,
    sight: Sight::Labelled,
    stage: Stage::Entry,
    care: Care::Apply,
    build: middlewares,
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
