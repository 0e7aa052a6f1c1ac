//! What others have in an app's namespace that may open its pods: policies, Services, and what routes to Services. Policies add up, so
//! isolation is judged over all of them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    app::PartName,
    reach::{NamedPort, Policy, Service, Unjudged},
};

/// What an app's isolation depends on besides its own objects.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// What others have in its namespace.
    pub neighbours: Arc<Neighbours>,
    /// API groups of the cluster whose policies aren't judged, sorted.
    pub other_apis: Vec<String>,
    /// The pods of each database that others run; `None` while they aren't known.
    pub pods: BTreeMap<PartName, Option<Vec<ForeignPod>>>,
    /// Databases whose pods belong to another app.
    pub held: BTreeMap<PartName, Holder>,
}

/// The app to which database pods belong that several name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Its name.
    pub app: String,
    /// The name of its policy for the pods.
    pub policy: String,
}

/// What others have in one namespace, as far as it is kept. A snapshot: shared by the reconciliations of the namespace's apps.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// NetworkPolicies, by name: all but those of components and managed databases of apps, as long as they select only these.
    pub policies: Vec<Arc<Neighbour<Policy>>>,
    /// NetworkPolicies that can't be judged.
    pub unjudged: Vec<Arc<Unjudged>>,
    /// Services, by name: all but those of apps, as long as they lead only to their own pods and not from outside the cluster.
    pub services: Vec<Arc<Service>>,
    /// Ingresses and routes, by kind and name.
    pub routes: Vec<Arc<Route>>,
    /// How many objects there are beyond those that are kept: a client can make many.
    pub omitted: usize,
}

/// An object and who controls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour<T> {
    /// Name of the app that controls it, if one does.
    pub app: Option<String>,
    /// When it was created, in seconds since 1970: of two apps that claim the same pods the first one keeps them.
    pub created: i64,
    /// The object.
    pub object: T,
}

/// An Ingress or a route: what leads from outside the cluster to Services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Kind, such as `Ingress`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The hosts that it serves; all if empty.
    pub hosts: Vec<String>,
    /// Names of the Services of its own namespace to which it leads.
    pub services: Vec<String>,
}

/// A pod that others run, as far as a database's isolation depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignPod {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The TCP ports that its containers declare; empty if one of them declares none, since it may listen on any.
    pub ports: Vec<u16>,
    /// Those with names, of every protocol.
    pub named: Vec<NamedPort>,
}
