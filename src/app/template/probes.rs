//! Health checks: the user's, and TCP probes where there are none.

use serde::{Deserialize, Serialize};

use super::{ports::Port, text};
use crate::{
    api::{self, Protocol},
    app::review::Review,
};

/// The three checks of a component; all `None` only where there is nothing to check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Probes {
    /// Whether the pod may get traffic.
    pub readiness: Option<Probe>,
    /// Whether the process must be restarted.
    pub liveness: Option<Probe>,
    /// Delays the other two until the process has started.
    pub startup: Option<Probe>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// What it checks.
    pub handler: ProbeHandler,
    /// Seconds between two checks.
    pub period: i32,
    /// Seconds after which a check has failed.
    pub timeout: i32,
    /// Failed checks in a row that count.
    pub failures: i32,
}

/// What a check does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProbeHandler {
    /// GET of a path on a named port.
    Http {
        /// Path of the request.
        path: String,
        /// Name of the port.
        port: String,
    },
    /// A connection to a named port.
    Tcp {
        /// Name of the port.
        port: String,
    },
    /// A call of the gRPC health protocol.
    Grpc {
        /// Number of the port: this handler takes no names.
        port: u16,
        /// Service to ask about, if not the whole server.
        service: Option<String>,
    },
    /// A command in the container.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
    },
}

/// Seconds between checks, and failures in a row that count, if the user gives none.
const STEADY: (i32, i32) = (10, 3);
/// The same for startup. A process has five minutes to start, and its start is noticed within five seconds.
const STARTUP: (i32, i32) = (5, 60);

pub(super) fn accept(spec: Option<&api::Probes>, ports: &[Port], path: &str, review: &mut Review) -> Probes {
    let mut probe = |name: &str, given: Option<&api::Probe>, defaults: (i32, i32)| match given {
        Some(given) => accept_one(given, ports, defaults, &format!("{path}.probes.{name}"), review),
        None => first_tcp(ports).map(|handler| with_timing(handler, None, defaults)),
    };
    Probes {
        readiness: probe("readiness", spec.and_then(|spec| spec.readiness.as_ref()), STEADY),
        liveness: probe("liveness", spec.and_then(|spec| spec.liveness.as_ref()), STEADY),
        startup: probe("startup", spec.and_then(|spec| spec.startup.as_ref()), STARTUP),
    }
}

fn accept_one(
    given: &api::Probe,
    ports: &[Port],
    defaults: (i32, i32),
    path: &str,
    review: &mut Review,
) -> Option<Probe> {
    let given_at = |field: &str| format!("{path}.{field}");
    let handlers = [
        given.http.as_ref().and_then(|http| {
            if !http.path.starts_with('/') {
                review.reject(given_at("http.path"), "the path is not absolute", "start it with '/'");
            }
            text::accept(&http.path, &given_at("http.path"), review);
            let port = tcp_port(&http.port, ports, path, review)?;
            Some(ProbeHandler::Http { path: http.path.clone(), port: port.name.clone() })
        }),
        given.tcp.as_ref().and_then(|tcp| {
            let port = tcp_port(&tcp.port, ports, path, review)?;
            Some(ProbeHandler::Tcp { port: port.name.clone() })
        }),
        given.grpc.as_ref().and_then(|grpc| {
            text::accept(grpc.service.as_deref().unwrap_or_default(), &given_at("grpc.service"), review);
            let port = tcp_port(&grpc.port, ports, path, review)?;
            Some(ProbeHandler::Grpc { port: port.number, service: grpc.service.clone() })
        }),
        given.exec.as_ref().map(|exec| {
            if exec.command.is_empty() {
                review.reject(given_at("exec.command"), "no program is named", "give program and arguments");
            }
            for (index, argument) in exec.command.iter().enumerate() {
                text::accept(argument, &given_at(&format!("exec.command[{index}]")), review);
            }
            ProbeHandler::Exec { command: exec.command.clone() }
        }),
    ];
    let given_handlers = [given.http.is_some(), given.tcp.is_some(), given.grpc.is_some(), given.exec.is_some()];
    if given_handlers.into_iter().filter(|given| *given).count() != 1 {
        review.reject(path, "http, tcp, grpc and exec exclude each other", "give exactly one of them");
    }
    let handler = handlers.into_iter().flatten().next()?;
    Some(with_timing(handler, Some(given), defaults))
}

fn tcp_port<'a>(name: &str, ports: &'a [Port], path: &str, review: &mut Review) -> Option<&'a Port> {
    let port = ports.iter().find(|declared| declared.name == name && declared.protocol == Protocol::Tcp);
    if port.is_none() {
        review.reject(path, format!("'{name}' is not a TCP port of the component"), "name a port declared under ports");
    }
    port
}

fn first_tcp(ports: &[Port]) -> Option<ProbeHandler> {
    ports.iter().find(|port| port.protocol == Protocol::Tcp).map(|port| ProbeHandler::Tcp { port: port.name.clone() })
}

fn with_timing(handler: ProbeHandler, given: Option<&api::Probe>, (period, failures): (i32, i32)) -> Probe {
    Probe {
        handler,
        period: given.and_then(|given| given.period_seconds).unwrap_or(period),
        timeout: given.and_then(|given| given.timeout_seconds).unwrap_or(1),
        failures: given.and_then(|given| given.failure_threshold).unwrap_or(failures),
    }
}
