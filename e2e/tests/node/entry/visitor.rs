//! A client outside of the cluster, which knows an app by its host name.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::node::contour;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{
    ALL_VERSIONS, CipherSuite, ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};

const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What client and server have agreed on.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) cipher: Option<CipherSuite>,
    /// The server's certificate, which the client has verified.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

/// Gets a path of a host by HTTP.
pub(crate) async fn get(host: &str, path: &str) -> Result<Response> {
    let exchange = async { send(TcpStream::connect((contour::ADDRESS, 80)).await?, host, path).await };
    timeout(LIMIT, exchange).await.with_context(|| format!("http://{host}{path} doesn't respond"))?
}

/// Gets hosts by HTTPS.
pub(crate) struct Visitor(TlsConnector);

impl Visitor {
    /// Trusts these authorities alone, and offers every version of TLS that rustls has: 1.2 and 1.3.
    pub(crate) fn trusting(roots: RootCertStore) -> Result<Self> {
        Self::offering(ALL_VERSIONS, roots)
    }

    pub(crate) fn offering(versions: &[&'static SupportedProtocolVersion], roots: RootCertStore) -> Result<Self> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let configuration = builder.with_protocol_versions(versions)?.with_root_certificates(roots);
        Ok(Self(TlsConnector::from(Arc::new(configuration.with_no_client_auth()))))
    }

    /// Gets a path of a host.
    pub(crate) async fn get(&self, host: &str, path: &str) -> Result<(Response, Session)> {
        let exchange = async {
            let stream = TcpStream::connect((contour::ADDRESS, 443)).await?;
            let stream = self.0.connect(ServerName::try_from(host.to_owned())?, stream).await?;
            let (_, connection) = stream.get_ref();
            let session = Session {
                version: connection.protocol_version(),
                cipher: connection.negotiated_cipher_suite().map(|suite| suite.suite()),
                certificate: connection
                    .peer_certificates()
                    .and_then(<[_]>::first)
                    .map(|first| first.clone().into_owned()),
            };
            Ok((send(stream, host, path).await?, session))
        };
        timeout(LIMIT, exchange).await.with_context(|| format!("https://{host}{path} doesn't respond"))?
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    host: &str,
    path: &str,
) -> Result<Response> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender.
    tokio::spawn(connection);
    let request = Request::get(path).header("Host", host).body(Empty::<Bytes>::new())?;
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = String::from_utf8(body.collect().await?.to_bytes().into())?;
    Ok(Response { status: head.status, headers: head.headers, body })
}
