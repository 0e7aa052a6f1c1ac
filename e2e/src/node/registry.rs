//! A registry from which the node pulls its images: so the pull policy `Always` takes effect, and containerd verifies
//! digests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::fs;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::image;

/// The name of the registry of the operator's image. containerd's configuration maps all registry names to this one.
pub const REGISTRY: &str = "registry.example.org";

/// The address in containerd's configuration.
const ADDRESS: &str = "127.0.0.1:5000";

/// Serves until the task is aborted.
pub(super) async fn start() -> Result<JoinHandle<()>> {
    let listener = TcpListener::bind(ADDRESS).await.context("cannot start the registry")?;
    Ok(tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // If the connection breaks, containerd retries.
            tokio::spawn(async move { answer(connection).await.ok() });
        }
    }))
}

/// Serves one request per connection.
async fn answer(mut connection: TcpStream) -> Result<()> {
    let mut head = String::new();
    let mut input = BufReader::new(&mut connection);
    while !head.ends_with("\r\n\r\n") && input.read_line(&mut head).await? > 0 {}
    let mut words = head.split(' ');
    let (method, target) = words.next().zip(words.next()).context("not a request")?;
    // containerd appends the name of the registry as a query.
    let path = target.split('?').next().unwrap_or(target);
    let found = match find(path) {
        Some((digest, file)) => fs::read(file).await.ok().map(|content| (digest, content)),
        None => None,
    };
    let Some((digest, content)) = found else {
        connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
        return Ok(());
    };
    let kind = if path.contains("/manifests/") { image::MANIFEST_TYPE } else { "application/octet-stream" };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nDocker-Content-Digest: {digest}\r\n\
         Connection: close\r\n\r\n",
        content.len()
    );
    connection.write_all(head.as_bytes()).await?;
    if method == "GET" {
        connection.write_all(&content).await?;
    }
    Ok(connection.shutdown().await?)
}

/// The digest and the file for a path. Manifests are requested by tag or by digest.
fn find(path: &str) -> Option<(String, PathBuf)> {
    let path = path.strip_prefix("/v2/")?;
    let digest = if let Some((_, digest)) = path.rsplit_once("/blobs/") {
        digest.to_owned()
    } else {
        let (name, reference) = path.rsplit_once("/manifests/")?;
        if reference.contains(':') {
            reference.to_owned()
        } else {
            image::digest(&format!("{name}:{reference}")).ok()?
        }
    };
    // Only the last component of the path, so that no request reads outside of the folder.
    let file = image::blob(Path::new(&digest).file_name()?.to_str()?);
    Some((digest, file))
}
