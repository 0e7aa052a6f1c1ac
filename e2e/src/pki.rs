//! The keys and certificates of one control plane, generated at every start.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The host names and addresses by which clients inside and outside of a cluster reach the API server.
const API_SERVER_NAMES: [&str; 8] = [
    "127.0.0.1",
    "10.0.0.1",
    // The address of the node, if there is one.
    "10.200.0.1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// A certificate file and the file of its private key.
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The folder of the keys and certificates.
pub(crate) struct Pki {
    dir: PathBuf,
}

impl Pki {
    /// The files in the folder of a control plane. This does not access them.
    pub(crate) fn at(control_plane: &Path) -> Self {
        Self { dir: control_plane.join("pki") }
    }

    /// Generates one certificate authority and all certificates it signs, and writes the files.
    pub(crate) fn create(control_plane: &Path) -> Result<Self> {
        let pki = Self::at(control_plane);
        std::fs::create_dir_all(&pki.dir)?;

        let mut authority = params("hardened-app e2e", None, &[])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        pki.write("ca.crt", &authority.self_signed(&key)?.pem())?;
        let authority = Issuer::new(authority, key);

        pki.sign(&authority, "apiserver", params("kube-apiserver", None, &API_SERVER_NAMES)?)?;
        pki.sign(&authority, "admin", params("admin", Some("system:masters"), &[])?)?;
        // The API server's default role bindings use these user names; the following three belong to the node.
        let manager = params("system:kube-controller-manager", None, &[])?;
        pki.sign(&authority, "controller-manager", manager)?;
        pki.sign(&authority, "kube-scheduler", params("system:kube-scheduler", None, &[])?)?;
        pki.sign(&authority, "kube-proxy", params("system:kube-proxy", None, &[])?)?;
        pki.sign(&authority, "kubelet", params("system:node:node", Some("system:nodes"), &[])?)?;
        // Also of the node. No test judges its rights, so it needs no roles of its own.
        pki.sign(&authority, "cilium", params("cilium", Some("system:masters"), &[])?)?;
        let key = KeyPair::generate()?;
        pki.write("service-accounts.key", &key.serialize_pem())?;
        pki.write("service-accounts.pub", &key.public_key_pem())?;
        Ok(pki)
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// Signs the tokens of `ServiceAccounts`.
    pub(crate) fn token_key(&self) -> PathBuf {
        self.dir.join("service-accounts.key")
    }

    /// Verifies the tokens of `ServiceAccounts`.
    pub(crate) fn token_public_key(&self) -> PathBuf {
        self.dir.join("service-accounts.pub")
    }

    /// One of `apiserver`, `admin`, `controller-manager`, `kube-scheduler`, `kube-proxy`, `kubelet`, `cilium`.
    pub(crate) fn identity(&self, name: &str) -> Identity {
        Identity { certificate: self.dir.join(format!("{name}.crt")), key: self.dir.join(format!("{name}.key")) }
    }

    fn sign(&self, authority: &Issuer<'_, KeyPair>, file: &str, mut params: CertificateParams) -> Result<()> {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        self.write(&format!("{file}.crt"), &params.signed_by(&key, authority)?.pem())?;
        self.write(&format!("{file}.key"), &key.serialize_pem())
    }

    fn write(&self, file: &str, pem: &str) -> Result<()> {
        std::fs::write(self.dir.join(file), pem).with_context(|| format!("cannot write {file}"))
    }
}

/// For Kubernetes, the common name of a client certificate is the user and the organisation is the group.
fn params(user: &str, group: Option<&str>, names: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, user);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    Ok(params)
}
