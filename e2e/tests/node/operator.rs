//! The operator's own pod is hardened.

use anyhow::{Context, Result};
use e2e::{ControlPlane, node};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use crate::ask::{address, ask};
use crate::place::containers;
use crate::processes::{TOKEN, memory, of, powers_of};

#[tokio::test]
async fn the_operators_pod_is_hardened_and_far_below_its_memory_limit() -> Result<()> {
    let client = ControlPlane::shared()?.admin_client().await?;
    let pods: Api<Pod> = Api::namespaced(client, "hardened-system");
    let pods = pods.list(&ListParams::default()).await?.items;
    assert_eq!(pods.len(), 2);
    let mut leaders = 0;
    for pod in &pods {
        assert!(containers(pod)[0].image_id.contains(node::REGISTRY), "{:?}", containers(pod));
        // The token for the API server is its only privilege.
        assert_eq!(powers_of(pod, 65532, 65532)?, [TOKEN]);
        let limits = pod.spec.as_ref().and_then(|spec| spec.containers[0].resources.as_ref()?.limits.as_ref());
        let limit = limits.and_then(|limits| limits.get("memory")?.0.strip_suffix("Mi")).context("a limit in MiB")?;
        let limit = limit.parse::<u64>()? << 20;
        for process in of(pod)? {
            // The rest is needed for the apps of a whole cluster.
            assert!(memory(&process)? < limit / 8, "{} bytes", memory(&process)?);
        }
        let metrics = ask(&address(pod, 8080)?, "/metrics").await?;
        assert!(metrics.contains("controller_runtime_reconcile_total"), "{metrics}");
        leaders += usize::from(metrics.contains("leader_election_master_status{name=\"hardened-app\"} 1"));
        // Tests run in the order of their names: `releases`, which kills the leader, comes later.
        assert_eq!(containers(pod)[0].restart_count, 0);
    }
    assert_eq!(leaders, 1);
    Ok(())
}
