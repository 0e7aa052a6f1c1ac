//! The sample with databases: those that the operator runs work, and only their clients reach them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::node::{ADDRESS, packets, world};
use e2e::{Namespace, until};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, ListParams};

use crate::client::{POSTGRES, REDIS, as_client, create_secrets, first, secret};
use crate::inside::Ended;
use crate::place::{LIMIT, MARK, Place, RESTRICTED};
use crate::pod;
use crate::predicted::{Ends, STANDING};
use crate::processes::powers_of;
use crate::reach::{Cell, Field};
use crate::samples::with_digests;

const SAMPLE: &str = include_str!("../../../deploy/samples/databases.yaml");

/// The user ids that the operator gives to databases.
const USERS: [(&str, i64); 2] = [("store.db", 15432), ("store.cache", 16379)];

/// What the sample declares. Beside it nothing reaches a database, and no pods but `neighbour` and `stranger`, which have no policy, anything else.
const DECLARED: [(&str, &str, u16); 6] = [
    ("web", "db", 5432),
    ("web", "cache", 6379),
    ("web", "orders", 5432),
    ("report", "ledger", 3306),
    ("neighbour", "ledger", 3306),
    ("stranger", "ledger", 3306),
];

const SOURCES: [&str; 7] = ["web", "report", "neighbour", "stranger", "db", "cache", "node"];

/// A port on which the databases listen without declaring it.
const UNDECLARED: u16 = 8081;

const TARGETS: [(&str, u16); 7] = [
    ("db", 5432),
    ("cache", 6379),
    ("orders", 5432),
    ("ledger", 3306),
    ("db", UNDECLARED),
    ("cache", UNDECLARED),
    ("orders", UNDECLARED),
];

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

/// The ends of the sample, by their names in the predictions.
fn ends() -> Ends {
    let pods = [
        ("demo/store-web", "web"),
        ("demo/store-report", "report"),
        ("demo/store-db", "db"),
        ("demo/store-cache", "cache"),
        ("pods cnpg.io/cluster=orders of namespace demo", "orders"),
        ("other pods in demo", "neighbour"),
        ("pods of other namespaces", "stranger"),
    ];
    let outside = [("addresses 192.0.2.5/32", "ledger", 3306), ("Internet 203.0.113.1", "internet", 443)];
    Ends {
        pods: pods.map(|(predicted, name)| (predicted.to_owned(), name)).into(),
        ports: &[53, 3306, 5432, 6379, 8080],
        others: STANDING.into_iter().chain(outside).collect(),
    }
}

/// The sample with what the node's registry has, in the namespace of the test.
fn adapted(place: &Place) -> Result<String> {
    let mut sample = with_digests(SAMPLE, &[("store/web:3.0.0", "6"), ("store/report:3.0.0", "7")])?;
    for (old, new) in [POSTGRES, REDIS, ("namespace: demo", &*format!("namespace: {}", place.name()))] {
        ensure!(sample.contains(old), "the sample has no {old}");
        sample = sample.replace(old, new);
    }
    Ok(sample)
}

async fn field(place: &Place, elsewhere: &Namespace) -> Result<Field> {
    let mut field = Field::default();
    let pods = place.api::<Pod>();
    field.add("neighbour", &pod::create(&pods, pod::guest("neighbour", ("app", "neighbour"), 8080)?).await?)?;
    field.add("orders", &pod::create(&pods, pod::guest("orders-1", ("cnpg.io/cluster", "orders"), 5432)?).await?)?;
    let others = elsewhere.api::<Pod>();
    field.add("stranger", &pod::create(&others, pod::guest("stranger", ("app", "stranger"), 8080)?).await?)?;
    for name in ["web", "report", "db", "cache"] {
        field.add(name, &first(place, &format!("store.{name}")).await?)?;
    }
    let system: Api<Pod> = Api::namespaced(place.client.clone(), "kube-system");
    let dns = system.list(&ListParams::default().labels("k8s-app=kube-dns")).await?;
    let dns = pod::address(dns.items.first().context("no DNS server")?)?;
    let [internet, _, ledger] = world::INTERNET;
    field.sources.insert("node".to_owned(), "/proc/self".into());
    field.targets.extend([
        ("ledger".to_owned(), ledger.parse()?),
        ("internet".to_owned(), internet.parse()?),
        ("metadata".to_owned(), world::METADATA.parse()?),
        ("dns".to_owned(), dns),
        ("node".to_owned(), ADDRESS.into()),
    ]);
    Ok(field)
}

