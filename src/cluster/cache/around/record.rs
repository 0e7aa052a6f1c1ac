//! What is kept of an object that others have in an app's namespace.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::Resource;
use serde_json::Value;

use super::{
    super::super::stored::{Content, Stored},
    kind::NeighbourKind,
    route,
};
use crate::{
    api::WORKLOAD,
    plan::{Controller, LARGEST, Neighbour, Route},
    reach::{PodLabels, Policy, Selector, Service, Unjudged},
};

/// What is kept of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Record {
    /// The app that controls it, if it has the operator's label, too: such objects are compared with what the app declares.
    pub(super) owner: Option<Owner>,
    /// It leads to the pods of one part only, as the operator's objects of that name do: whatever else differs is compared with what the
    /// app declares.
    pub(super) is_as_declared: bool,
    pub(super) object: Object,
}

/// The app that an object names as its controller. Clients can write any text into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Policy(Arc<Neighbour<Policy>>),
    Unjudged(Arc<Unjudged>),
    Service(Arc<Service>),
    Route(Arc<Route>),
    /// Too large to be read, or there is no room for it: it is only counted.
    LeftOut,
}

impl Record {
    /// Reads an object.
    pub(in crate::cluster) fn read(kind: NeighbourKind, stored: &Stored) -> Self {
        match stored.read() {
            Content::Whole(object) => Self::whole(kind, &object, stored.is_labelled()),
            Content::Oversized(_) if kind == NeighbourKind::NetworkPolicy => {
                Self::unowned(Object::Unjudged(Arc::new(Unjudged {
                    namespace: stored.meta().namespace.clone().unwrap_or_default(),
                    name: stored.meta().name.clone().unwrap_or_default(),
                    pods: None,
                    reason: format!("it is larger than {} KiB, or nested too deeply", LARGEST / 1024),
                })))
            }
            Content::Oversized(_) => Self::left_out(),
        }
    }

    fn whole(kind: NeighbourKind, object: &Value, labelled: bool) -> Self {
        let controller = Controller::of(object).filter(|controller| labelled && controller.is_app());
        let owner = controller.map(|Controller { name, uid, .. }| Owner { name, uid });
        let declared = |name: &str, selector: &[(&str, &str)]| {
            owner.as_ref().is_some_and(|owner| is_as_declared(&owner.name, name, selector))
        };
        match kind {
            NeighbourKind::NetworkPolicy => match Policy::read(object) {
                Ok(policy) => {
                    let is_as_declared = declared(&policy.name, &labels(&policy.pods));
                    let app = owner.as_ref().map(|owner| owner.name.clone());
                    let neighbour = Neighbour { app, created: created(object), object: policy };
                    Self { owner, is_as_declared, object: Object::Policy(Arc::new(neighbour)) }
                }
                Err(unjudged) => Self { owner, ..Self::unowned(Object::Unjudged(Arc::new(unjudged))) },
            },
            NeighbourKind::Service => {
                let service = Service::read(object);
                let selector = service.selector.iter().map(|(key, value)| (key.as_str(), value.as_str()));
                // A type that exposes its pods is none that the operator gives.
                let is_as_declared =
                    declared(&service.name, &selector.collect::<Vec<_>>()) && service.exposes().is_none();
                Self { owner, is_as_declared, object: Object::Service(Arc::new(service)) }
            }
            NeighbourKind::Ingress | NeighbourKind::HttpRoute | NeighbourKind::HttpProxy => {
                // What it leads to is compared with what the app declares.
                let is_as_declared = owner.is_some();
                Self { owner, is_as_declared, object: Object::Route(Arc::new(route::read(kind, object))) }
            }
        }
    }

    /// The hosts that it serves, if it is what leads to Services.
    pub(super) fn hosts(&self) -> Option<&[String]> {
        match &self.object {
            Object::Route(route) => Some(&route.hosts),
            _ => None,
        }
    }

    /// UID of the app that controls it.
    pub(super) fn owner(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.uid.as_str())
    }

    /// Of an object that is only counted.
    pub(super) const fn left_out() -> Self {
        Self::unowned(Object::LeftOut)
    }

    const fn unowned(object: Object) -> Self {
        Self { owner: None, is_as_declared: false, object }
    }

    /// Bytes that it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        let texts = |texts: &[String]| texts.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
        let owner = self.owner.as_ref().map_or(0, |owner| owner.name.len() + owner.uid.len());
        let object = match &self.object {
            Object::Policy(policy) => policy.object.size() + owner,
            Object::Unjudged(unjudged) => {
                let selector = unjudged.pods.clone();
                let (namespace, name) = (unjudged.namespace.clone(), unjudged.name.clone());
                // Its selector takes what it would take in a policy.
                let policy =
                    Policy { namespace, name, pods: selector.unwrap_or_default(), ingress: None, egress: None };
                policy.size() + unjudged.reason.len()
            }
            Object::Service(service) => {
                let pairs =
                    service.selector.iter().map(|(key, value)| 2 * size_of::<String>() + key.len() + value.len());
                let ports = size_of_val(service.ports.as_slice());
                let names = service.namespace.len() + service.name.len() + service.r#type.len();
                size_of::<Service>() + names + pairs.sum::<usize>() + ports + texts(&service.external_ips)
            }
            Object::Route(route) => {
                size_of::<Route>() + route.name.len() + texts(&route.hosts) + texts(&route.services)
            }
            Object::LeftOut => 0,
        };
        size_of::<Self>() + owner + object
    }

    /// Whether it may select these pods, or lead to them. Routes lead to Services.
    pub(super) fn may_select(&self, pods: &PodLabels) -> bool {
        match &self.object {
            Object::Policy(policy) => policy.object.pods.may_match(pods),
            Object::Unjudged(unjudged) => unjudged.may_select(pods),
            Object::Service(service) => service.may_select(pods),
            Object::Route(_) | Object::LeftOut => false,
        }
    }
}

/// Whether an object has the name and the selector that the operator gives the objects of one part of an app.
fn is_as_declared(app: &str, name: &str, selector: &[(&str, &str)]) -> bool {
    let [(WORKLOAD, workload)] = selector else { return false };
    let part = workload.strip_prefix(app).and_then(|rest| rest.strip_prefix('.'));
    part.is_some() && part == name.strip_prefix(app).and_then(|rest| rest.strip_prefix('-'))
}

/// The labels that a selector asks for, if it asks for nothing else.
fn labels(selector: &Selector) -> Vec<(&str, &str)> {
    if !selector.expressions.is_empty() {
        return Vec::new();
    }
    selector.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// When an object was created, in seconds since 1970.
fn created(object: &Value) -> i64 {
    let text = object.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
    text.and_then(|text| text.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second)
}
