//! Requests to the HTTP server of an operator.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The operator's log message when its HTTP server listens; the entry has the address.
const LISTENING: &str = "listening";

/// Sends a GET request to the operator with this log.
pub(super) async fn of(log: &Path, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address(log)?).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: operator\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, text) = answer.split_once("\r\n\r\n").with_context(|| format!("not an HTTP response: {answer}"))?;
    let code = head.split(' ').nth(1).with_context(|| format!("an HTTP response without a status code: {head}"))?;
    Ok((code.parse()?, text.to_owned()))
}

/// The address of an operator's HTTP server. It is read from the log, which every test process can access.
fn address(log: &Path) -> Result<SocketAddr> {
    let log = std::fs::read_to_string(log).context("the operator has not been started")?;
    for line in log.lines().filter(|line| line.contains(LISTENING)) {
        let line: Value = serde_json::from_str(line)?;
        if let Some(address) = line.get("address").and_then(Value::as_str) {
            return Ok(address.parse()?);
        }
    }
    bail!("the operator's log names no listening address")
}
