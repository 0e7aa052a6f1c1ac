//! Makes the mistakes of one sort, one after the other, in an app that runs.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use hardened_app::api::{HardenedApp, HardeningPolicy, POLICY_LABEL};
use hardened_app::app::{App, Policy, Rejection};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams, ValidationDirective};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::Sort;
use super::row::{Caught, Row, good, says};
use crate::policies::policy;
use crate::scene::{Scene, web_kinds};

/// The app that is good until somebody makes a mistake.
const APP: &str = "shop";

/// What became of the rows, in words; none of those in which all was as it must be.
pub(super) async fn failures(sort: &Sort) -> Result<Vec<String>> {
    let trial = Trial::begin(sort).await.context(sort.name)?;
    let mut failures = Vec::new();
    for row in sort.rows {
        if let Err(error) = trial.row(row).await {
            failures.push(format!("{}: {}: {error:#}", sort.name, row.mistake));
        }
    }
    Ok(failures)
}

/// An app that runs, and the rules that hold for it.
struct Trial {
    scene: Scene,
    apps: Api<DynamicObject>,
    policy: Option<Value>,
}

/// An object and its version: equal as long as nobody writes to it.
type Version = (&'static str, &'static str, (String, String));

impl Trial {
    async fn begin(sort: &Sort) -> Result<Self> {
        let name = format!("bad-{}", sort.name);
        let scene = if sort.policy.is_empty() {
            Scene::open(&name).await?
        } else {
            Scene::labelled(&name, &[(POLICY_LABEL, &name)]).await?
        };
        let mut rules = None;
        if !sort.policy.is_empty() {
            let spec: Value = serde_saphyr::from_str(sort.policy)?;
            policy(&scene, &name, spec.clone()).await?;
            rules = Some(json!({
                "apiVersion": "hardened.dev/v1alpha1",
                "kind": "HardeningPolicy",
                "metadata": { "name": name },
                "spec": spec,
            }));
        }
        let resource = ApiResource::erase::<HardenedApp>(&());
        // Untyped: the operator's own types know no wrong value.
        let apps = Api::namespaced_with(scene.client.clone(), scene.name(), &resource);
        let trial = Self { scene, apps, policy: rules };
        trial.scene.create_from(good()).await?;
        trial.is_well().await?;
        Ok(trial)
    }

    async fn is_well(&self) -> Result<()> {
        self.scene.condition(APP, "Ready", "True", "Available").await.map(drop)
    }

    async fn row(&self, row: &Row) -> Result<()> {
        let mistaken = row.mistaken()?;
        ensure!(mistaken != good(), "no mistake at all");
        let running = self.running().await?;
        let answer = self.write(&mistaken).await?;
        match (row.caught, answer) {
            (Caught::ByServer(words, _) | Caught::Unreadable(words, _), Err(message)) => is_said(&message, words)?,
            (Caught::ByServer(..) | Caught::Unreadable(..), Ok(())) => {
                self.correct().await?;
                bail!("the API server took it");
            }
            (Caught::ByOperator(words), Ok(())) => {
                let message = self.scene.condition(APP, "Accepted", "False", "Rejected").await?;
                self.scene.condition(APP, "Ready", "False", "Rejected").await?;
                self.scene.condition(APP, "Stalled", "True", "Rejected").await?;
                // The operator writes its status last, so whatever it did for this generation is done.
                let meanwhile = self.running().await?;
                self.correct().await?;
                is_said(&message, words)?;
                ensure!(meanwhile == running, "touched meanwhile: {running:?} became {meanwhile:?}");
            }
            (Caught::ByOperator(_), Err(message)) => bail!("the API server refused it: {message}"),
        }
        let after = self.running().await?;
        ensure!(after == running, "touched: {running:?} became {after:?}");
        self.is_refused_without_a_cluster(row, &mistaken).await
    }

    /// The versions of all that runs.
    async fn running(&self) -> Result<Vec<Version>> {
        let mut versions = Vec::new();
        for kind in web_kinds() {
            for name in ["shop-web", "shop-api"] {
                versions.push((kind.kind, name, self.scene.version(kind.kind, name).await?));
            }
        }
        Ok(versions)
    }

    /// What `kubectl apply` does, which asks the server to be strict. The inner error is the server's refusal.
    async fn write(&self, app: &Value) -> Result<Result<(), String>> {
        let name = app.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let strict = Some(ValidationDirective::Strict);
        let answer = if name == APP {
            let parameters = PatchParams { field_validation: strict, ..PatchParams::default() };
            self.apps.patch(name, &parameters, &Patch::Merge(app)).await
        } else {
            let mut app = app.clone();
            crate::tamper::set(&mut app, "/metadata/namespace", self.scene.name().into());
            self.apps.create(&PostParams::default(), &serde_json::from_value(app)?).await
        };
        match answer {
            Ok(_) => Ok(Ok(())),
            Err(kube::Error::Api(status)) => Ok(Err(status.message)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the mistake back, and waits until all is well again.
    async fn correct(&self) -> Result<()> {
        self.write(&good()).await?.map_err(anyhow::Error::msg)?;
        self.is_well().await
    }

    /// The program refuses the same object without a cluster, and so do the rules by themselves: a stored object may be older
    /// than a rule of the schema.
    async fn is_refused_without_a_cluster(&self, row: &Row, app: &Value) -> Result<()> {
        let (Caught::ByServer(_, words) | Caught::Unreadable(_, words) | Caught::ByOperator(words)) = row.caught;
        let rendered = self.render(app).await?;
        is_said(&rendered, words).context("render")?;
        if matches!(row.caught, Caught::Unreadable(..)) {
            return Ok(());
        }
        let policy = match &self.policy {
            Some(policy) => Policy::accept(&serde_json::from_value::<HardeningPolicy>(policy.clone())?),
            None => Ok(Policy::default()),
        };
        let policy = policy.map_err(|rejections| anyhow::anyhow!("{rejections:?}"))?;
        let Err(rejections) = App::accept(&serde_json::from_value(app.clone())?, &policy) else {
            bail!("`accept` took it");
        };
        let said: Vec<String> = rejections.iter().map(Rejection::to_string).collect();
        is_said(&said.join("\n"), words).context("accept")
    }

    /// What `hardened-app render` says to an object that it refuses.
    async fn render(&self, app: &Value) -> Result<String> {
        let mut command = tokio::process::Command::from(e2e::operator::program()?);
        command.args(["render", "--filename", "-"]);
        if let Some(policy) = &self.policy {
            command.arg("--policy").arg(self.policy_file(policy)?);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut input = child.stdin.take().context("no standard input")?;
        input.write_all(app.to_string().as_bytes()).await?;
        drop(input);
        let output = child.wait_with_output().await?;
        ensure!(!output.status.success(), "render took it");
        Ok(String::from_utf8(output.stderr)?)
    }

    fn policy_file(&self, policy: &Value) -> Result<PathBuf> {
        let file: &Path = &self.scene.control_plane.dir().join(format!("{}.policy.json", self.scene.name()));
        std::fs::write(file, policy.to_string())?;
        Ok(file.to_owned())
    }
}

fn is_said(text: &str, words: &str) -> Result<()> {
    // Half a megabyte would bury the rest; what matters stands at the beginning or at the end.
    let shown = |text: &str| text.chars().take(1000).collect::<String>();
    let end: String = text.chars().skip(text.chars().count().saturating_sub(1000)).collect();
    ensure!(!words.is_empty() && says(text, words), "expected {words:?}, found {:?} … {end:?}", shown(text));
    Ok(())
}
