//! Ports of NetworkPolicies and of pods.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api;

/// Transport protocol of a connection. An app's ports are TCP or UDP; policies and pods of others may also name SCTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl From<api::Protocol> for Transport {
    fn from(protocol: api::Protocol) -> Self {
        match protocol {
            api::Protocol::Tcp => Self::Tcp,
            api::Protocol::Udp => Self::Udp,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        })
    }
}

/// A port that a container declares under a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamedPort {
    /// Name.
    pub name: String,
    /// Number, 1 to 65535.
    pub number: u16,
    /// Transport protocol.
    #[serde(default)]
    pub transport: Transport,
}

/// Ports that a rule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyPort {
    /// From the first to the last number, both included.
    Numbers {
        /// Transport protocol.
        transport: Transport,
        /// First number.
        first: u16,
        /// Last number, not below the first.
        last: u16,
    },
    /// "This can either be a numerical or named port on a pod" (NetworkPolicy API): each pod that accepts connections gives the name
    /// its own number.
    Named {
        /// Transport protocol.
        transport: Transport,
        /// Name.
        name: String,
    },
}

impl PolicyPort {
    /// All ports of a protocol.
    #[must_use]
    pub const fn all(transport: Transport) -> Self {
        Self::Numbers { transport, first: 1, last: u16::MAX }
    }

    /// Whether it covers a port of an end that declares these named ports.
    #[must_use]
    pub fn covers(&self, number: u16, of: Transport, named: &[NamedPort]) -> bool {
        match self {
            Self::Numbers { transport, first, last } => *transport == of && (*first..=*last).contains(&number),
            Self::Named { transport, name } => {
                *transport == of
                    && named.iter().any(|port| port.transport == of && port.number == number && port.name == *name)
            }
        }
    }
}
