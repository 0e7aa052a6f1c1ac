//! What `hardened-app reach` predicts for the samples, for the ends that exist on the node.

use std::net::TcpListener;

use anyhow::{Result, ensure};
use e2e::node::packets;

use crate::cli;
use crate::reach::{Cell, Field};
use crate::samples::SMALLEST;

/// The pods, by their names in the test. On all ports of the samples they listen, see [`listen`].
const PODS: [&str; 7] = ["web", "api", "worker", "hello", "neighbour", "portal", "stranger"];

/// The TCP ports of all policies in the samples.
const PORTS: [u16; 4] = [53, 443, 8080, 9090];

/// Where something listens beside the pods.
const OTHERS: [(&str, u16); 5] =
    [("dns", 53), ("metadata", 80), ("metadata", 443), ("internet 198", 443), ("node", 6443)];

/// Listens on every port in every pod where the guest doesn't: so a connection that is allowed succeeds.
pub(crate) async fn listen(field: &Field) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for (_, process) in field.sources.iter().filter(|(name, _)| PODS.contains(&name.as_str())) {
        for port in PORTS {
            // It fails where the guest listens.
            listeners.extend(packets::listen(process, port).await.ok());
        }
    }
    Ok(listeners)
}

/// The predicted connections for the smallest sample and `shop`, between the ends of the scene.
pub(crate) fn cells(shop: &str, elsewhere: &str) -> Result<Vec<Cell>> {
    let printed = cli::print(
        &["reach", "--output", "json", "--address", "API server=10.200.0.1:6443"],
        &[SMALLEST, shop].join("---\n"),
    )?;
    let all: Vec<Cell> = serde_json::from_str(&printed)?;
    let portal = format!("pods hardened.dev/workload=portal.web of namespace {elsewhere}");
    let own = |end: &str| match end {
        "demo/shop-web" => Some("web"),
        "demo/shop-api" => Some("api"),
        "demo/shop-worker" => Some("worker"),
        "demo/hello-web" => Some("hello"),
        "other pods in demo" => Some("neighbour"),
        "pods of other namespaces" => Some("stranger"),
        "DNS: pods k8s-app=kube-dns of namespace kube-system" => Some("dns"),
        "cloud metadata 169.254.169.254" => Some("metadata"),
        "Internet 198.51.100.1" => Some("internet 198"),
        _ if end.starts_with("API server") => Some("node"),
        _ => (end == portal).then_some("portal"),
    };
    let mut cells = Vec::new();
    for cell in all {
        let (Some(from), Some(to)) = (own(&cell.from), own(&cell.to)) else { continue };
        let listens = PODS.contains(&to) && PORTS.contains(&cell.port) || OTHERS.contains(&(to, cell.port));
        if cell.protocol == "TCP" && from != to && PODS.contains(&from) && listens {
            cells.push(Cell { from: from.to_owned(), to: to.to_owned(), ..cell });
        }
    }
    // A name that changes would leave out its cells.
    for end in PODS.into_iter().chain(OTHERS.map(|(name, _)| name)) {
        ensure!(cells.iter().any(|cell| cell.to == end), "no prediction for {end}");
    }
    Ok(cells)
}
