//! Asks from inside of a pod's network namespace what it can reach. The pod needs no program for it.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::fd::AsFd;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::task::spawn_blocking;

/// Within a machine a packet takes less than a millisecond; a denied one gets no answer at all.
const PATIENCE: Duration = Duration::from_secs(1);

/// What came of an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a listener, and packets pass in both directions.
    Connected,
    /// Packets pass, and nothing listens.
    Refused,
    /// Packets are dropped, as by a NetworkPolicy.
    TimedOut,
    /// Anything else, for example that there is no route.
    Failed(ErrorKind),
}

/// Tries TCP connections from the network namespace of a process (`/proc/<pid>`), all at the same time; returns the outcomes in
/// the order of the addresses. It takes about a second.
///
/// # Errors
/// When the process has ended.
pub async fn connect(process: &Path, addresses: Vec<SocketAddr>) -> Result<Vec<Outcome>> {
    inside(process, move || {
        // Threads begin in the namespace of the thread that starts them.
        let attempts = addresses.into_iter().map(|address| thread::spawn(move || attempt(address)));
        let attempts: Vec<_> = attempts.collect();
        let outcomes = attempts.into_iter().map(|attempt| attempt.join().map_err(|_| anyhow!("an attempt panicked")));
        outcomes.collect()
    })
    .await
}

/// Listens on a port in the network namespace of a process (`/proc/<pid>`), until the listener is dropped.
///
/// # Errors
/// When the process has ended, or the port is in use.
pub async fn listen(process: &Path, port: u16) -> Result<TcpListener> {
    // A socket stays in the namespace in which it was made. The kernel completes connections that the program doesn't accept.
    inside(process, move || Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?)).await
}

/// Runs `work` in the network namespace of a process (`/proc/<pid>`), on a thread of its own.
///
/// # Errors
/// When the process has ended, or `work` fails.
pub async fn inside<T: Send + 'static>(process: &Path, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let namespace = process.join("ns/net");
    // The thread ends with the work: no other work gets into the namespace.
    let thread = thread::spawn(move || {
        enter(&namespace)?;
        work()
    });
    spawn_blocking(|| thread.join()).await?.map_err(|_| anyhow!("the work in a namespace panicked"))?
}

fn enter(namespace: &Path) -> Result<()> {
    let file = File::open(namespace).with_context(|| format!("cannot open {}", namespace.display()))?;
    Ok(move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?)
}

fn attempt(address: SocketAddr) -> Outcome {
    match TcpStream::connect_timeout(&address, PATIENCE).map_err(|error: io::Error| error.kind()) {
        Ok(_) => Outcome::Connected,
        Err(ErrorKind::ConnectionRefused) => Outcome::Refused,
        Err(ErrorKind::TimedOut) => Outcome::TimedOut,
        Err(kind) => Outcome::Failed(kind),
    }
}
