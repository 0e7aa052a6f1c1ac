//! Versions of the sample with a migration: each adds something to the database, and its pods read it before they serve.

use anyhow::{Context, Result, ensure};
use hardened_app::api::{EnvVar, HardenedApp, RequiredKey, RequiredSecret};
use k8s_openapi::api::core::v1::Pod;

use crate::client::POSTGRES;
use crate::samples::with_digests;

const SAMPLE: &str = include_str!("../../../../deploy/samples/migration.yaml");

/// Names the version in the environment of its pods.
const VERSION: &str = "VERSION";

/// Runs the steps as the owner of the tables, and gives them the password of the components' role. Without the results of queries, so that
/// the last line of the log says why a step failed.
const MIGRATE: &str = r#"echo "$STEPS" | psql "$(cat /run/secrets/tickets-db/uri)" -q -o /dev/null -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/tickets-web/PASSWORD)""#;

/// Ends at once where the database hasn't what this version reads.
const SERVE: &str = r#"psql "$(cat /run/secrets/tickets-web/DATABASE_URL)" -Atc "$READS" >/tmp/read && exec /app/web"#;

/// What differs between versions.
#[derive(Clone, Copy)]
pub(super) struct Version {
    pub(super) number: &'static str,
    /// SQL of the migration.
    pub(super) steps: &'static str,
    /// SQL of its pods, before they serve.
    pub(super) reads: &'static str,
    /// A Secret that it needs beside those of the sample, with the key `TOKEN` of at least 16 characters.
    pub(super) secret: Option<&'static str>,
}

/// Makes the table, with one row, the role of the components, and the number of runs: a sequence isn't set back where a step fails.
pub(super) const FIRST: Version = Version {
    number: "1",
    steps: "CREATE SEQUENCE runs; SELECT nextval('runs'); CREATE TABLE tickets (id int PRIMARY KEY); INSERT INTO tickets VALUES (1); \
            CREATE ROLE web LOGIN PASSWORD :'password'; GRANT SELECT ON tickets TO web;",
    reads: "SELECT id FROM tickets",
    secret: None,
};

/// The Secret that the last version needs.
pub(super) const SECRET: &str = "tickets-mail";

impl Version {
    /// The sample in this version, with what the node's registry has.
    pub(super) fn app(&self, namespace: &str) -> Result<HardenedApp> {
        let mut app: HardenedApp = serde_saphyr::from_str(&sample(namespace)?)?;
        let web = app.spec.components.first_mut().context("the sample has no component")?;
        web.command = shell(SERVE);
        web.env = vec![variable(VERSION, self.number), variable("READS", self.reads)];
        web.secrets.extend(self.secret.map(str::to_owned));
        let key = RequiredKey { name: "TOKEN".to_owned(), min_length: Some(16), ..RequiredKey::default() };
        let required = self.secret.map(|name| RequiredSecret { name: name.to_owned(), keys: vec![key] });
        app.spec.secrets.extend(required);
        let migration = app.spec.migration.as_mut().context("the sample has no migration")?;
        migration.command = shell(MIGRATE);
        migration.env.push(variable("STEPS", self.steps));
        migration.retries = Some(1);
        Ok(app)
    }

    /// Whether a pod is one of this version.
    pub(super) fn runs_in(&self, pod: &Pod) -> bool {
        let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
        let mut environment = containers.iter().flat_map(|container| container.env.as_deref().unwrap_or_default());
        environment.any(|set| set.name == VERSION && set.value.as_deref() == Some(self.number))
    }
}

/// The sample in the namespace of the test.
pub(super) fn sample(namespace: &str) -> Result<String> {
    let mut sample = with_digests(SAMPLE, &[("tickets/web:1.4.0", "8")])?;
    for (old, new) in [POSTGRES, ("namespace: demo", &*format!("namespace: {namespace}"))] {
        ensure!(sample.contains(old), "the sample has no {old}");
        sample = sample.replace(old, new);
    }
    Ok(sample)
}

/// The version in the text of `/proc/self/environ`.
pub(super) fn named_in(environment: &str) -> Option<&str> {
    environment.split('\0').find_map(|variable| variable.strip_prefix(VERSION)?.strip_prefix('='))
}

fn shell(line: &str) -> Vec<String> {
    ["sh", "-ec", line].map(str::to_owned).into()
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), secret_key: None }
}