/// Runs a statement as the client that has what the Secret says.
async fn sql(place: &Place, web: &Path, statement: &str) -> Result<Ended> {
    let uri = secret(place, "store-db", "uri").await?;
    as_client(place, web, "store.db", &["psql", &uri, "-Atc", statement]).await
}

/// Runs a command of Redis with a password, or without one. Not by the URI: redis-cli 7.0 takes the user name that it leaves out for an
/// empty one, which the server refuses.
async fn redis(place: &Place, web: &Path, password: Option<&str>, command: &[&str]) -> Result<String> {
    let host = secret(place, "store-cache", "host").await?;
    let password = password.map(|password| ["-a", password]);
    let connect = ["redis-cli", "--no-auth-warning", "-h", &host];
    let words: Vec<&str> =
        connect.into_iter().chain(password.into_iter().flatten()).chain(command.iter().copied()).collect();
    Ok(as_client(place, web, "store.cache", &words).await?.output)
}

#[tokio::test]
async fn the_databases_of_the_sample_serve_their_clients_and_nobody_else() -> Result<()> {
    let place = Place::restricted("databases").await?;
    let elsewhere = Namespace::labelled(&place.client, "elsewhere", &[MARK, RESTRICTED]).await?;
    let sample = adapted(&place)?;
    create_secrets(&place, &sample).await?;
    let app = place.app(&sample).await?;
    place.ready(&app).await?;
    for (workload, user) in USERS {
        assert_eq!(powers_of(&first(&place, workload).await?, user, user)?, Vec::<String>::new(), "{workload}");
    }
    let field = field(&place, &elsewhere).await?;
    let mut listeners = Vec::new();
    for name in ["db", "cache", "orders"] {
        listeners.push(packets::listen(field.sources.get(name).context("no such pod")?, UNDECLARED).await?);
    }
    field.agrees(&expected()).await?;
    // Also what the table above leaves out: DNS, the metadata service, the API server, other ports.
    let ends = ends();
    listeners.extend(ends.listen(&field).await?);
    field.agrees(&ends.cells(SAMPLE)?).await?;

    // What is in the Secret is all that a client needs.
    let web = field.sources.get("web").context("no web")?;
    assert_eq!(sql(&place, web, "select 6 * 7").await?.output, "42");
    let uri = secret(&place, "store-db", "uri").await?;
    let wrong = uri.replace(&secret(&place, "store-db", "password").await?, "wrong");
    let answer = as_client(&place, web, "store.db", &["psql", &wrong, "-Atc", "select 6 * 7"]).await?;
    assert!(!answer.succeeded && answer.output.contains("password authentication failed"), "{}", answer.output);
    let password = secret(&place, "store-cache", "password").await?;
    assert_eq!(redis(&place, web, Some(&password), &["ping"]).await?, "PONG");
    for wrong in [None, Some("wrong")] {
        let refused = redis(&place, web, wrong, &["get", "order"]).await?;
        assert!(refused.contains("NOAUTH"), "{wrong:?}: {refused}");
    }
    Ok(())
}

#[tokio::test]
async fn managed_databases_keep_their_data() -> Result<()> {
    let place = Place::restricted("kept").await?;
    let sample = adapted(&place)?;
    create_secrets(&place, &sample).await?;
    let app = place.app(&sample).await?;
    place.ready(&app).await?;
    let web = pod::process(&first(&place, "store.web").await?)?;
    let password = secret(&place, "store-cache", "password").await?;
    let written = sql(&place, &web, "create table orders as select 42 as id").await?;
    assert!(written.succeeded, "{}", written.output);
    assert_eq!(redis(&place, &web, Some(&password), &["set", "order", "42"]).await?, "OK");
    let are_kept = async |after: &str| {
        assert_eq!(sql(&place, &web, "select id from orders").await?.output, "42", "after {after}");
        assert_eq!(redis(&place, &web, Some(&password), &["get", "order"]).await?, "42", "after {after}");
        anyhow::Ok(())
    };

    let (pods, databases) = (place.api::<Pod>(), ["store-db-0", "store-cache-0"]);
    for name in databases {
        let pod = pods.get(name).await?;
        pod::kill(&pod).await?;
        // The kubelet starts the container anew, with the same volume.
        pod::ready(&pods, &pod, 1).await?;
    }
    are_kept("their containers were killed").await?;

    for name in databases {
        let uid = pods.get(name).await?.metadata.uid;
        pods.delete(name, &DeleteParams::default()).await?;
        until(&format!("{name} is another pod"), LIMIT, async || {
            Ok(pods.get_opt(name).await?.filter(|pod| pod.metadata.uid != uid))
        })
        .await?;
        pod::ready(&pods, &pods.get(name).await?, 0).await?;
    }
    are_kept("their pods were deleted").await
}
