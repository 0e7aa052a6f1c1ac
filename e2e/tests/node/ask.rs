//! Sends requests to the guest, the program in the containers of the tests.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(10);

/// The body of the response: the result, or the text of an error.
pub(crate) async fn ask(address: &str, request: &str) -> Result<String> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(format!("GET {request} HTTP/1.1\r\nHost: guest\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = timeout(LIMIT, exchange).await.with_context(|| format!("{address} doesn't respond"))?;
    let answer = answer.with_context(|| format!("cannot get {request} from {address}"))?;
    let (head, text) = answer.split_once("\r\n\r\n").with_context(|| format!("not an HTTP response: {answer}"))?;
    ensure!(head.starts_with("HTTP/1.1 "), "not an HTTP response: {answer}");
    Ok(text.to_owned())
}

/// The address of a port of a pod.
pub(crate) fn address(pod: &Pod, port: u16) -> Result<String> {
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.as_deref());
    Ok(format!("{}:{port}", address.context("the pod has no address")?))
}
