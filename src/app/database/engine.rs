//! What the operator knows of each kind of database.

use std::collections::BTreeMap;

use crate::{
    api::{self, Component, ComponentPort, Engine, EnvVar, ExecProbe, Probe, Probes, WritablePath},
    app::{quantity::Quantity, template::SECRETS},
};

/// The port that a database of this kind has everywhere.
pub(super) const fn port(engine: Engine) -> Option<u16> {
    match engine {
        Engine::Postgres => Some(5432),
        Engine::Mysql => Some(3306),
        Engine::Redis => Some(6379),
        Engine::Mongodb => Some(27017),
        Engine::Other => None,
    }
}

/// A kind of database that the operator can run.
#[derive(Clone, Copy)]
pub(super) enum Managed {
    Postgres,
    Redis,
}

impl Managed {
    pub(super) const fn of(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Postgres => Some(Self::Postgres),
            Engine::Redis => Some(Self::Redis),
            Engine::Mysql | Engine::Mongodb | Engine::Other => None,
        }
    }

    /// Where its volume is mounted.
    pub(super) const fn data(self) -> &'static str {
        match self {
            Self::Postgres => "/var/lib/postgresql/data",
            Self::Redis => "/data",
        }
    }

    /// User and group of its process: one per engine, so that a process of one can't read files of the other on a shared disk.
    const fn user(self) -> i64 {
        match self {
            Self::Postgres => 15432,
            Self::Redis => 16379,
        }
    }

    /// The component that runs it. `memory` is what the data of Redis may take.
    pub(super) fn component(
        self,
        name: &str,
        spec: &api::ManagedDatabase,
        port: u16,
        memory: Option<Quantity>,
    ) -> Component {
        let component = Component {
            name: name.to_owned(),
            image: spec.image.clone(),
            user: Some(self.user()),
            ports: vec![ComponentPort { name: self.port_name(), port: port.into(), ..ComponentPort::default() }],
            resources: spec.resources.clone(),
            ..Component::default()
        };
        match self {
            Self::Postgres => postgres(component, spec, port),
            Self::Redis => redis(component, spec, port, memory),
        }
    }

    /// The user that clients connect as, and the name of their database, where there are such.
    pub(super) fn user_name(self, spec: &api::ManagedDatabase) -> Option<&str> {
        match self {
            Self::Postgres => Some(spec.user.as_deref().unwrap_or("app")),
            Self::Redis => None,
        }
    }

    fn port_name(self) -> String {
        match self {
            Self::Postgres => "postgres".to_owned(),
            Self::Redis => "redis".to_owned(),
        }
    }
}

/// By the variables that the official image documents (<https://hub.docker.com/_/postgres>).
fn postgres(component: Component, spec: &api::ManagedDatabase, port: u16) -> Component {
    let user = Managed::Postgres.user_name(spec).unwrap_or_default();
    let env = BTreeMap::from([
        // "If the data volume you're using is a filesystem mountpoint (like with GCE persistent disks) … we recommend a subdirectory".
        ("PGDATA", format!("{}/pgdata", Managed::Postgres.data())),
        ("PGPORT", port.to_string()),
        ("POSTGRES_USER", user.to_owned()),
        ("POSTGRES_PASSWORD_FILE", format!("{SECRETS}/{}/password", spec.password_secret)),
        ("POSTGRES_HOST_AUTH_METHOD", "scram-sha-256".to_owned()),
        // Without it everyone in the container connects as every user.
        ("POSTGRES_INITDB_ARGS", "--auth=scram-sha-256 --data-checksums".to_owned()),
    ]);
    let ready = || Probe {
        exec: Some(ExecProbe {
            command: ["pg_isready", "--quiet", "--host=127.0.0.1", &format!("--username={user}")]
                .map(str::to_owned)
                .to_vec(),
        }),
        timeout_seconds: Some(5),
        ..Probe::default()
    };
    Component {
        env: env
            .into_iter()
            .map(|(name, value)| EnvVar { name: name.to_owned(), value: Some(value), secret_key: None })
            .collect(),
        writable_paths: vec![WritablePath { path: "/var/run/postgresql".to_owned(), size: "16Mi".to_owned() }],
        probes: Some(Probes {
            readiness: Some(ready()),
            liveness: Some(ready()),
            // After a crash it reads its log before it accepts connections: an hour, every ten seconds.
            startup: Some(Probe { period_seconds: Some(10), failure_threshold: Some(360), ..ready() }),
        }),
        ..component
    }
}

/// The password comes from an included file: arguments are visible to every reader of the pod.
fn redis(component: Component, spec: &api::ManagedDatabase, port: u16, memory: Option<Quantity>) -> Component {
    let options = [
        ("include", format!("{SECRETS}/{}/redis.conf", spec.password_secret)),
        ("port", port.to_string()),
        ("dir", Managed::Redis.data().to_owned()),
        ("appendonly", "yes".to_owned()),
        ("maxmemory", memory.map_or(0, Quantity::ceil).to_string()),
        ("maxmemory-policy", "allkeys-lru".to_owned()),
    ];
    let options = options.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]);
    Component { args: ["redis-server".to_owned()].into_iter().chain(options).collect(), ..component }
}
