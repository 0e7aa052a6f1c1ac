//! Whether a database answers at one of its hosts, within a time.

use std::io::ErrorKind;

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, sleep, timeout_at},
};

use super::{answer, limits::Limits};
use crate::{
    api::Engine,
    preflight::{DatabaseCheck, Problem},
};

/// Why the database can't be used. `None` as soon as one of its hosts answers.
pub(super) async fn problem(check: &DatabaseCheck, limits: Limits) -> Option<Problem> {
    let end = Instant::now() + limits.total;
    let hosts = check.hosts.iter().map(|host| host_problem(host, check.port, check.engine, end, limits));
    first_without(hosts, Problem::NoAddress).await
}

/// Tries again while there is time for a whole attempt: one that is cut short would say less than those before. Of all attempts, the
/// furthest is told.
async fn host_problem(host: &str, port: u16, engine: Engine, end: Instant, limits: Limits) -> Option<Problem> {
    let mut problem = Problem::NoAddress;
    loop {
        let until = Instant::now() + limits.attempt;
        problem = problem.max(attempt(host, port, engine, until).await?);
        if Instant::now() + limits.pause + limits.attempt > end {
            return Some(problem);
        }
        sleep(limits.pause).await;
    }
}

/// At once at all addresses of a host: one of two address families may lead nowhere.
async fn attempt(host: &str, port: u16, engine: Engine, until: Instant) -> Option<Problem> {
    let Ok(Ok(addresses)) = timeout_at(until, lookup_host((host, port))).await else { return Some(Problem::NoAddress) };
    let connected = addresses.map(async |address| match timeout_at(until, TcpStream::connect(address)).await {
        Ok(Ok(mut stream)) => answer::problem(&mut stream, host, engine, until).await,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Some(Problem::Refused),
        Ok(Err(_)) | Err(_) => Some(Problem::NoAnswer(port)),
    });
    first_without(connected, Problem::NoAddress).await
}

/// `None` as soon as one has no problem, else the furthest of all.
async fn first_without(
    attempts: impl Iterator<Item = impl Future<Output = Option<Problem>>>,
    mut furthest: Problem,
) -> Option<Problem> {
    let mut attempts: FuturesUnordered<_> = attempts.collect();
    while let Some(problem) = attempts.next().await {
        furthest = furthest.max(problem?);
    }
    Some(furthest)
}
