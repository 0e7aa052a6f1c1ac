//! What `hardened-app reach` predicts for samples, for the ends that exist on the node.

use std::net::TcpListener;

use anyhow::{Result, ensure};
use e2e::node::packets;

use crate::cli;
use crate::reach::{Cell, Field};

/// The ends of a test.
pub(crate) struct Ends {
    /// Pods, by the names in the predictions and in the test.
    pub(crate) pods: Vec<(String, &'static str)>,
    /// The TCP ports that are tried on them: those of all policies. On each of them the pods listen, see [`Ends::listen`].
    pub(crate) ports: &'static [u16],
    /// Other ends, and ports on which something listens there.
    pub(crate) others: Vec<(&'static str, &'static str, u16)>,
}

/// An end beside the pods that every test has: DNS, the metadata service, and the API server.
pub(crate) const STANDING: [(&str, &str, u16); 4] = [
    ("DNS: pods k8s-app=kube-dns of namespace kube-system", "dns", 53),
    ("cloud metadata 169.254.169.254", "metadata", 80),
    ("cloud metadata 169.254.169.254", "metadata", 443),
    ("API server", "node", 6443),
];

impl Ends {
    /// Listens on every port in every pod where it doesn't itself: so a connection that is allowed succeeds.
    pub(crate) async fn listen(&self, field: &Field) -> Result<Vec<TcpListener>> {
        let mut listeners = Vec::new();
        for (_, process) in field.sources.iter().filter(|(name, _)| self.is_pod(name)) {
            for port in self.ports {
                // It fails where the pod listens.
                listeners.extend(packets::listen(process, *port).await.ok());
            }
        }
        Ok(listeners)
    }

    /// The predicted connections for these apps between the ends.
    pub(crate) fn cells(&self, apps: &str) -> Result<Vec<Cell>> {
        let printed = cli::print(&["reach", "--output", "json", "--address", "API server=10.200.0.1:6443"], apps)?;
        let all: Vec<Cell> = serde_json::from_str(&printed)?;
        let mut cells = Vec::new();
        for cell in all {
            let (Some(from), Some(to)) = (self.own(&cell.from), self.own(&cell.to)) else { continue };
            let listens = self.is_pod(to) && self.ports.contains(&cell.port)
                || self.others.iter().any(|(_, name, port)| (*name, *port) == (to, cell.port));
            if cell.protocol == "TCP" && from != to && self.is_pod(from) && listens {
                cells.push(Cell { from: from.to_owned(), to: to.to_owned(), ..cell });
            }
        }
        // A name that changes would leave out its cells.
        let pods = self.pods.iter().map(|(_, name)| *name);
        for end in pods.chain(self.others.iter().map(|(_, name, _)| *name)) {
            ensure!(cells.iter().any(|cell| cell.to == end), "no prediction for {end}");
        }
        Ok(cells)
    }

    fn is_pod(&self, name: &str) -> bool {
        self.pods.iter().any(|(_, own)| *own == name)
    }

    /// The name in the test of an end in the predictions.
    fn own(&self, end: &str) -> Option<&'static str> {
        let pods = self.pods.iter().map(|(predicted, own)| (predicted.as_str(), *own));
        let mut all = pods.chain(self.others.iter().map(|(predicted, own, _)| (*predicted, *own)));
        all.find(|(predicted, _)| end == *predicted).map(|(_, own)| own)
    }
}
