//! The databases in the node's registry run hardened and with a password. The pods are written by hand, so this shows what the
//! images are good for.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use serde_json::json;
use tokio::process::Command;

use crate::inside::{Ended, run};
use crate::place::Place;
use crate::pod::{address, create, hardened, process, ready};
use crate::processes::powers_of;

const PASSWORD: &str = "correct horse";

const POSTGRES_USER: u32 = 54320;
const REDIS_USER: u32 = 63790;

/// The programs of the image, for those that are run in it.
const POSTGRES_PATH: (&str, &str) = ("PATH", "/bin:/usr/lib/postgresql/15/bin");

fn postgres() -> Result<Pod> {
    let container = json!({
        "image": "registry.example.com/postgres:15",
        "env": [
            { "name": "POSTGRES_USER", "value": "shop" },
            { "name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/database/password" },
            // Without them PostgreSQL trusts its own machine.
            { "name": "POSTGRES_INITDB_ARGS", "value": "--auth-host=scram-sha-256 --auth-local=scram-sha-256" },
            { "name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata" },
        ],
        "readinessProbe": { "exec": { "command": ["pg_isready", "-U", "shop", "-h", "127.0.0.1"] }, "periodSeconds": 1 },
        "volumeMounts": [
            { "name": "data", "mountPath": "/var/lib/postgresql/data" },
            { "name": "run", "mountPath": "/var/run/postgresql" },
            { "name": "tmp", "mountPath": "/tmp" },
            { "name": "password", "mountPath": "/run/secrets/database", "readOnly": true },
        ],
    });
    let volumes = json!([
        { "name": "data", "persistentVolumeClaim": { "claimName": "data" } },
        { "name": "run", "emptyDir": {} },
        { "name": "tmp", "emptyDir": {} },
        { "name": "password", "secret": { "secretName": "database" } },
    ]);
    hardened("postgres", POSTGRES_USER, container, &volumes)
}

fn redis() -> Result<Pod> {
    let container = json!({
        "image": "registry.example.com/redis:7",
        "args": ["/run/secrets/database/redis.conf"],
        "readinessProbe": { "tcpSocket": { "port": 6379 }, "periodSeconds": 1 },
        "volumeMounts": [
            { "name": "data", "mountPath": "/data" },
            { "name": "password", "mountPath": "/run/secrets/database", "readOnly": true },
        ],
    });
    let volumes = json!([
        { "name": "data", "emptyDir": {} },
        { "name": "password", "secret": { "secretName": "database" } },
    ]);
    hardened("redis", REDIS_USER, container, &volumes)
}

/// A pod of an image that does nothing; its programs are the clients.
fn client(image: &str, user: u32) -> Result<Pod> {
    let container = json!({ "image": image, "command": ["/bin/busybox", "sleep", "infinity"] });
    hardened("client", user, container, &json!([]))
}

/// Executes a statement over TCP, from another pod.
async fn sql(client: &Pod, server: &Pod, password: &str, statement: &str) -> Result<Ended> {
    let environment = [POSTGRES_PATH, ("PGPASSWORD", password), ("PGCONNECT_TIMEOUT", "5")];
    let host = address(server)?.to_string();
    let command = ["psql", "--host", &host, "--username=shop", "--no-align", "--tuples-only", "--command", statement];
    let client = process(client)?;
    run(&client, &client, POSTGRES_USER, &environment, &command).await
}

#[tokio::test]
async fn postgres_runs_hardened_with_a_password_and_keeps_its_data() -> Result<()> {
    let place = Place::restricted("postgres").await?;
    place
        .create::<Secret>(json!({ "metadata": { "name": "database" }, "stringData": { "password": PASSWORD } }))
        .await?;
    let size = json!({ "requests": { "storage": "100Mi" } });
    let claim =
        json!({ "metadata": { "name": "data" }, "spec": { "accessModes": ["ReadWriteOnce"], "resources": size } });
    place.create::<PersistentVolumeClaim>(claim).await?;
    let client = create(&place.api(), client("registry.example.com/postgres:15", POSTGRES_USER)?).await?;
    let server = create(&place.api(), postgres()?).await?;
    assert!(powers_of(&server, POSTGRES_USER.into(), POSTGRES_USER.into())?.is_empty());

    let written =
        sql(&client, &server, PASSWORD, "create table orders as select 42 as id; select current_database()").await?;
    assert!(written.succeeded && written.output.ends_with("shop"), "{}", written.output);
    let refused = sql(&client, &server, "wrong", "select 1").await?;
    assert!(!refused.succeeded && refused.output.contains("password authentication failed"), "{}", refused.output);

    // The first process of a container has the lowest id. The kubelet starts the container anew, with the same volume.
    let first = process(&server)?;
    let first = first.file_name().context("no process id")?;
    assert!(Command::new("kill").arg("-INT").arg(first).status().await?.success());
    let server = ready(&place.api(), &server, 1).await?;
    let kept = sql(&client, &server, PASSWORD, "select id from orders").await?;
    assert_eq!(kept.output, "42");
    Ok(())
}

#[tokio::test]
async fn redis_runs_hardened_with_a_password() -> Result<()> {
    let place = Place::restricted("redis").await?;
    let settings = format!("requirepass \"{PASSWORD}\"\n");
    place
        .create::<Secret>(json!({ "metadata": { "name": "database" }, "stringData": { "redis.conf": settings } }))
        .await?;
    let client = create(&place.api(), client("registry.example.com/redis:7", REDIS_USER)?).await?;
    let server = create(&place.api(), redis()?).await?;
    assert!(powers_of(&server, REDIS_USER.into(), REDIS_USER.into())?.is_empty());

    let host = address(&server)?.to_string();
    let ask = async |password: &str, command: &[&str]| {
        let connect = ["redis-cli", "--no-auth-warning", "-h", &host, "-a", password];
        let client = process(&client)?;
        let ended = run(&client, &client, REDIS_USER, &[("PATH", "/usr/bin")], &[&connect, command].concat()).await?;
        anyhow::Ok(ended.output)
    };
    assert_eq!(ask(PASSWORD, &["set", "order", "42"]).await?, "OK");
    assert_eq!(ask(PASSWORD, &["get", "order"]).await?, "42");
    let refused = ask("wrong", &["get", "order"]).await?;
    assert!(refused.contains("WRONGPASS") && refused.contains("NOAUTH"), "{refused}");
    Ok(())
}
