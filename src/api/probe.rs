//! Health checks of a component.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Health checks of a component.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Probes {
    /// Whether the pod may get traffic. If not given, a TCP connection to the first TCP port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Probe>,
    /// Whether the process must be restarted. If not given, a TCP connection to the first TCP port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness: Option<Probe>,
    /// Delays the other two until the process has started. If not given, a TCP connection to the first TCP port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Probe>,
}

/// One health check: over HTTP, by opening a TCP connection, by the gRPC health protocol, or by running a command.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.http), has(self.tcp), has(self.grpc), has(self.exec)].filter(given, given).size() == 1").message("give exactly one of http, tcp, grpc and exec"))]
pub struct Probe {
    /// A GET request that must answer with a status from 200 to 399.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpProbe>,
    /// A TCP connection that must open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpProbe>,
    /// A call of the gRPC health protocol that must answer SERVING.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcProbe>,
    /// A command in the container that must end with code 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecProbe>,
    /// Seconds between two checks; 10 if not given, 5 for startup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub period_seconds: Option<i32>,
    /// Seconds after which a check without an answer has failed; 1 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub timeout_seconds: Option<i32>,
    /// Failed checks in a row that count as failure; 3 if not given, 60 for startup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600))]
    pub failure_threshold: Option<i32>,
}

/// An HTTP check.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct HttpProbe {
    /// Path of the request.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.startsWith('/')").message("the path starts with '/'"))]
    pub path: String,
    /// Name of one of the component's TCP ports.
    #[schemars(length(min = 1, max = 15))]
    pub port: String,
}

/// A TCP check.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct TcpProbe {
    /// Name of one of the component's TCP ports.
    #[schemars(length(min = 1, max = 15))]
    pub port: String,
}

/// A check by the gRPC health protocol.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct GrpcProbe {
    /// Name of one of the component's TCP ports.
    #[schemars(length(min = 1, max = 15))]
    pub port: String,
    /// Service to ask about; the whole server if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub service: Option<String>,
}

/// A check by a command.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct ExecProbe {
    /// Program and arguments: an argument list, never a shell line.
    #[schemars(length(min = 1, max = 64), inner(length(max = 4096)))]
    pub command: Vec<String>,
}
