//! Why a database can't be used.

use std::fmt;

use crate::api::Engine;

/// Why a database can't be used. A later variant is known from further on: of several hosts, the latest is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// No host name has an address.
    NoAddress,
    /// No connection to this port within the time.
    NoAnswer(u16),
    /// Nothing accepts connections there, or it accepts none from this pod.
    Refused,
    /// The answer isn't one of this engine.
    Foreign(Engine),
    /// It reads its data, and doesn't serve clients yet.
    Loading,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("no address for its host"),
            Self::NoAnswer(port) => write!(f, "no answer on port {port}"),
            Self::Refused => f.write_str("refused the connection"),
            Self::Foreign(engine) => write!(f, "answers, but not as {} does", product(*engine)),
            Self::Loading => f.write_str("is still loading its data"),
        }
    }
}

const fn product(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "PostgreSQL",
        Engine::Mysql => "MySQL",
        Engine::Redis => "Redis",
        Engine::Mongodb => "MongoDB",
        Engine::Other => "a database",
    }
}
