//! What should exist of several apps. Database pods that several of them name belong to the first: which app named them first in a
//! cluster, files don't say.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;

use crate::{
    app::App,
    plan::{Neighbours, PodClaim, holders},
    release::Target,
};

/// The targets of apps, in their order.
pub(super) struct Targets {
    pub(super) all: Vec<Target>,
    /// For which databases an app makes no policy.
    pub(super) notes: Vec<String>,
}

impl Targets {
    /// Takes each app for older than those that follow.
    ///
    /// # Errors
    /// If an app is given twice.
    pub(super) fn of(apps: impl IntoIterator<Item = App>) -> anyhow::Result<Self> {
        let mut given = BTreeSet::new();
        let (mut targets, mut granted) = (Self { all: Vec::new(), notes: Vec::new() }, Vec::<PodClaim>::new());
        for app in apps {
            let mut target = Target::of(app);
            let (namespace, name) = (target.id.namespace.clone(), target.id.name.clone());
            ensure!(
                given.insert((namespace.clone(), name.clone())),
                "HardenedApp {namespace}/{name} is given twice: leave one out"
            );
            let wanted = PodClaim::of(&target);
            let others: Vec<PodClaim> =
                granted.iter().filter(|claim| claim.id.namespace == target.id.namespace).cloned().collect();
            let pods = wanted.iter().map(|claim| (claim.database.clone(), Some(Vec::new())));
            let held = holders(&target.id, &wanted, &others, &Neighbours::default(), &pods.collect::<BTreeMap<_, _>>());
            targets.notes.extend(held.iter().map(|(database, holder)| {
                format!(
                    "{namespace}/{name} makes no policy for its database {database}: the pods belong to app {}, which is given first",
                    holder.app
                )
            }));
            granted.extend(wanted.into_iter().filter(|claim| !held.contains_key(&claim.database)));
            target.held = held.into_keys().collect();
            targets.all.push(target);
        }
        Ok(targets)
    }
}
