//! The sample with databases: those that the operator runs work, and only their clients reach them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::node::world;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::PostParams;

use crate::cli;
use crate::inside::{Ended, run};
use crate::place::Place;
use crate::pod;
use crate::processes::powers_of;
use crate::reach::{Cell, Field};
use crate::samples::with_digests;

const SAMPLE: &str = include_str!("../../../deploy/samples/databases.yaml");

/// The images that the sample names, and those of the node's registry.
const IMAGES: [(&str, &str); 2] = [
    ("docker.io/library/postgres:17.6", "registry.example.com/postgres:15"),
    ("docker.io/library/redis:8.2", "registry.example.com/redis:7"),
];

/// The user ids that the operator gives to databases.
const USERS: [(&str, i64); 2] = [("store.db", 15432), ("store.cache", 16379)];

/// What the sample declares. Beside it nothing reaches a database, and no pod but `neighbour`, which has no policy, anything else.
const DECLARED: [(&str, &str, u16); 5] = [
    ("web", "db", 5432),
    ("web", "cache", 6379),
    ("web", "orders", 5432),
    ("report", "ledger", 3306),
    ("neighbour", "ledger", 3306),
];

const SOURCES: [&str; 6] = ["web", "report", "neighbour", "db", "cache", "node"];

const TARGETS: [(&str, u16); 4] = [("db", 5432), ("cache", 6379), ("orders", 5432), ("ledger", 3306)];

fn expected() -> Vec<Cell> {
    let mut cells = Vec::new();
    for from in SOURCES {
        for (to, port) in TARGETS {
            if to != from {
                // The node reaches everything, which shows that something listens everywhere.
                let allowed = from == "node" || DECLARED.contains(&(from, to, port));
                cells.push(Cell {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    port,
                    protocol: "TCP".to_owned(),
                    allowed,
                });
            }
        }
    }
    cells
}

/// The sample with what the node's registry has, in the namespace of the test.
fn adapted(place: &Place) -> Result<String> {
    let mut sample = with_digests(SAMPLE, &[("store/web:3.0.0", "6"), ("store/report:3.0.0", "7")])?;
    for (old, new) in IMAGES.into_iter().chain([("namespace: demo", &*format!("namespace: {}", place.name()))]) {
        ensure!(sample.contains(old), "the sample has no {old}");
        sample = sample.replace(old, new);
    }
    Ok(sample)
}

/// Creates the Secrets that `hardened-app database-secret` prints for the sample.
async fn create_secrets(place: &Place, sample: &str) -> Result<()> {
    let printed = cli::print(&["database-secret"], sample)?;
    for secret in serde_saphyr::from_multiple::<Secret>(&printed)? {
        place.api::<Secret>().create(&PostParams::default(), &secret).await?;
    }
    Ok(())
}

async fn field(place: &Place) -> Result<Field> {
    let mut field = Field::default();
    let pods = place.api::<Pod>();
    field.add("neighbour", &pod::create(&pods, pod::guest("neighbour", ("app", "neighbour"), 8080)?).await?)?;
    field.add("orders", &pod::create(&pods, pod::guest("orders-1", ("cnpg.io/cluster", "orders"), 5432)?).await?)?;
    for name in ["web", "report", "db", "cache"] {
        field.add(name, &first(place, &format!("store.{name}")).await?)?;
    }
    let [.., ledger] = world::INTERNET;
    field.sources.insert("node".to_owned(), "/proc/self".into());
    field.targets.insert("ledger".to_owned(), ledger.parse()?);
    Ok(field)
}

async fn first(place: &Place, workload: &str) -> Result<Pod> {
    place.pods(workload).await?.into_iter().next().with_context(|| format!("{workload} has no pod"))
}

/// A value of a Secret.
async fn secret(place: &Place, name: &str, key: &str) -> Result<String> {
    let secret = place.api::<Secret>().get(name).await?;
    let value = secret.data.and_then(|mut data| data.remove(key)).with_context(|| format!("{name} has no {key}"))?;
    Ok(String::from_utf8(value.0)?)
}

/// Runs a client of a database's image in the network of another pod, so that the policies for that pod apply.
async fn as_client(place: &Place, network: &Path, workload: &str, command: &[&str]) -> Result<Ended> {
    let files = pod::process(&first(place, workload).await?)?;
    let environment = [("PATH", "/bin:/usr/bin:/usr/lib/postgresql/15/bin"), ("PGCONNECT_TIMEOUT", "5")];
    run(network, &files, 65532, &environment, command).await
}

#[tokio::test]
async fn the_databases_of_the_sample_serve_their_clients_and_nobody_else() -> Result<()> {
    let place = Place::restricted("databases").await?;
    let sample = adapted(&place)?;
    create_secrets(&place, &sample).await?;
    let app = place.app(&sample).await?;
    place.ready(&app).await?;
    for (workload, user) in USERS {
        assert_eq!(powers_of(&first(&place, workload).await?, user, user)?, Vec::<String>::new(), "{workload}");
    }
    let field = field(&place).await?;
    field.agrees(&expected()).await?;

    // What is in the Secret is all that a client needs.
    let web = field.sources.get("web").context("no web")?;
    let uri = secret(&place, "store-db", "uri").await?;
    let answer = as_client(&place, web, "store.db", &["psql", &uri, "-Atc", "select 6 * 7"]).await?;
    assert_eq!(answer.output, "42");
    let wrong = uri.replace(&secret(&place, "store-db", "password").await?, "wrong");
    let answer = as_client(&place, web, "store.db", &["psql", &wrong, "-Atc", "select 6 * 7"]).await?;
    assert!(!answer.succeeded && answer.output.contains("password authentication failed"), "{}", answer.output);
    // Not by the URI: redis-cli 7.0 takes the user name that it leaves out for an empty one, which the server refuses.
    let (host, password) =
        (secret(&place, "store-cache", "host").await?, secret(&place, "store-cache", "password").await?);
    let command = ["redis-cli", "--no-auth-warning", "-h", &host, "-a", &password, "ping"];
    let answer = as_client(&place, web, "store.cache", &command).await?;
    assert_eq!(answer.output, "PONG");
    Ok(())
}
