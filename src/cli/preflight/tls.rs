//! Whether a server speaks TLS: one that speaks nothing else closes a connection that doesn't begin with it.

use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::exchange::answer;

/// Types of the first record that a server sends (RFC 8446, 5.1): an alert, or its part of the handshake.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Whether the server behind a connection answers the beginning of a handshake, on a new connection. The handshake ends there, so that no
/// certificate is needed.
pub(super) async fn is_spoken(stream: &TcpStream, host: &str, until: Instant) -> bool {
    let Ok(address) = stream.peer_addr() else { return false };
    let Some(hello) = client_hello(host) else { return false };
    let Ok(Ok(mut stream)) = timeout_at(until, TcpStream::connect(address)).await else { return false };
    let reply = answer(&mut stream, &hello, |reply| reply.len() >= 2, until).await;
    // After the type comes the major version, always 3.
    matches!(reply.as_slice(), [ALERT | HANDSHAKE, 3, ..])
}

fn client_hello(host: &str) -> Option<Vec<u8>> {
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut hello = Vec::new();
    ClientConnection::new(Arc::new(config), name).ok()?.write_tls(&mut hello).ok()?;
    Some(hello)
}
