//! One database: its form, its port, and who else may connect to it.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{engine, managed, managed::ManagedDatabase, selected, selected::DatabasePods};
use crate::{
    api::{self, Engine, Protocol},
    app::{
        edge::{Edge, End, ExternalRange, PortNumber, Ports},
        external_range,
        id::{AppId, PartName},
        names,
        policy::Policy,
        review::Review,
    },
};

/// A database that only its clients reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Name within the app.
    pub name: PartName,
    /// What kind of database it is.
    pub engine: Engine,
    /// TCP port of its pods or hosts.
    pub port: u16,
    /// Where it is.
    pub form: DatabaseForm,
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DatabaseForm {
    /// The operator runs it.
    Managed(Box<ManagedDatabase>),
    /// Others run it in the app's namespace.
    Pods(DatabasePods),
    /// It is outside the cluster.
    External(Vec<IpNet>),
}

impl Database {
    /// Its port, in the form in which an edge has it.
    #[must_use]
    pub fn ports(&self) -> Ports {
        Ports::Of(vec![PortNumber { number: self.port, protocol: Protocol::Tcp }])
    }

    /// The connections of a part of this app to it.
    #[must_use]
    pub fn connections_of(&self, client: &PartName, id: &AppId) -> Vec<Edge> {
        let from = End::own(id.workload_label(client));
        let edge = |to| Edge { from: from.clone(), to, ports: self.ports() };
        self.ends(id).into_iter().map(edge).collect()
    }

    /// What its clients connect to: one end, or one for each address range.
    #[must_use]
    pub fn ends(&self, id: &AppId) -> Vec<End> {
        match &self.form {
            DatabaseForm::Managed(_) => vec![End::own(id.workload_label(&self.name))],
            DatabaseForm::Pods(pods) => vec![End::Database(pods.labels.clone())],
            DatabaseForm::External(cidrs) => {
                let range = |cidr: &IpNet| End::Range(ExternalRange { cidr: *cidr, except: Vec::new() });
                cidrs.iter().map(range).collect()
            }
        }
    }
}

/// Checks what doesn't depend on the components. `None` where the form or the port is missing.
pub(in crate::app) fn accept(
    spec: &api::Database,
    components: &[api::Component],
    id: &AppId,
    policy: &Policy,
    review: &mut Review,
) -> Option<Database> {
    let path = format!("spec.databases[{}]", spec.name);
    names::of_part("database", &spec.name, &path, review);
    let given = [spec.managed.is_some(), spec.pods.is_some(), spec.external.is_some()];
    if given.into_iter().filter(|given| *given).count() != 1 {
        review.reject(&path, "a database has one form", "give exactly one of managed, pods and external");
        return None;
    }
    let port = port(spec, &path, review)?;
    let form = if let Some(managed) = &spec.managed {
        DatabaseForm::Managed(Box::new(managed::accept(spec, managed, port, policy, &path, review)?))
    } else if let Some(pods) = &spec.pods {
        DatabaseForm::Pods(selected::accept(pods, components, id, &format!("{path}.pods"), review))
    } else {
        let cidrs = spec.external.as_ref().map(|external| external.cidrs.as_slice()).unwrap_or_default();
        if !spec.allow_from.is_empty() {
            review.reject(
                format!("{path}.allowFrom"),
                "who else reaches an external database isn't decided here",
                "remove it",
            );
        }
        DatabaseForm::External(external_range::of_database(cidrs, policy, &format!("{path}.external"), review))
    };
    Some(Database { name: PartName::new(&spec.name), engine: spec.engine, port, form })
}

fn port(spec: &api::Database, path: &str, review: &mut Review) -> Option<u16> {
    let Some(given) = spec.port else {
        let port = engine::port(spec.engine);
        if port.is_none() {
            review.reject(format!("{path}.port"), "this engine has no default port", "give the port");
        }
        return port;
    };
    let port = u16::try_from(given).ok().filter(|port| *port > 0);
    if port.is_none() {
        review.reject(format!("{path}.port"), format!("{given} is not a port number"), "use one from 1 to 65535");
    }
    port
}
