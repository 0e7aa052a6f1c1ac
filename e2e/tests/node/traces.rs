//! What the node has on its machine, none of which may be there afterwards: `control-plane exec` compares it at its end.

use anyhow::Result;
use e2e::node;

/// The comparison would find nothing just as well if it didn't look.
#[test]
fn every_sort_of_trace_is_seen_while_the_node_runs() -> Result<()> {
    let traces = node::traces()?.join("\n");
    for trace in ["/kubelet ", "/containerd-shim-runc-v2 ", "mount ", "interface ", "rule ", "group "] {
        assert!(traces.contains(trace), "{trace} is missing in:\n{traces}");
    }
    Ok(())
}
