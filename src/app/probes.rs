//! Health checks: the user's, and TCP probes where there are none.

use super::{Port, rejection::Rejections};
use crate::api::{self, Protocol};

/// The three checks of a component; all `None` only where there is nothing to check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probes {
    /// Whether the pod may get traffic.
    pub readiness: Option<Probe>,
    /// Whether the process must be restarted.
    pub liveness: Option<Probe>,
    /// Holds the other two back until the process has started.
    pub startup: Option<Probe>,
}

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// What is asked.
    pub handler: ProbeHandler,
    /// Seconds between two checks.
    pub period: i32,
    /// Seconds after which a check has failed.
    pub timeout: i32,
    /// Failed checks in a row that count.
    pub failures: i32,
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq)]
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
}

/// Seconds between checks, and failures in a row that count, if the user says nothing.
const STEADY: (i32, i32) = (10, 3);
/// The same for startup: five minutes in all, with an answer within five seconds of being up.
const STARTUP: (i32, i32) = (5, 60);

pub(super) fn accept(spec: Option<&api::Probes>, ports: &[Port], path: &str, rejections: &mut Rejections) -> Probes {
    let mut probe = |name: &str, given: Option<&api::Probe>, defaults: (i32, i32)| match given {
        Some(given) => accept_one(given, ports, defaults, &format!("{path}.probes.{name}"), rejections),
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
    rejections: &mut Rejections,
) -> Option<Probe> {
    let (handler, port) = match (&given.http, &given.tcp) {
        (Some(http), None) => {
            if !http.path.starts_with('/') {
                rejections.add(format!("{path}.http.path"), "the path is not absolute", "start it with '/'");
            }
            (ProbeHandler::Http { path: http.path.clone(), port: http.port.clone() }, &http.port)
        }
        (None, Some(tcp)) => (ProbeHandler::Tcp { port: tcp.port.clone() }, &tcp.port),
        _ => {
            rejections.add(path, "http and tcp exclude each other", "give exactly one of them");
            return None;
        }
    };
    if !ports.iter().any(|declared| declared.name == *port && declared.protocol == Protocol::Tcp) {
        rejections.add(path, format!("'{port}' is no TCP port of the component"), "name a port declared under ports");
    }
    Some(with_timing(handler, Some(given), defaults))
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
