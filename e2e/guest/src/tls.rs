//! HTTPS with a certificate from a folder, as a Secret of type `kubernetes.io/tls` has it.

use std::env;
use std::io::{BufReader, Error, Result};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::ask;

pub(crate) type Config = Arc<ServerConfig>;

/// The configuration, if the arguments name a folder.
pub(crate) fn configured() -> Result<Option<Config>> {
    let Some(folder) = env::args().skip_while(|argument| argument != "--tls").nth(1).map(PathBuf::from) else {
        return Ok(None);
    };
    let certificates = CertificateDer::pem_file_iter(folder.join("tls.crt")).map_err(Error::other)?;
    let certificates = certificates.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::other)?;
    let key = PrivateKeyDer::from_pem_file(folder.join("tls.key")).map_err(Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(Error::other)?.with_no_client_auth();
    Ok(Some(Arc::new(versions.with_single_cert(certificates, key).map_err(Error::other)?)))
}

pub(crate) fn answer(connection: TcpStream, config: Config) -> Result<()> {
    let session = ServerConnection::new(config).map_err(Error::other)?;
    let mut input = BufReader::new(StreamOwned::new(session, connection));
    let request = ask::head(&mut input)?;
    ask::respond(&request, input.get_mut())
}
