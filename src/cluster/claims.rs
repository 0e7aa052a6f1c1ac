//! Which app of a namespace restricts database pods that several name. A process decides it one after the other, so that no two apps get
//! the same pods at the same time; after a restart the policies that exist say it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    app::{AppId, PartName},
    plan::{ForeignPod, Holder, Neighbours, PodClaim, holders},
};

/// The claims that were granted, by namespace.
#[derive(Debug, Default)]
pub struct Claims(Mutex<HashMap<String, Vec<PodClaim>>>);

impl Claims {
    fn granted(&self) -> MutexGuard<'_, HashMap<String, Vec<PodClaim>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the claims of an app. Returns the databases whose pods belong to another app.
    pub(super) fn claim(
        &self,
        id: &AppId,
        wanted: Vec<PodClaim>,
        neighbours: &Neighbours,
        pods: &BTreeMap<PartName, Option<Vec<ForeignPod>>>,
    ) -> BTreeMap<PartName, Holder> {
        let mut granted = self.granted();
        let others = granted.entry(id.namespace.clone()).or_default();
        others.retain(|claim| claim.id.uid != id.uid);
        let held = holders(id, &wanted, others, neighbours, pods);
        others.extend(wanted.into_iter().filter(|claim| !held.contains_key(&claim.database)));
        if others.is_empty() {
            granted.remove(&id.namespace);
        }
        held
    }

    /// Whether a claim was granted; `None` if this process hasn't granted any for the database.
    pub(super) fn has(&self, claim: &PodClaim) -> Option<bool> {
        let granted = self.granted();
        let mut of_app = granted.get(&claim.id.namespace)?.iter().filter(|other| other.id.uid == claim.id.uid);
        of_app.find(|other| other.database == claim.database).map(|other| other.labels == claim.labels)
    }

    /// Takes back the claims of an app that is gone. Returns its namespace, if it had any: its other apps may get the pods now.
    #[must_use]
    pub fn forget(&self, uid: &str) -> Option<String> {
        let mut home = None;
        self.granted().retain(|namespace, claims| {
            let earlier = claims.len();
            claims.retain(|claim| claim.id.uid != uid);
            if claims.len() < earlier {
                home = Some(namespace.clone());
            }
            !claims.is_empty()
        });
        home
    }
}
