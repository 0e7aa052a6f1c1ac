//! What the platform decides about exposures: which hosts, by which controller, with which certificates.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    exposure::{RateLimit, TlsVersion},
    pod_peer::PodPeer,
};

/// What leads from outside the cluster to apps. Without `allowedHosts` no app is exposed.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.gateway) || !has(self.ingress)").message("give gateway or ingress, not both"),
    validation = Rule::new("!has(self.allowedHosts) || has(self.gateway) || has(self.ingress)").message("say which controller serves the hosts: gateway or ingress"),
    validation = Rule::new("!(has(self.gateway) || has(self.ingress)) || has(self.controllers) || has(self.controllerCIDRs)").message("name the controller's pods under controllers, or their addresses under controllerCIDRs: only these may connect to exposed components")
)]
pub struct ExposurePolicy {
    /// Hosts that apps may have. `*` stands for one label, `{namespace}` for the name of the app's namespace:
    /// `*.{namespace}.apps.example.com`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 3, max = 253)))]
    #[x_kube(validation = Rule::new("self.all(host, host.matches('^([*]|([a-z0-9-]|[{]namespace[}])+)([.]([*]|([a-z0-9-]|[{]namespace[}])+))+$'))")
        .message("write hosts such as shop.example.com or *.{namespace}.apps.example.com: '*' stands for a whole label"))]
    pub allowed_hosts: Vec<String>,
    /// Whether an app may have all names below a domain, as `*.example.com`, where `allowedHosts` has `*` in this place.
    #[serde(default)]
    pub allow_wildcards: bool,
    /// The Gateway to which routes are attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayParent>,
    /// The ingress controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressController>,
    /// What the controller enforces for every host, besides what the operator configures by host. The operator takes your word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforces: Option<Enforced>,
    /// Issuers of cert-manager that apps may name; the first one is the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub issuers: Vec<CertificateIssuer>,
    /// Lowest version of TLS that an app may accept, and the default; 1.2 if not given.
    #[serde(default, rename = "minTLSVersion", skip_serializing_if = "Option::is_none")]
    pub min_tls_version: Option<TlsVersion>,
    /// Fewest days of `Strict-Transport-Security` that an app may ask for; 180 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 180, max = 730))]
    pub min_hsts_days: Option<i32>,
    /// Whether a `Content-Security-Policy` may have `'unsafe-inline'` for scripts, and not for styles only.
    #[serde(default)]
    pub allow_unsafe_inline: bool,
    /// The controller's pods: those that open connections to the components, and the only ones that may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub controllers: Vec<PodPeer>,
    /// Addresses from which the controller connects, where it runs on the network of a node or outside the cluster.
    #[serde(default, rename = "controllerCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 3, max = 49)))]
    #[x_kube(validation = Rule::new("self.all(range, isCIDR(range))").message("write address ranges such as 192.0.2.0/28"))]
    pub controller_cidrs: Vec<String>,
}

/// A Gateway of the Gateway API.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct GatewayParent {
    /// Name of the Gateway.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace.
    #[schemars(length(min = 1, max = 63))]
    pub namespace: String,
    /// Name of its listener for HTTP, on which requests are redirected; `http` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub http_listener: Option<String>,
    /// Name of its listener for HTTPS; `https` if not given. Without a meaning where apps bring their own listeners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub https_listener: Option<String>,
    /// Whose the listeners for HTTPS are. `Platform`: the Gateway's own, with the platform's certificates. `App`: each host has one with its
    /// own certificate, in a `ListenerSet`; the Gateway must allow that under `allowedListeners`.
    #[serde(default)]
    pub listeners: Listeners,
}

/// Whose the listeners for HTTPS are. `Platform`: the Gateway's own, with the platform's certificates. `App`: each host has one with its own
/// certificate, in a `ListenerSet`; the Gateway must allow that under `allowedListeners`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listeners {
    /// The Gateway's own.
    #[default]
    Platform,
    /// Each host has its own.
    App,
}

/// An ingress controller.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct IngressController {
    /// Name of the IngressClass.
    #[schemars(length(min = 1, max = 253))]
    pub class_name: String,
    /// What the operator configures the controller with.
    #[serde(default)]
    pub profile: IngressProfile,
}

/// What the operator configures an ingress controller with. `Ingress`: plain Ingresses with TLS, which every controller serves; all else is
/// what `enforces` says. `Contour`: `HTTPProxy`. `Traefik`: Ingresses, `Middleware` and `TLSOption`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IngressProfile {
    /// Plain Ingresses with TLS.
    #[default]
    Ingress,
    /// Objects of Contour.
    Contour,
    /// Ingresses and objects of Traefik.
    Traefik,
}

/// What a controller enforces for every host.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Enforced {
    /// Lowest version of TLS that it accepts.
    #[serde(default, rename = "minTLSVersion", skip_serializing_if = "Option::is_none")]
    pub min_tls_version: Option<TlsVersion>,
    /// Whether it redirects HTTP to HTTPS.
    #[serde(default)]
    pub redirect: bool,
    /// Whether it sets the security headers, with the values that apps have if they give none.
    #[serde(default)]
    pub headers: bool,
    /// How many requests it accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// The longest body of a request that it accepts, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 1Mi"))]
    pub max_body_size: Option<String>,
}

/// An issuer of cert-manager.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateIssuer {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of an issuer: lower-case letters, digits, '-' and '.'"))]
    pub name: String,
    /// Whether it is one of the cluster or of the app's namespace.
    #[serde(default)]
    pub kind: IssuerKind,
}

/// Where an issuer is. `ClusterIssuer`: one for the cluster. `Issuer`: one in the app's namespace.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssuerKind {
    /// One for the cluster.
    #[default]
    ClusterIssuer,
    /// One in the app's namespace.
    Issuer,
}
