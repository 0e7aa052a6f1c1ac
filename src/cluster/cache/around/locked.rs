//! The parts of the surroundings, each with a lock of its own. None is held across a request.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::{apis::Apis, database_pods::ForeignPods, hosts::Hosts, neighbourhood::Neighbourhood};

/// What surrounds the apps.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Around {
    neighbourhood: Mutex<Neighbourhood>,
    database_pods: Mutex<ForeignPods>,
    apis: Mutex<Apis>,
    hosts: Mutex<Hosts>,
    /// An app needs the pods of a database.
    pub(super) database_pods_wanted: Notify,
}

impl Around {
    pub(in crate::cluster) fn neighbourhood<T>(&self, access: impl FnOnce(&mut Neighbourhood) -> T) -> T {
        access(&mut self.neighbourhood.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(in crate::cluster) fn database_pods<T>(&self, access: impl FnOnce(&mut ForeignPods) -> T) -> T {
        access(&mut self.database_pods.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(in crate::cluster) fn hosts<T>(&self, access: impl FnOnce(&mut Hosts) -> T) -> T {
        access(&mut self.hosts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(in crate::cluster) fn apis<T>(&self, access: impl FnOnce(&mut Apis) -> T) -> T {
        access(&mut self.apis.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
