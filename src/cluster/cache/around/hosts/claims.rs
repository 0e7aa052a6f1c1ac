//! The claims of apps to hosts. A process decides them one after the other, so that no two apps get a host at the same time; after a restart
//! the objects that exist say which app has it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    super::{super::entry::AppKey, kind::NeighbourKind},
    index::{Index, Servers},
    matching::overlapping,
};
use crate::{app::AppId, release::Unclaimed};

/// An app that claims hosts. Ordered by age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claimant {
    /// When it was created.
    created: String,
    /// Its UID.
    uid: String,
    key: AppKey,
}

impl Claimant {
    /// The app of this identity, created at this time.
    #[must_use]
    pub fn new(id: &AppId, created: String) -> Self {
        Self { created, uid: id.uid.clone(), key: (id.namespace.clone(), id.name.clone()) }
    }

    pub(in crate::cluster::cache) fn uid(&self) -> &str {
        &self.uid
    }
}

/// What has become of the claims of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostClaims {
    /// The hosts that it doesn't have.
    pub unclaimed: BTreeMap<String, Unclaimed>,
    /// Those that it has and that objects of others serve, too.
    pub shared: BTreeSet<String>,
}

/// Which app has which host.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Hosts {
    index: Index,
    granted: BTreeMap<String, Claimant>,
    waiting: BTreeMap<String, BTreeSet<Claimant>>,
    /// Apps whose objects are being written, and whether they have gone meanwhile. Their hosts stay theirs until that has ended.
    working: HashMap<String, bool>,
    /// Kinds of which the objects aren't known yet.
    unlisted: BTreeSet<NeighbourKind>,
}

impl Hosts {
    /// Replaces the claims of an app. Until [`Self::end`] it keeps what it gets.
    pub(in crate::cluster) fn claim(&mut self, app: &Claimant, hosts: &[String]) -> (HostClaims, Vec<AppKey>) {
        self.working.insert(app.uid.clone(), false);
        let wake = self.release(&app.uid, |host| !hosts.iter().any(|wanted| wanted == host));
        let mut claims = HostClaims::default();
        for host in hosts {
            let Servers { own, others } = self.index.servers(host, &app.key.0, &app.uid);
            let has = own || self.granted.get(host).is_some_and(|holder| holder.uid == app.uid);
            if let Some(obstacle) = self.obstacle(app, host, others).filter(|_| !has) {
                self.waiting.entry(host.clone()).or_default().insert(app.clone());
                claims.unclaimed.insert(host.clone(), obstacle);
                continue;
            }
            self.granted.insert(host.clone(), app.clone());
            self.stop_waiting(app, host);
            if others {
                claims.shared.insert(host.clone());
            }
        }
        (claims, wake)
    }

    /// Why an app that doesn't have a host doesn't get it.
    fn obstacle(&self, app: &Claimant, host: &str, others_serve_it: bool) -> Option<Unclaimed> {
        let is_granted = overlapping(&self.granted, host).any(|holder| holder.uid != app.uid);
        let is_older_waiting =
            || overlapping(&self.waiting, host).flatten().any(|other| other.uid != app.uid && other < app);
        if others_serve_it || is_granted || is_older_waiting() {
            return Some(Unclaimed::Taken);
        }
        (!self.unlisted.is_empty()).then_some(Unclaimed::Unknown)
    }

    fn stop_waiting(&mut self, app: &Claimant, host: &str) {
        if let Some(waiting) = self.waiting.get_mut(host) {
            waiting.remove(app);
            if waiting.is_empty() {
                self.waiting.remove(host);
            }
        }
    }

    /// Takes back the claims of an app to hosts. Returns the apps that wait for them.
    fn release(&mut self, uid: &str, is_released: impl Fn(&str) -> bool) -> Vec<AppKey> {
        let is_of_app = |host: &str, claimant: &Claimant| claimant.uid == uid && is_released(host);
        let mut hosts: BTreeSet<String> =
            self.granted.extract_if(.., |host, holder| is_of_app(host, holder)).map(|(host, _)| host).collect();
        for (host, waiting) in &mut self.waiting {
            let before = waiting.len();
            waiting.retain(|claimant| !is_of_app(host, claimant));
            if waiting.len() < before {
                hosts.insert(host.clone());
            }
        }
        self.waiting.retain(|_, waiting| !waiting.is_empty());
        self.interested(hosts)
    }

    /// The objects of an app are written. Returns the apps that wait for its hosts if it has gone meanwhile.
    pub(in crate::cluster) fn end(&mut self, uid: &str) -> Vec<AppKey> {
        let has_gone = self.working.remove(uid).unwrap_or_default();
        if has_gone { self.release(uid, |_| true) } else { Vec::new() }
    }

    /// An app is gone. Returns the apps that wait for its hosts.
    pub(in crate::cluster) fn app_gone(&mut self, uid: &str) -> Vec<AppKey> {
        match self.working.get_mut(uid) {
            Some(has_gone) => {
                *has_gone = true;
                Vec::new()
            }
            None => self.release(uid, |_| true),
        }
    }

    /// The apps that have or want hosts which have changed.
    fn interested(&self, hosts: impl IntoIterator<Item = String>) -> Vec<AppKey> {
        let mut apps = BTreeSet::new();
        for host in hosts {
            apps.extend(overlapping(&self.granted, &host).map(|holder| holder.key.clone()));
            apps.extend(overlapping(&self.waiting, &host).flatten().map(|waiting| waiting.key.clone()));
        }
        apps.into_iter().collect()
    }

    /// Records which hosts an object serves; none if it is gone. Returns the apps to which that matters.
    pub(in crate::cluster) fn observed(
        &mut self,
        kind: NeighbourKind,
        place: (&str, &str),
        owner: Option<&str>,
        hosts: &[String],
    ) -> Vec<AppKey> {
        let changed = self.index.observed(kind, place, owner, hosts);
        self.interested(changed)
    }

    pub(in crate::cluster) fn relist(&mut self, kind: NeighbourKind) {
        self.index.relist(kind);
    }

    pub(in crate::cluster) fn relisted(&mut self, kind: NeighbourKind) -> Vec<AppKey> {
        let changed = self.index.relisted(kind);
        let mut apps = self.interested(changed);
        if self.unlisted.remove(&kind) {
            apps.extend(self.waiting.values().flatten().map(|waiting| waiting.key.clone()));
        }
        apps
    }

    /// The API server has a kind of which the objects aren't known yet.
    pub(in crate::cluster) fn await_list(&mut self, kind: NeighbourKind) {
        self.unlisted.insert(kind);
    }

    /// The API server doesn't have the kind any more.
    pub(in crate::cluster) fn vanished(&mut self, kind: NeighbourKind) -> Vec<AppKey> {
        self.unlisted.remove(&kind);
        let changed = self.index.vanished(kind);
        let mut apps = self.interested(changed);
        apps.extend(self.waiting.values().flatten().map(|waiting| waiting.key.clone()));
        apps
    }
}
