//! The operator has exactly the rights that it uses, according to the audit log of the whole suite. So this is a separate
//! binary: cargo runs test binaries in the order of their names, this one after `suite`.

use std::collections::BTreeSet;

use anyhow::Result;
use e2e::rights::{self, Right};
use e2e::{ControlPlane, operator};
use k8s_openapi::api::rbac::v1::{ClusterRole, Role};
use kube::Api;

fn words<'a>(rights: impl Iterator<Item = &'a Right>) -> Vec<String> {
    rights.map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_operator_uses_every_granted_right_and_needs_no_other() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    let client = control_plane.admin_client().await?;
    let roles: Api<ClusterRole> = Api::all(client.clone());
    let mut granted = BTreeSet::new();
    for role in operator::ROLES {
        granted.extend(rights::granted(&roles.get(role).await?.rules.unwrap_or_default()));
    }
    let election: Api<Role> = Api::namespaced(client, operator::LEASE.1);
    granted.extend(rights::granted(&election.get(operator::ELECTION_ROLE).await?.rules.unwrap_or_default()));
    assert!(!granted.is_empty(), "the roles grant no right");

    let mut asked = rights::asked(&control_plane.audit_log(), operator::USER)?;
    // This API server streams lists. Where one doesn't, what is watched is listed: the suite's restart has such a one.
    asked.allowed.extend(rights::listed(&asked.allowed));
    assert!(
        !asked.allowed.is_empty(),
        "the audit log has no request of the operator: run the suite before this test, as `make test` does"
    );
    assert_eq!(words(asked.denied.iter()), [""; 0], "requested, but not granted");
    assert_eq!(words(granted.difference(&asked.allowed)), [""; 0], "granted, but never used by the suite");
    Ok(())
}
