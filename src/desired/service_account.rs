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
        // On an account an annotation is no note: clouds read there which of their identities its pods may take.
        dangerous: &["automountServiceAccountToken", "metadata annotations *"],
        tolerated: &[
            // Written by the token controller and by platforms that hand out pull secrets.
            "secrets",
            "imagePullSecrets",
            "metadata annotations openshift.io/*",
            "metadata annotations kubectl.kubernetes.io/*",
        ],
        public: true,
        always_enforced: false,
    },
};
