//! `hardened-app render` reads what the API server reads: thousands of generated documents are sent to both. The API server
//! reads YAML by the library that kubectl uses (sigs.k8s.io/yaml), and answers a dry run with the object that it would store.

mod differences;
mod document;
mod scalars;
mod tree;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use futures::stream::{StreamExt, iter};
use hardened_app::api::{HardenedApp, HardenedAppSpec};
use hardened_app::app::{App, Policy};
use hardened_app::cli;
use http::Request;
use kube::Client;
use serde_json::Value;

use crate::scene::Scene;
use differences::{DOCUMENTED, Outcome, documented};
use e2e::Random;

/// Number of documents.
const DOCUMENTS: usize = 6000;
/// Requests at a time.
const PARALLEL: usize = 16;

/// What a reader made of a document: spec, labels and annotations; or why it refused it.
type Answer = Result<Value, String>;

fn read_object(spec: &HardenedAppSpec, app: &HardenedApp) -> Value {
    let metadata =
        (app.metadata.labels.clone().unwrap_or_default(), app.metadata.annotations.clone().unwrap_or_default());
    serde_json::json!([spec, metadata])
}

/// The API server's answer to a dry run.
async fn server(client: &Client, namespace: &str, document: &str) -> Result<Answer> {
    let path =
        format!("/apis/hardened.dev/v1alpha1/namespaces/{namespace}/hardenedapps?dryRun=All&fieldValidation=Strict");
    let request = Request::post(path).header("content-type", "application/yaml").body(document.as_bytes().to_vec())?;
    match client.request::<Value>(request).await {
        Ok(stored) => {
            let app: HardenedApp = serde_json::from_value(stored)?;
            Ok(Ok(read_object(&app.spec, &app)))
        }
        Err(kube::Error::Api(status)) => Ok(Err(status.message)),
        Err(error) => Err(error.into()),
    }
}

/// What `render` makes of a document before it builds children: read, and, apart from that, accepted.
fn ours(document: &str) -> (Answer, Result<(), String>) {
    match cli::read::<HardenedApp>(document, "HardenedApp").as_deref() {
        Ok([app]) => {
            let accepted =
                App::accept(app, &Policy::default()).map(drop).map_err(|rejections| format!("{rejections:?}"));
            (Ok(read_object(&app.spec, app)), accepted)
        }
        Ok(apps) => (Err(format!("{} objects", apps.len())), Ok(())),
        Err(error) => (Err(format!("{error:#}")), Ok(())),
    }
}

fn compare(document: &str, server: Answer) -> Outcome {
    let (read, accepted) = ours(document);
    match (server, read) {
        (Ok(stored), Ok(read)) if stored == read => Outcome::Agree { accepted: accepted.is_ok() },
        (Ok(stored), Ok(read)) => Outcome::Otherwise(stored, read),
        (Ok(_), Err(error)) => Outcome::OnlyWeRefuse(error),
        (Err(_), Err(_)) => Outcome::BothRefuse,
        (Err(_), Ok(_)) if accepted.is_err() => Outcome::BothRefuse,
        (Err(message), Ok(_)) => Outcome::OnlyServerRefuses(message),
    }
}

#[test]
fn documents_in_one_text_are_read_one_by_one() -> Result<()> {
    let mut random = Random::seeded(11);
    let documents: Vec<String> = (0..1000).map(|_| document::generate(&mut random)).collect();
    // A document that has its own separators is none by itself.
    let readable = documents.iter().filter(|document| ours(document).0.is_ok() && !document.contains("..."));
    let readable: Vec<&str> = readable.map(|document| document.trim_start_matches("---\n")).collect();
    ensure!(readable.len() > 250, "only {} documents", readable.len());
    for several in readable.chunks(9) {
        let joined = several.join("\n---\n");
        let read = cli::read::<HardenedApp>(&joined, "HardenedApp").with_context(|| joined.clone())?;
        let apart: Vec<Answer> = several.iter().map(|document| ours(document).0).collect();
        let together: Vec<Answer> = read.iter().map(|app| Ok(read_object(&app.spec, app))).collect();
        assert_eq!(together, apart, "{joined}");
    }
    Ok(())
}

#[tokio::test]
async fn render_and_the_api_server_read_the_same() -> Result<()> {
    let scene = Scene::open("reading").await?;
    let mut random = Random::seeded(23);
    let documents: Vec<String> = (0..DOCUMENTS).map(|_| document::generate(&mut random)).collect();
    let (client, namespace) = (&scene.client, scene.name());
    let answers = iter(&documents).map(async |document| server(client, namespace, document).await);
    let answers: Vec<Result<Answer>> = answers.buffered(PARALLEL).collect().await;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for (document, answer) in documents.iter().zip(answers) {
        let outcome = compare(document, answer?);
        let name = match documented(document).filter(|_| !outcome.is_agreement()) {
            Some(known) => known.reason,
            None => outcome.name(),
        };
        *counts.entry(name).or_default() += 1;
        if name == outcome.name() && !outcome.is_agreement() {
            failures.push(format!("{name}: {}\n{document}", outcome.message()));
        }
    }
    let counted: Vec<String> = counts.iter().map(|(name, count)| format!("{count:5} {name}")).collect();
    println!("{DOCUMENTS} documents:\n{}", counted.join("\n"));
    let first = failures.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n----\n");
    ensure!(failures.is_empty(), "{} of {DOCUMENTS} differ; the first:\n{first}", failures.len());
    // The test would show nothing if all documents were bad, or if an entry of the list had become untrue.
    for (name, least) in [("read the same and accepted", DOCUMENTS / 4), ("refused by both", DOCUMENTS / 4)] {
        ensure!(counts.get(name).is_some_and(|count| *count >= least), "too few: {name}");
    }
    for known in &DOCUMENTED {
        ensure!(counts.contains_key(known.reason), "no longer a difference: {}", known.reason);
    }
    Ok(())
}
