//! Kubeconfig files, written as JSON, which is valid YAML.

use std::path::Path;

use anyhow::{Context, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::pki::{Identity, Pki};

/// How a client authenticates.
pub(crate) enum Credentials {
    Certificate(Identity),
    Token(String),
}

/// Writes a kubeconfig for the API server at `url`.
pub(crate) fn write(file: &Path, url: &str, pki: &Pki, credentials: &Credentials) -> Result<()> {
    let user: Value = match credentials {
        Credentials::Certificate(Identity { certificate, key }) => {
            json!({ "client-certificate": certificate, "client-key": key })
        }
        Credentials::Token(token) => json!({ "token": token }),
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "e2e",
            "cluster": { "server": url, "certificate-authority": pki.authority() },
        }],
        "users": [{ "name": "e2e", "user": user }],
        "contexts": [{ "name": "e2e", "context": { "cluster": "e2e", "user": "e2e" } }],
        "current-context": "e2e",
    });
    std::fs::write(file, serde_json::to_vec_pretty(&config)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The API server URL in a kubeconfig that [`write()`] wrote.
pub(crate) fn server(file: &Path) -> Result<String> {
    let server = Kubeconfig::read_from(file)?.clusters.into_iter().find_map(|named| named.cluster?.server);
    server.with_context(|| format!("{} contains no server", file.display()))
}

/// A client for a kubeconfig.
///
/// # Errors
/// When the file cannot be used.
pub async fn client(file: &Path) -> Result<kube::Client> {
    let config = Kubeconfig::read_from(file)?;
    let config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    Ok(config.try_into()?)
}
