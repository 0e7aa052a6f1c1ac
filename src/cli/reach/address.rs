//! An address that the user names: `NAME=IP:PORT`.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// An end outside the pod network, and the TCP port asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) ip: IpAddr,
    pub(super) port: u16,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let socket = parts.and_then(|(name, socket)| Some((name, socket.parse::<SocketAddr>().ok()?)));
        match socket.filter(|(_, socket)| socket.port() > 0) {
            Some((name, socket)) => Ok(Self { name: name.to_owned(), ip: socket.ip(), port: socket.port() }),
            None => Err("write NAME=IP:PORT, such as api=10.0.0.1:443 or api=[fd00::1]:443".to_owned()),
        }
    }
}
