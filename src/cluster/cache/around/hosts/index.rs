//! Which objects of the cluster serve which hosts: Ingresses and routes, whoever has made them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use super::{super::kind::NeighbourKind, matching::overlapping};

/// Hosts of a namespace that are kept. Who makes more of them than anybody needs is left alone: an app may then get a host that an object there
/// serves, too.
const MOST: usize = 1000;

/// An object, by a hash: a tenant's objects take no more memory than that.
type Object = u64;

/// Which objects serve which hosts.
#[derive(Debug, Default)]
pub(super) struct Index {
    hosts: BTreeMap<Box<str>, Vec<Server>>,
    objects: HashMap<Object, Known>,
    /// Hosts that are kept, by namespace.
    counts: HashMap<Object, usize>,
    /// Objects that the lists under way have reported so far.
    relists: BTreeMap<NeighbourKind, HashSet<Object>>,
    hasher: RandomState,
}

/// An object that serves a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Server {
    object: Object,
    /// Namespace and UID of the app that controls it, by a hash.
    owner: Option<u64>,
}

#[derive(Debug)]
struct Known {
    kind: NeighbourKind,
    namespace: Object,
    owner: Option<u64>,
    hosts: Box<[Box<str>]>,
}

impl Index {
    /// Records which hosts an object serves; none if it is gone. Returns the hosts that it didn't serve before, or doesn't any more.
    pub(super) fn observed(
        &mut self,
        kind: NeighbourKind,
        (namespace, name): (&str, &str),
        owner: Option<&str>,
        hosts: &[String],
    ) -> Vec<String> {
        let object = self.hasher.hash_one((kind, namespace, name));
        if let Some(seen) = self.relists.get_mut(&kind).filter(|_| !hosts.is_empty()) {
            seen.insert(object);
        }
        let owner = owner.map(|uid| self.owner(namespace, uid));
        let is_same = |known: &Known| known.owner == owner && known.hosts.iter().map(|host| &**host).eq(hosts.iter());
        if self.objects.get(&object).map_or(hosts.is_empty(), is_same) {
            return Vec::new();
        }
        let mut changed = self.remove(object);
        let namespace = self.hasher.hash_one(namespace);
        let count = self.counts.get(&namespace).copied().unwrap_or_default();
        let kept: Box<[Box<str>]> =
            hosts.iter().take(MOST.saturating_sub(count)).map(|host| host.as_str().into()).collect();
        if !kept.is_empty() {
            *self.counts.entry(namespace).or_default() += kept.len();
            for host in &kept {
                self.hosts.entry(host.clone()).or_default().push(Server { object, owner });
                changed.push(host.to_string());
            }
            self.objects.insert(object, Known { kind, namespace, owner, hosts: kept });
        }
        changed
    }

    fn remove(&mut self, object: Object) -> Vec<String> {
        let Some(known) = self.objects.remove(&object) else { return Vec::new() };
        if let Some(count) = self.counts.get_mut(&known.namespace) {
            *count = count.saturating_sub(known.hosts.len());
            if *count == 0 {
                self.counts.remove(&known.namespace);
            }
        }
        for host in &known.hosts {
            if let Some(servers) = self.hosts.get_mut(host) {
                servers.retain(|server| server.object != object);
                if servers.is_empty() {
                    self.hosts.remove(host);
                }
            }
        }
        known.hosts.iter().map(ToString::to_string).collect()
    }

    pub(super) fn relist(&mut self, kind: NeighbourKind) {
        self.relists.insert(kind, HashSet::new());
    }

    /// A list has ended: what it didn't report is gone. Returns the hosts that lost something.
    pub(super) fn relisted(&mut self, kind: NeighbourKind) -> Vec<String> {
        let Some(seen) = self.relists.remove(&kind) else { return Vec::new() };
        self.forget(|object, known| known.kind == kind && !seen.contains(&object))
    }

    /// The API server doesn't have the kind any more. Returns the hosts that lost something.
    pub(super) fn vanished(&mut self, kind: NeighbourKind) -> Vec<String> {
        self.relists.remove(&kind);
        self.forget(|_, known| known.kind == kind)
    }

    fn forget(&mut self, is_gone: impl Fn(Object, &Known) -> bool) -> Vec<String> {
        let gone: Vec<Object> =
            self.objects.iter().filter(|(object, known)| is_gone(**object, known)).map(|(object, _)| *object).collect();
        gone.into_iter().flat_map(|object| self.remove(object)).collect()
    }

    /// Whether objects of the app serve a host, and whether others do. Of what no app controls only the very same host counts: wherever one
    /// is a wildcard, the other is served first.
    pub(super) fn servers(&self, host: &str, namespace: &str, uid: &str) -> Servers {
        let app = Some(self.owner(namespace, uid));
        let exact = || self.hosts.get(host).into_iter().flatten();
        let of_apps = overlapping(&self.hosts, host).flatten().filter(|server| server.owner.is_some());
        Servers {
            own: exact().any(|server| server.owner == app),
            others: exact().chain(of_apps).any(|server| server.owner != app),
        }
    }

    fn owner(&self, namespace: &str, uid: &str) -> u64 {
        self.hasher.hash_one((namespace, uid))
    }
}

/// Whose objects serve a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Servers {
    pub(super) own: bool,
    pub(super) others: bool,
}
