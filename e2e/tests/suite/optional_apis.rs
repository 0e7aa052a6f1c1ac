//! APIs that a cluster may have or not: what is there is watched, from the moment it is. On separate control planes, because all
//! other tests may rely on these APIs.

use anyhow::Result;
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Definitions, rights, until};

use crate::wait::LIMIT;

#[tokio::test]
async fn routes_of_the_gateway_api_are_watched_once_the_cluster_has_them() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let _operator = Operator::start(&control_plane).await?;
    let watched = || -> Result<bool> {
        let asked = rights::asked(&control_plane.audit_log(), operator::USER)?;
        Ok(asked.allowed.iter().any(|right| right.to_string() == "watch httproutes of gateway.networking.k8s.io"))
    };
    assert!(!watched()?, "what the API server doesn't have isn't asked for");
    Definitions::GatewayApi.install(&control_plane.admin_client().await?).await?;
    until("the operator watches HTTPRoutes", LIMIT, async || Ok(watched()?.then_some(()))).await
}
