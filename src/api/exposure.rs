//! A host under which an app is reachable from outside the cluster, by HTTPS only.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::response_headers::ResponseHeaders;

/// A host under which components are reachable from outside the cluster: by HTTPS, and by HTTP only to be redirected. What the platform's
/// controller can't enforce of it isn't exposed, and the condition `Exposed` names it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Name of the host, in lower case: `shop.example.com`. The policy must allow it, and one app of the cluster has it at a time. `*.` in
    /// front, where the policy allows it, means all names with one more label.
    #[schemars(length(min = 3, max = 200))]
    #[x_kube(validation = Rule::new(r"self.matches('^([*][.])?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("use the name of a host, such as shop.example.com: lower-case letters, digits, '-' and '.', with a domain, and without scheme, port and a final dot"))]
    pub host: String,
    /// Which component serves which paths.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".to_string()]))]
    pub routes: Vec<ExposureRoute>,
    /// Where the certificate comes from, where the app brings its own; the first issuer of the policy if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ExposureTls>,
    /// Security headers of all responses. Those that aren't given have strict values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<ResponseHeaders>,
    /// Lowest version of TLS that is accepted; that of the policy if not given, and never a lower one.
    #[serde(default, rename = "minTLSVersion", skip_serializing_if = "Option::is_none")]
    pub min_tls_version: Option<TlsVersion>,
    /// How many requests are accepted; more are answered with status 429.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Longest body of a request, in bytes: `1Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 1Mi"))]
    pub max_body_size: Option<String>,
    /// Addresses from which requests are accepted; all if empty.
    #[serde(default, rename = "allowCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 3, max = 49)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new("self.all(range, isCIDR(range))").message("write address ranges such as 203.0.113.0/24")
    )]
    pub allow_cidrs: Vec<String>,
    /// The components serve HTTPS themselves: the controller encrypts towards them, and verifies their certificate.
    #[serde(default, rename = "backendTLS", skip_serializing_if = "Option::is_none")]
    pub backend_tls: Option<BackendTls>,
}

/// Which component serves the requests for a path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct ExposureRoute {
    /// Requests for this path and for all below it. The longest of the paths that match decides.
    #[serde(default = "root")]
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = Rule::new("self.matches('^(/|(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)$')")
        .message("write a path such as /api: letters, digits, '-', '_', '.' and '~' between slashes, no slash at the end, and no name that begins with '.'"))]
    pub path: String,
    /// Name of the component.
    #[schemars(length(min = 1, max = 20))]
    pub component: String,
    /// Name of its port, which is one of TCP; its first one if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 15))]
    pub port: Option<String>,
}

fn root() -> String {
    "/".to_owned()
}

/// Where a certificate comes from.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.issuer) != has(self.secretName)").message("give issuer or secretName, one of the two"))]
pub struct ExposureTls {
    /// Name of an issuer that the policy lists: cert-manager has it issue the certificate and renews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub issuer: Option<String>,
    /// Name of a Secret of this namespace that has the certificate and its key: `<app>-tls`, or a name that begins with `<app>-tls-`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a Secret: lower-case letters, digits, '-' and '.'"))]
    pub secret_name: Option<String>,
}

/// A version of TLS. `1.2` or `1.3`: older ones are never accepted.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V13,
}

/// How many requests are accepted.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Requests per second, on average. Whether they are counted by client or for all of them together depends on the controller.
    #[schemars(range(min = 1, max = 100_000))]
    pub requests_per_second: i32,
    /// Requests that may arrive at once beyond that; none if not given.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000))]
    pub burst: i32,
}

/// How the controller verifies the certificates of components. Which of the two places it can read depends on the controller.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.caConfigMap) != has(self.caSecret)").message("give caConfigMap or caSecret, one of the two"))]
pub struct BackendTls {
    /// The name that the certificates must have.
    #[schemars(length(min = 1, max = 200))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a host"))]
    pub hostname: String,
    /// ConfigMap of this namespace that has the certificate of the authority under `ca.crt`: for the Gateway API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a ConfigMap: lower-case letters, digits, '-' and '.'"))]
    pub ca_config_map: Option<String>,
    /// Secret of this namespace that has it under `ca.crt`: for the profile Contour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a Secret: lower-case letters, digits, '-' and '.'"))]
    pub ca_secret: Option<String>,
}
