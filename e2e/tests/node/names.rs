//! Asks the cluster's DNS server from inside of a pod.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::node::packets;

/// The address in the kubelet's configuration.
const SERVER: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 0, 10), 53);

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for the address of a name and nothing else: recursion, one question, type A, class IN.
const HEAD: [u8; 12] = [0x4e, 0x4f, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const QUESTION_END: [u8; 5] = [0, 0, 1, 0, 1];

/// The IPv4 address of a name, as a process (`/proc/<pid>`) resolves it.
pub(crate) async fn resolve(process: &Path, name: &str) -> Result<Ipv4Addr> {
    let query = query(name)?;
    packets::inside(process, move || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect(SERVER)?;
        socket.send(&query)?;
        let mut answer = vec![0; 512];
        let length = socket.recv(&mut answer).context("the DNS server doesn't answer")?;
        answer.truncate(length);
        address(&answer)
    })
    .await
    .with_context(|| format!("cannot resolve {name}"))
}

fn query(name: &str) -> Result<Vec<u8>> {
    let mut query = HEAD.to_vec();
    for label in name.split('.') {
        query.push(label.len().try_into()?);
        query.extend(label.as_bytes());
    }
    query.extend(QUESTION_END);
    Ok(query)
}

/// The address in a response with one answer: it is at the end.
fn address(answer: &[u8]) -> Result<Ipv4Addr> {
    ensure!(answer.get(3).is_some_and(|flags| flags % 16 == 0), "the DNS server responds with an error: {answer:?}");
    ensure!(answer.get(6..8) == Some(&[0, 1]), "not one answer: {answer:?}");
    // The question asks for no extensions, so no other record follows.
    let address = answer.last_chunk::<4>().context("an answer without an address")?;
    Ok((*address).into())
}
