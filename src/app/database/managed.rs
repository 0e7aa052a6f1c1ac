//! A database that the operator runs: a hardened pod of one image, with a volume of its own.

use serde::{Deserialize, Serialize};

use super::engine::Managed;
use crate::{
    api::{self, ResourceAmounts},
    app::{
        amounts::bytes,
        names,
        policy::Policy,
        quantity::Quantity,
        review::Review,
        template::{Mount, MountSource, SECRETS},
        workload::{self, Workload},
    },
};

/// Memory of PostgreSQL if the spec gives none: twice its own default for buffers that all its processes share.
const POSTGRES_MEMORY: Quantity = Quantity::mebi(256);
/// How much memory the data of Redis may take if the spec doesn't say.
const REDIS_MEMORY: Quantity = Quantity::mebi(256);
/// What Redis needs beside its data and the copies that it makes while it writes them to disk.
const REDIS_PROCESS: Quantity = Quantity::mebi(64);

/// A database that the operator runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManagedDatabase {
    /// Its pod.
    pub workload: Workload,
    /// Its volume.
    pub storage: Storage,
    /// Name of the Secret with its password.
    pub password_secret: String,
    /// Of PostgreSQL: the user, and the database of the same name.
    pub user: Option<String>,
}

/// The volume of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Its size.
    pub size: Quantity,
    /// Its StorageClass, if not the cluster's default.
    pub class: Option<String>,
}

pub(super) fn accept(
    database: &api::Database,
    spec: &api::ManagedDatabase,
    port: u16,
    policy: &Policy,
    path: &str,
    review: &mut Review,
) -> Option<ManagedDatabase> {
    let Some(engine) = Managed::of(database.engine) else {
        review.reject(format!("{path}.engine"), "only postgres and redis can be managed", "use pods or external");
        return None;
    };
    if port < 1024 {
        review.reject(
            format!("{path}.port"),
            format!("a process that is not root can't listen on {port}"),
            "use a port from 1024 to 65535",
        );
        return None;
    }
    let path = format!("{path}.managed");
    fields_of_engine(engine, spec, &path, review);
    names::of_object("Secret", &spec.password_secret, format!("{path}.passwordSecret"), review);
    let storage = storage(spec, policy, &path, review);
    let (memory, resources) = match engine {
        Managed::Postgres => (None, Some(with_memory(spec, POSTGRES_MEMORY.max(policy.defaults.memory)))),
        Managed::Redis => redis_memory(spec, policy, &path, review),
    };
    let component = engine.component(&database.name, &api::ManagedDatabase { resources, ..spec.clone() }, port, memory);
    let mut workload = workload::accept(&component, policy, &path, review);
    workload.exclusive = true;
    let secret = &spec.password_secret;
    workload.template.mounts.extend([
        Mount { path: engine.data().to_owned(), source: MountSource::Own },
        Mount { path: format!("{SECRETS}/{secret}"), source: MountSource::Secret(secret.clone()) },
    ]);
    workload.template.mounts.sort_by(|one, other| one.path.cmp(&other.path));
    Some(ManagedDatabase {
        workload,
        storage: storage?,
        password_secret: secret.clone(),
        user: engine.user_name(spec).map(str::to_owned),
    })
}

/// Refuses fields that only the other engine has.
fn fields_of_engine(engine: Managed, spec: &api::ManagedDatabase, path: &str, review: &mut Review) {
    match engine {
        Managed::Postgres if spec.max_memory.is_some() => {
            review.reject(format!("{path}.maxMemory"), "maxMemory is for redis", "remove it");
        }
        Managed::Redis if spec.user.is_some() => {
            review.reject(format!("{path}.user"), "user is for postgres", "remove it");
        }
        _ => {}
    }
    let is_user = |user: &str| {
        user.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && user.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if spec.user.as_deref().is_some_and(|user| !is_user(user)) {
        let remedy = "use lower-case letters, digits and '_', starting with a letter";
        review.reject(format!("{path}.user"), "not a name for a user of the database", remedy);
    }
}

fn storage(spec: &api::ManagedDatabase, policy: &Policy, path: &str, review: &mut Review) -> Option<Storage> {
    let class = spec.storage_class_name.clone();
    let class_path = format!("{path}.storageClassName");
    if let Some(class) = &class {
        names::of_object("StorageClass", class, &class_path, review);
    }
    let encrypted = &policy.encrypted_classes;
    if !encrypted.is_empty() && !class.as_ref().is_some_and(|class| encrypted.contains(class)) {
        let problem = format!("policy {} demands encrypted storage", policy.name);
        review.reject(class_path, problem, format!("name one of {}", encrypted.join(", ")));
    }
    let size = bytes(&spec.storage, &format!("{path}.storage"), review)?;
    Some(Storage { size: size.ceil_milli(), class })
}

/// What the data may take, and the resources of the pod: it needs half as much again while Redis writes its data to disk, or the kernel
/// ends it.
fn redis_memory(
    spec: &api::ManagedDatabase,
    policy: &Policy,
    path: &str,
    review: &mut Review,
) -> (Option<Quantity>, Option<ResourceAmounts>) {
    let data = match &spec.max_memory {
        Some(given) => bytes(given, &format!("{path}.maxMemory"), review),
        None => Some(REDIS_MEMORY),
    };
    let Some(data) = data else { return (None, spec.resources.clone()) };
    let least = [data.times(3, 2), REDIS_PROCESS].into_iter().sum::<Quantity>();
    let given = spec.resources.as_ref().and_then(|resources| Quantity::parse(resources.memory.as_deref()?));
    if given.is_some_and(|given| given < least) {
        review.reject(
            format!("{path}.resources.memory"),
            format!("redis with maxMemory {data} needs {least}"),
            format!("give at least {least}, or a smaller maxMemory"),
        );
    }
    (Some(data), Some(with_memory(spec, least.max(policy.defaults.memory))))
}

/// The resources that the spec gives, with this memory where it gives none.
fn with_memory(spec: &api::ManagedDatabase, memory: Quantity) -> ResourceAmounts {
    let mut resources = spec.resources.clone().unwrap_or_default();
    resources.memory.get_or_insert_with(|| memory.to_string());
    resources
}
