//! Who else reaches a database: `DatabasesIsolated`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    others::Others,
    state::{DatabaseState, Isolation},
    surroundings::{ForeignPod, Holder, Neighbour, Surroundings},
};
use crate::{
    api::WORKLOAD,
    app::{Database, DatabaseForm, DatabasePods, Edge, End, ManagedDatabase, PartName, Peer, Port, pod_labels},
    plan::{
        outcome::{ChildOutcome, ChildState},
        progress::PartProgress,
    },
    reach::{self, Client, Listener, NamedPort, PodLabels, Policy, Transport, openings},
    release::Target,
};

/// The state of all databases, after the app's own objects were applied. Without knowledge of what surrounds them nothing is judged.
#[must_use]
pub fn isolation(
    target: &Target,
    surroundings: Option<&Surroundings>,
    children: &[ChildOutcome],
    progress: &BTreeMap<PartName, PartProgress>,
) -> Vec<DatabaseState> {
    let unknown = Surroundings::default();
    let judge = Judge { target, surroundings: surroundings.unwrap_or(&unknown), children };
    let state = |database: &Database| {
        let state = judge.state(database, progress.get(&database.name));
        let is_judged = surroundings.is_some() || state.isolation == Isolation::External;
        let words = || Isolation::Unknown("what others have in the namespace isn't known yet".to_owned());
        DatabaseState { isolation: if is_judged { state.isolation } else { words() }, ..state }
    };
    target.databases().map(state).collect()
}

struct Judge<'a> {
    target: &'a Target,
    surroundings: &'a Surroundings,
    children: &'a [ChildOutcome],
}

