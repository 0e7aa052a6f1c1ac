//! What the node has on its machine while it runs. `control-plane exec` checks at its end that nothing of it is left.

use anyhow::Result;
use e2e::node;

/// The check would also pass if it never found anything.
#[test]
fn every_type_of_trace_is_found_while_the_node_runs() -> Result<()> {
    let traces = node::traces()?.join("\n");
    for trace in ["/kubelet ", "/containerd-shim-runc-v2 ", "mount ", "interface ", "rule ", "group "] {
        assert!(traces.contains(trace), "{trace} is missing in:\n{traces}");
    }
    Ok(())
}
