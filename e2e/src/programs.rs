//! The programs of a control plane and their flags.

use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::parts::Parts;
use crate::pki::Pki;

/// The environment variable with the folder of the programs; controller-runtime's envtest uses the same name.
const ASSETS_ENV: &str = "KUBEBUILDER_ASSETS";

/// The environment variable with the path of Helm, which `make helm` builds: it is not part of a control plane.
const HELM_ENV: &str = "HELM";

/// The environment variable with the path of the judge of the tests of reachability, which `make oracle` builds.
const ORACLE_ENV: &str = "ORACLE";

/// A program and its arguments.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Environment variables in addition to those of this process.
    pub(crate) environment: Vec<(&'static str, PathBuf)>,
}

/// The port of the API server in the namespaces of a node, in which nothing else listens: that of a real cluster, because
/// NetworkPolicies name it.
const NODE_PORT: u16 = 6443;

/// The listening addresses of one control plane. The ports were free when they were chosen.
pub(crate) struct Ports {
    address: IpAddr,
    etcd: u16,
    etcd_peer: u16,
    api_server: u16,
}

impl Ports {
    pub(crate) fn choose(address: IpAddr) -> Result<Self> {
        let listen = || TcpListener::bind("127.0.0.1:0");
        // All listeners are open at the same time, so that the ports differ.
        let (etcd, etcd_peer, api_server) = (listen()?, listen()?, listen()?);
        Ok(Self {
            address,
            etcd: etcd.local_addr()?.port(),
            etcd_peer: etcd_peer.local_addr()?.port(),
            api_server: if address.is_loopback() { api_server.local_addr()?.port() } else { NODE_PORT },
        })
    }

    pub(crate) fn api_server_url(&self) -> String {
        format!("https://{}:{}", self.address, self.api_server)
    }
}

/// Finds a program of the control plane.
pub(crate) fn find(name: &str) -> Result<PathBuf> {
    find_in(ASSETS_ENV, "control-plane", name)
}

/// Finds a program in the folder that an environment variable names and a Makefile target builds.
pub(crate) fn find_in(variable: &str, target: &str, name: &str) -> Result<PathBuf> {
    let assets = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set; it names the folder that `make {target}` builds"))?;
    let path = Path::new(&assets).join(name);
    if !path.is_file() {
        bail!("{} is missing; `make {target}` builds it", path.display());
    }
    Ok(path)
}

/// Finds Helm.
pub(crate) fn helm() -> Result<PathBuf> {
    named(HELM_ENV, "helm")
}

/// Finds the judge of the tests of reachability.
///
/// # Errors
/// When the environment does not name it.
pub fn oracle() -> Result<PathBuf> {
    named(ORACLE_ENV, "oracle")
}

/// The program that an environment variable names and a Makefile target builds.
fn named(variable: &str, target: &str) -> Result<PathBuf> {
    let program = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set; it names the program that `make {target}` builds"))?;
    Ok(program.into())
}

/// Finds a program that was built together with this one. Cargo puts binaries in `target/<profile>` and tests in its
/// subfolder `deps`.
pub(crate) fn beside_this_one(name: &str) -> Result<PathBuf> {
    let current = std::env::current_exe()?;
    let mut places = current.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    places.find(|path| path.is_file()).with_context(|| {
        format!("no {name} in the folder of {}; `cargo build --workspace` builds it", current.display())
    })
}

pub(crate) fn etcd(dir: &Path, ports: &Ports) -> Result<Program> {
    let data = dir.join("etcd");
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    program(
        "etcd",
        [
            format!("--data-dir={}", data.display()),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--log-level=warn".into(),
            // The data need not survive a power failure, and syncing is most of the cost of a write.
            "--unsafe-no-fsync".into(),
        ],
    )
}

pub(crate) fn api_server(dir: &Path, ports: &Ports, pki: &Pki, with: Parts) -> Result<Program> {
    let serving = pki.identity("apiserver");
    program(
        "kube-apiserver",
        [
            format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
            format!("--bind-address={}", ports.address),
            format!("--secure-port={}", ports.api_server),
            format!("--advertise-address={}", advertised(ports.address)),
            "--service-cluster-ip-range=10.0.0.0/16".into(),
            "--authorization-mode=Node,RBAC".into(),
            "--allow-privileged=true".into(),
            format!("--client-ca-file={}", pki.authority().display()),
            format!("--tls-cert-file={}", serving.certificate.display()),
            format!("--tls-private-key-file={}", serving.key.display()),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            format!("--service-account-key-file={}", pki.token_public_key().display()),
            format!("--service-account-signing-key-file={}", pki.token_key().display()),
            format!("--audit-policy-file={}", dir.join("audit-policy.json").display()),
            format!("--audit-log-path={}", audit_log(dir).display()),
            // The API server writes an entry before it completes the response, so a test finds its own requests.
            "--audit-log-mode=blocking".into(),
            // In MB: rotation would hide earlier requests.
            "--audit-log-maxsize=4096".into(),
            format!("--feature-gates=WatchList={}", with != Parts::WithoutStreaming),
        ],
    )
}

/// The endpoint of Service `kubernetes` must not be a loopback address. Without a node no client uses it.
fn advertised(address: IpAddr) -> IpAddr {
    if address.is_loopback() { IpAddr::from([10, 255, 255, 1]) } else { address }
}

pub(crate) fn controller_manager(kubeconfig: &Path, pki: &Pki) -> Result<Program> {
    program(
        "kube-controller-manager",
        [
            format!("--kubeconfig={}", kubeconfig.display()),
            "--leader-elect=false".into(),
            "--secure-port=0".into(),
            "--use-service-account-credentials=true".into(),
            format!("--service-account-private-key-file={}", pki.token_key().display()),
            format!("--root-ca-file={}", pki.authority().display()),
            // Of which each node gets a part for its pods.
            "--allocate-node-cidrs=true".into(),
            "--cluster-cidr=10.244.0.0/16".into(),
            // All tests share this controller manager; the default of 20 requests a second would slow them down.
            "--kube-api-qps=300".into(),
            "--kube-api-burst=600".into(),
        ],
    )
}

/// The audit log of the control plane in `dir`.
pub(crate) fn audit_log(dir: &Path) -> PathBuf {
    dir.join("audit.log")
}

fn program<const N: usize>(name: &'static str, arguments: [String; N]) -> Result<Program> {
    Ok(Program { name, path: find(name)?, arguments: arguments.into(), environment: Vec::new() })
}