impl Judge<'_> {
    fn state(&self, database: &Database, progress: Option<&PartProgress>) -> DatabaseState {
        let (pods, isolation) = match &database.form {
            DatabaseForm::External(_) => (None, Isolation::External),
            DatabaseForm::Managed(managed) => {
                let listener = self.managed(database, managed);
                let count = progress.map_or(0, |progress| progress.pods.len());
                (
                    Some(count),
                    self.own_policy(database).unwrap_or_else(|| self.judged(database, None, None, &[listener])),
                )
            }
            DatabaseForm::Pods(pods) => self.selected(database, pods),
        };
        DatabaseState { name: database.name.clone(), pods, clients: self.clients(database), isolation }
    }

    /// Pods that others run.
    fn selected(&self, database: &Database, selected: &DatabasePods) -> (Option<usize>, Isolation) {
        let Some(Some(pods)) = self.surroundings.pods.get(&database.name) else {
            return (None, Isolation::Unknown("its pods aren't known yet".to_owned()));
        };
        let labels: Vec<String> = selected.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if pods.is_empty() {
            let words = format!("no pod of the namespace has the labels {}", labels.join(","));
            return (Some(0), Isolation::NoPods(words));
        }
        let listeners: Vec<Listener> = pods.iter().map(|pod| self.foreign(database, pod)).collect();
        let isolation = match self.surroundings.held.get(&database.name) {
            Some(holder) => self.borrowed(database, selected, holder, &listeners),
            None => {
                self.own_policy(database).unwrap_or_else(|| self.judged(database, Some(selected), None, &listeners))
            }
        };
        // Who opens it matters more; who isn't let in follows from the port.
        let mismatch = || {
            let yields = matches!(isolation, Isolation::Isolated | Isolation::Claimed(_));
            port_mismatch(database, pods).filter(|_| yields)
        };
        (Some(pods.len()), mismatch().unwrap_or(isolation))
    }

    /// The pod that the operator runs.
    fn managed(&self, database: &Database, managed: &ManagedDatabase) -> Listener {
        let port = |port: &Port| NamedPort { name: port.name.clone(), number: port.number, transport: Transport::Tcp };
        Listener {
            namespace: self.target.id.namespace.clone(),
            labels: PodLabels::of_template(pod_labels(&self.target.id, &database.name)),
            ports: managed.workload.template.ports.iter().map(port).collect(),
            port: database.port,
            transport: Transport::Tcp,
        }
    }

    /// A pod that others run.
    fn foreign(&self, database: &Database, pod: &ForeignPod) -> Listener {
        Listener {
            namespace: self.target.id.namespace.clone(),
            labels: PodLabels::of_pod(pod.labels.clone()),
            ports: pod.named.clone(),
            port: database.port,
            transport: Transport::Tcp,
        }
    }

    /// Whether the policy that isolates the database is in place; if not, why.
    fn own_policy(&self, database: &Database) -> Option<Isolation> {
        let mut guards = self.children.iter().filter(|child| child.part.as_ref() == Some(&database.name));
        let in_place = guards.any(|child| child.kind.rules.always_enforced && child.state == ChildState::InPlace);
        (!in_place).then(|| Isolation::Opened("its own NetworkPolicy isn't in place".to_owned()))
    }

    /// Pods that another app isolates: what its policy for them lets in is its decision, and its own status says whether that policy is as
    /// declared. It must let in all clients, and nothing else may open the pods.
    fn borrowed(
        &self,
        database: &Database,
        selected: &DatabasePods,
        holder: &Holder,
        listeners: &[Listener],
    ) -> Isolation {
        let policies = self.surroundings.neighbours.policies.iter();
        let of_holder: Vec<&Policy> =
            policies.filter(|policy| is_of(policy, holder)).map(|policy| &policy.object).collect();
        let is_let_in = |workload: &str| {
            let mut listeners = listeners.iter();
            listeners.all(|listener| of_holder.iter().any(|policy| lets_in(policy, listener, workload)))
        };
        let isolation = self.judged(database, Some(selected), Some(holder), listeners);
        let closed = self.neighbouring(database).filter(|from| !is_let_in(from));
        let closed: BTreeSet<String> = closed.map(|from| self.client(&from)).collect();
        // Who opens it matters more.
        if closed.is_empty() || isolation != Isolation::Isolated {
            return isolation;
        }
        Isolation::Claimed(format!(
            "its pods belong to a database of app {}, which doesn't let in {} on port {}: name it under allowFrom there",
            holder.app,
            closed.into_iter().collect::<Vec<_>>().join(", "),
            database.port
        ))
    }

    /// Whether others than the clients reach pods, by all that others have in the namespace, beside what their holder's policy lets in.
    fn judged(
        &self,
        database: &Database,
        selected: Option<&DatabasePods>,
        holder: Option<&Holder>,
        listeners: &[Listener],
    ) -> Isolation {
        let allowed = self.allowed(database, selected);
        let found = listeners.iter().find_map(|listener| self.opened(holder, listener, &allowed));
        found.map_or(Isolation::Isolated, Isolation::Opened)
    }

    fn opened(&self, holder: Option<&Holder>, listener: &Listener, allowed: &[Client]) -> Option<String> {
        let others = Others { neighbours: &self.surroundings.neighbours, children: self.children };
        let policies = others.policies().filter(|policy| !holder.is_some_and(|holder| is_of(policy, holder)));
        let by_policy = openings(policies.map(|policy| &policy.object), listener, allowed);
        let by_policy =
            by_policy.into_iter().map(|found| format!("NetworkPolicy {} lets in {}", found.policy, found.what));
        let unjudged = others.unjudged().filter(|policy| policy.may_select(&listener.labels));
        let unjudged =
            unjudged.map(|policy| format!("NetworkPolicy {} can't be judged: {}", policy.name, policy.reason));
        by_policy.chain(unjudged).chain(exposed(others, listener)).chain(others.omitted()).next()
    }

    /// The clients of the spec, and what else is in the database's own policy.
    fn allowed(&self, database: &Database, selected: Option<&DatabasePods>) -> Vec<Client> {
        let clients = self.edges(database).filter_map(|edge| match &edge.from {
            End::Pods(Peer { namespace, workload }) => Some(Client {
                namespace: namespace.clone(),
                labels: BTreeMap::from([(WORKLOAD.to_owned(), workload.clone())]),
            }),
            End::Database(_) | End::Range(_) => None,
        });
        let selected = selected.into_iter().flat_map(|pods| {
            let itself = Client { namespace: None, labels: pods.labels.clone() };
            let managers = pods
                .managed_by
                .iter()
                .map(|manager| Client { namespace: Some(manager.namespace.clone()), labels: manager.labels.clone() });
            [itself].into_iter().chain(managers)
        });
        clients.chain(selected).collect()
    }

    /// The declared connections to the database.
    fn edges(&self, database: &Database) -> impl Iterator<Item = Edge> + use<> {
        let (ends, ports) = (database.ends(&self.target.id), database.ports());
        let accepted = self.target.accepted().into_iter();
        accepted.filter(move |edge| ends.contains(&edge.to) && edge.ports == ports)
    }

    /// The clients in the app's namespace, by the labels of their pods.
    fn neighbouring(&self, database: &Database) -> impl Iterator<Item = String> {
        self.edges(database).filter_map(|edge| match edge.from {
            End::Pods(Peer { namespace: None, workload }) => Some(workload),
            _ => None,
        })
    }

    /// The name of a client: a component of the app, or `app/component`.
    fn client(&self, workload: &str) -> String {
        let own = workload.strip_prefix(&self.target.id.name).and_then(|rest| rest.strip_prefix('.'));
        own.map_or_else(|| workload.replace('.', "/"), str::to_owned)
    }

    fn clients(&self, database: &Database) -> Vec<String> {
        let peers = self.edges(database).filter_map(|edge| match &edge.from {
            End::Pods(Peer { workload, .. }) => Some(self.client(workload)),
            End::Database(_) | End::Range(_) => None,
        });
        peers.collect::<BTreeSet<String>>().into_iter().collect()
    }
}

