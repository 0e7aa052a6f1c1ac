//! Which app of a namespace restricts database pods that several name. A process decides it one after the other, so that no two apps get
//! the same pods at the same time; after a restart the policies that exist say it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    app::{AppId, PartName},
    plan::{ForeignPod, Neighbours, PodClaim, holders},
};

/// The claims that were granted, by namespace.
#[derive(Debug, Default)]
pub struct Claims(Mutex<HashMap<String, Vec<PodClaim>>>);

impl Claims {
    fn granted(&self) -> MutexGuard<'_, HashMap<String, Vec<PodClaim>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the claims of an app. Returns the databases whose pods belong to another app, with its name.
    pub(super) fn claim(
        &self,
        id: &AppId,
        wanted: Vec<PodClaim>,
        neighbours: &Neighbours,
        pods: &BTreeMap<PartName, Option<Vec<ForeignPod>>>,
    ) -> BTreeMap<PartName, String> {
        let mut granted = self.granted();
        let others = granted.entry(id.namespace.clone()).or_default();
        others.retain(|claim| claim.uid != id.uid);
        let held = holders(id, &wanted, others, neighbours, pods);
        others.extend(wanted.into_iter().filter(|claim| !held.contains_key(&claim.database)));
        if others.is_empty() {
            granted.remove(&id.namespace);
        }
        held
    }

    /// Takes back the claims of an app that is gone.
    pub fn forget(&self, uid: &str) {
        self.granted().retain(|_, claims| {
            claims.retain(|claim| claim.uid != uid);
            !claims.is_empty()
        });
    }
}
