//! How databases stand, as data.

use crate::app::PartName;

/// How a database stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseState {
    /// Its name.
    pub name: PartName,
    /// Its pods; `None` where it has none inside the cluster.
    pub pods: Option<usize>,
    /// Who may connect, by the spec: components of the app by their names, those of others as `app/component`.
    pub clients: Vec<String>,
    /// Whether others may.
    pub isolation: Isolation,
}

/// Whether only its clients may connect to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Only they may.
    Isolated,
    /// It is outside the cluster, where this isn't decided.
    External,
    /// Others may connect, or it can't be excluded that they may: who, and by which object.
    Opened(String),
    /// No pod has its labels.
    NoPods(String),
    /// Its pods declare other ports.
    PortMismatch(String),
    /// Its pods belong to another app that doesn't let the clients in.
    Claimed(String),
    /// It isn't known yet.
    Unknown(String),
}
