//! The operator has the rights that it uses, no more and no less. Judged by the audit log of the whole suite, so this is a
//! binary of its own: cargo runs test binaries in the order of their names, and this one's is behind that of the suite.

use std::collections::BTreeSet;

use anyhow::Result;
use e2e::rights::{self, Right};
use e2e::{ControlPlane, operator};
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::Api;

fn words<'a>(rights: impl Iterator<Item = &'a Right>) -> Vec<String> {
    rights.map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_operator_uses_every_right_it_has_and_misses_none() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    let roles: Api<ClusterRole> = Api::all(control_plane.admin_client().await?);
    let mut granted = BTreeSet::new();
    for role in operator::ROLES {
        granted.extend(rights::granted(&roles.get(role).await?));
    }
    assert!(!granted.is_empty(), "the roles give nothing");

    let asked = rights::asked(&control_plane.audit_log(), operator::USER)?;
    assert!(
        !asked.allowed.is_empty(),
        "the operator has asked for nothing: these rights show after the suite, `make test`"
    );
    assert_eq!(words(asked.denied.iter()), [""; 0], "asked for, but not granted");
    assert_eq!(words(granted.difference(&asked.allowed)), [""; 0], "granted, but never used by the suite");
    Ok(())
}