fn is_of(policy: &Neighbour<Policy>, holder: &Holder) -> bool {
    policy.app.as_ref() == Some(&holder.app) && policy.object.name == holder.policy
}

/// Whether an app's policy lets in a workload of its namespace on the port.
fn lets_in(policy: &Policy, listener: &Listener, workload: &str) -> bool {
    let labels = BTreeMap::from([(WORKLOAD.to_owned(), workload.to_owned())]);
    let rules = policy.ingress.iter().flatten();
    let rules = rules.filter(|rule| rule.covers(listener.port, listener.transport, &listener.ports));
    let mut peers = rules.flat_map(|rule| &rule.peers);
    policy.pods.may_match(&listener.labels)
        && peers.any(
            |peer| matches!(peer, reach::Peer::Pods { namespaces: None, pods: Some(pods) } if pods.requires(&labels)),
        )
}

/// Containers needn't declare their ports; but if all of all pods do, and none declares this one, the port is wrong.
fn port_mismatch(database: &Database, pods: &[ForeignPod]) -> Option<Isolation> {
    let all_declare = pods.iter().all(|pod| !pod.ports.is_empty());
    let declared: BTreeSet<u16> = pods.iter().flat_map(|pod| pod.ports.iter().copied()).collect();
    let ports: Vec<String> = declared.iter().map(ToString::to_string).collect();
    (all_declare && !declared.contains(&database.port)).then(|| {
        Isolation::PortMismatch(format!("its pods listen on {} and not on {}", ports.join(", "), database.port))
    })
}

/// A Service that leads to the pod from outside the cluster.
fn exposed(others: Others<'_>, listener: &Listener) -> Option<String> {
    let mut services = others.services().filter(|service| service.may_select(&listener.labels));
    services.find_map(|service| {
        Some(format!("Service {} leads to it from outside the cluster: {}", service.name, service.exposes()?))
    })
}
