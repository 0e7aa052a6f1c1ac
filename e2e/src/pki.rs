//! The keys and certificates of one control plane, made anew at every start.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The names under which clients inside and outside of a cluster know the API server.
const API_SERVER_NAMES: [&str; 8] = [
    "127.0.0.1",
    "10.0.0.1",
    // The address of the node, where there is one.
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

/// Where the keys and certificates are.
pub(crate) struct Pki {
    dir: PathBuf,
}

impl Pki {
    /// The files below the folder of a control plane; nothing is read or written.
    pub(crate) fn at(control_plane: &Path) -> Self {
        Self { dir: control_plane.join("pki") }
    }

    /// Makes one authority and everything it signs, and writes the files.
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
        // Kubernetes' own roles know its programs by these names; the last three are those of a node.
        let manager = params("system:kube-controller-manager", None, &[])?;
        pki.sign(&authority, "controller-manager", manager)?;
        pki.sign(&authority, "kube-scheduler", params("system:kube-scheduler", None, &[])?)?;
        pki.sign(&authority, "kube-proxy", params("system:kube-proxy", None, &[])?)?;
        pki.sign(&authority, "kubelet", params("system:node:node", Some("system:nodes"), &[])?)?;
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

    /// Verifies them.
    pub(crate) fn token_public_key(&self) -> PathBuf {
        self.dir.join("service-accounts.pub")
    }

    /// One of `apiserver`, `admin`, `controller-manager`, `kube-scheduler`, `kube-proxy`, `kubelet`.
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

/// In Kubernetes' reading of a client certificate the common name is the user, the organisation a group.
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
