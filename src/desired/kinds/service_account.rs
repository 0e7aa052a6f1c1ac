//! ServiceAccount: an identity per component that can do nothing.

use serde_json::json;

use crate::desired::{
    draft::Draft,
    kind::{Care, Kind, Presence, Rules, Sight, Stage},
};

pub(super) const KIND: Kind = Kind {
    name: "ServiceAccount",
    group: "",
    version: "v1",
    plural: "serviceaccounts",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Guard,
    care: Care::Apply,
    // The pod spec sets the same, because scanners disagree about which of the two to read.
    build: |target| Draft::per_workload(target, |_| Some(json!({ "automountServiceAccountToken": false }))),
    progress: None,
    rules: Rules {
        keyed: &[],
        ordered: &[],
        unordered: &[],
        dangerous: &["automountServiceAccountToken"],
        // Clouds read from annotations and labels of a ServiceAccount which cloud identity its pods may use.
        commanding: &["metadata annotations *", "metadata labels *"],
        tolerated: &[
            // Written by the token controller and by platforms that hand out pull secrets.
            "secrets",
            "imagePullSecrets",
            "metadata annotations openshift.io/*",
            "metadata annotations kubectl.kubernetes.io/*",
        ],
        harmless: &[],
        omitted_if_false: &[],
        immutable: &[],
        volatile: &[],
        public: true,
        always_enforced: false,
    },
};
