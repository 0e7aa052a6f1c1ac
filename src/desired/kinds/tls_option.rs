//! TLSOption: the versions of TLS that Traefik accepts for a host.

use crate::desired::{
    exposure::tls_options,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
};

pub(super) const KIND: Kind = Kind {
    name: "TLSOption",
    group: "traefik.io",
    version: "v1alpha1",
    plural: "tlsoptions",
    presence: Presence::Optional,
    sight: Sight::Labelled,
    stage: Stage::Entry,
    care: Care::Apply,
    build: tls_options,
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
