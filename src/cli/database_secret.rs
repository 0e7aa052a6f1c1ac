//! `hardened-app database-secret`: the Secrets of managed databases, with generated passwords. The operator has no right to read
//! Secrets, so the user creates them.

use std::{collections::BTreeMap, fmt::Write as _, io::Write, path::PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use rustls::crypto::ring;
use serde_json::{Value, json};

use super::{input::apps, yaml};
use crate::{
    app::{Database, DatabaseForm, ManagedDatabase},
    release::Target,
};

/// Random bytes of a password.
const LENGTH: usize = 32;

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct DatabaseSecret {
    /// Files with HardenedApps; `-` is standard input. Other kinds in them are left out.
    #[arg(short = 'f', long = "filename", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// File with the HardeningPolicy that applies to them; the built-in one if not given.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Only of the database of this name.
    #[arg(long)]
    database: Option<String>,
}

/// Prints one Secret for each managed database in the files. Every run generates other passwords.
///
/// # Errors
/// If a file can't be read, an app or the policy is refused, there is no such database, or two databases name the same Secret.
pub(super) fn print(arguments: &DatabaseSecret, mut out: impl Write) -> anyhow::Result<()> {
    let mut secrets = BTreeMap::new();
    for app in apps(&arguments.files, arguments.policy.as_deref())? {
        let target = Target::of(app);
        for database in target.databases() {
            let wanted = arguments.database.as_ref().is_none_or(|name| name == database.name.as_str());
            let DatabaseForm::Managed(managed) = &database.form else { continue };
            if wanted {
                let name = (target.id.namespace.clone(), managed.password_secret.clone());
                let secret = secret(&target, database, managed)?;
                ensure!(
                    secrets.insert(name, secret).is_none(),
                    "two databases name the Secret {}: give each its own",
                    managed.password_secret
                );
            }
        }
    }
    if secrets.is_empty() {
        match &arguments.database {
            Some(name) => bail!("no managed database {name} in the given files"),
            None => bail!("no app in the given files has a managed database"),
        }
    }
    let secrets: Vec<Value> = secrets.into_values().collect();
    out.write_all(yaml::text(&secrets)?.as_bytes()).context("failed to write")
}

/// What the database reads, and what its clients need to connect.
fn secret(target: &Target, database: &Database, managed: &ManagedDatabase) -> anyhow::Result<Value> {
    let password = password()?;
    let host = format!("{}.{}.svc", target.id.child_name(&database.name), target.id.namespace);
    let port = database.port.to_string();
    let keys = match &managed.user {
        Some(user) => json!({
            "username": user,
            "password": password,
            "dbname": user,
            "uri": format!("postgresql://{user}:{password}@{host}:{port}/{user}"),
            "host": host,
            "port": port,
        }),
        None => json!({
            "password": password,
            "redis.conf": format!("requirepass {password}\n"),
            "uri": format!("redis://default:{password}@{host}:{port}/0"),
            "host": host,
            "port": port,
        }),
    };
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": managed.password_secret, "namespace": target.id.namespace },
        "type": "Opaque",
        "stringData": keys,
    }))
}

/// Hexadecimal digits: they need no escape in a URL, in YAML or in a configuration file.
fn password() -> anyhow::Result<String> {
    let mut bytes = [0; LENGTH];
    let random = ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no random numbers"))?;
    bytes.iter().try_fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}")?;
        Ok(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Secrets for the managed databases of the sample.
    fn printed(database: Option<&str>) -> anyhow::Result<Vec<Value>> {
        let arguments = DatabaseSecret {
            files: vec![concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/samples/databases.yaml").into()],
            policy: None,
            database: database.map(str::to_owned),
        };
        let mut text = Vec::new();
        print(&arguments, &mut text)?;
        yaml::documents(std::str::from_utf8(&text)?)
    }

    #[test]
    fn each_managed_database_gets_a_secret_with_what_it_reads_and_its_clients_need() {
        let secrets = printed(None).unwrap();
        let names: Vec<_> = secrets.iter().map(|secret| secret["metadata"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["store-cache", "store-db"]);
        let [redis, postgres] = [&secrets[0]["stringData"], &secrets[1]["stringData"]];
        let password = |keys: &Value| keys["password"].as_str().unwrap().to_owned();
        assert_eq!(redis["redis.conf"], format!("requirepass {}\n", password(redis)));
        assert_eq!(redis["uri"], format!("redis://default:{}@store-cache.demo.svc:6379/0", password(redis)));
        let uri = format!("postgresql://app:{}@store-db.demo.svc:5432/app", password(postgres));
        assert_eq!((&postgres["uri"], &postgres["username"]), (&json!(uri), &json!("app")));
    }

    #[test]
    fn every_password_is_another_one_of_64_hexadecimal_digits() {
        let passwords: Vec<String> = (0..4)
            .flat_map(|_| printed(None).unwrap())
            .map(|secret| secret["stringData"]["password"].as_str().unwrap().to_owned())
            .collect();
        assert!(passwords.iter().all(|it| it.len() == 64 && it.bytes().all(|b| b.is_ascii_hexdigit())));
        assert_eq!(passwords.iter().collect::<std::collections::BTreeSet<_>>().len(), 8);
    }

    #[test]
    fn a_database_that_is_not_managed_has_no_secret() {
        assert_eq!(printed(Some("db")).unwrap().len(), 1);
        assert!(printed(Some("orders")).unwrap_err().to_string().contains("no managed database orders"));
    }
}
