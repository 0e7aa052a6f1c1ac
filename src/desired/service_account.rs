//! ServiceAccount: an identity per component that can do nothing.

use serde_json::json;

use super::{Kind, Rules, Stage};

pub(super) const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    stage: Stage::Guard,
    // The pod says the same: whichever of the two a reader or scanner looks at, no token is mounted.
    build: |_, _| Some(json!({ "automountServiceAccountToken": false })),
    rules: Rules {
        keyed: &[],
        dangerous: &[],
        // Written by the token controller and by platforms that hand out pull secrets (OpenShift).
        tolerated: &["secrets", "imagePullSecrets"],
    },
};
