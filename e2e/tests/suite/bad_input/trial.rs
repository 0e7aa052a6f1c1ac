//! Makes the mistakes of one group, one after the other, in a ready app.

use anyhow::{Context, Result, bail, ensure};
use hardened_app::api::{HardenedApp, POLICY_LABEL};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams, ValidationDirective};
use serde_json::Value;

use super::rendering;
use super::row::{Caught, Row, check_message, good};
use crate::policies::policy;
use crate::scene::{Scene, web_kinds};
use crate::tamper::set;

/// The name of the app.
const APP: &str = "shop";

/// A group of mistakes.
pub(super) struct Sort {
    pub(super) name: &'static str,
    /// The policy of the namespace, as YAML; empty for the built-in one.
    pub(super) policy: &'static str,
    pub(super) rows: &'static [Row],
}

/// Tries all rows of a group; returns a message for each that failed.
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

/// A ready app and the policy of its namespace.
struct Trial {
    scene: Scene,
    apps: Api<DynamicObject>,
    /// The policy of the namespace, if it isn't the built-in one: its name and spec.
    policy: Option<(String, Value)>,
}

/// An object and its version: equal as long as no client writes to it.
type Version = (&'static str, &'static str, (String, String));

impl Trial {
    async fn begin(sort: &Sort) -> Result<Self> {
        let name = format!("bad-{}", sort.name);
        let (scene, rules) = if sort.policy.is_empty() {
            (Scene::open(&name).await?, None)
        } else {
            let scene = Scene::labelled(&name, &[(POLICY_LABEL, &name)]).await?;
            (scene, Some((name, serde_saphyr::from_str(sort.policy)?)))
        };
        let resource = ApiResource::erase::<HardenedApp>(&());
        // Untyped, because the operator's types can't hold invalid values.
        let apps = Api::namespaced_with(scene.client.clone(), scene.name(), &resource);
        let trial = Self { scene, apps, policy: rules };
        if let Some((name, spec)) = &trial.policy {
            policy(&trial.scene, name, spec.clone()).await?;
        }
        trial.scene.create_from(good()).await?;
        trial.is_ready().await?;
        Ok(trial)
    }

    async fn is_ready(&self) -> Result<()> {
        self.scene.condition(APP, "Ready", "True", "Available").await.map(drop)
    }

    async fn row(&self, row: &Row) -> Result<()> {
        let (app, rules) = row.mistaken()?;
        ensure!(app != good() || rules.is_some(), "the row has no mistake");
        let running = self.running().await?;
        let answer = match &rules {
            Some(spec) => self.write_policy(spec).await?,
            None => self.write(&app).await?,
        };
        match (row.caught, answer) {
            (Caught::ByServer(words, _) | Caught::Unreadable(words, _), Err(message)) => {
                check_message(&message, words)?;
            }
            (Caught::ByServer(..) | Caught::Unreadable(..), Ok(())) => {
                self.correct(&app).await?;
                bail!("the API server accepted it");
            }
            (Caught::ByOperator(words), Ok(())) => {
                let message = self.scene.condition(APP, "Accepted", "False", "Rejected").await?;
                self.scene.condition(APP, "Ready", "False", "Rejected").await?;
                self.scene.condition(APP, "Stalled", "True", "Rejected").await?;
                // The operator updates the status after all other writes of a reconciliation.
                let meanwhile = self.running().await?;
                self.correct(&app).await?;
                check_message(&message, words)?;
                ensure!(meanwhile == running, "changed meanwhile: {running:?} became {meanwhile:?}");
            }
            (Caught::ByOperator(_), Err(message)) => bail!("the API server rejected it: {message}"),
        }
        let after = self.running().await?;
        ensure!(after == running, "changed: {running:?} became {after:?}");
        let rules = self.policy.as_ref().map(|(name, spec)| (name.as_str(), rules.as_ref().unwrap_or(spec)));
        rendering::is_rejected(&self.scene, row.caught, &app, rules).await
    }

    /// The versions of all children.
    async fn running(&self) -> Result<Vec<Version>> {
        let mut versions = Vec::new();
        for kind in web_kinds() {
            for name in ["shop-web", "shop-api"] {
                versions.push((kind.name, name, self.scene.version(kind.name, name).await?));
            }
        }
        Ok(versions)
    }

    /// Writes the app with strict validation, as `kubectl apply` does. The inner error is the API server's rejection.
    async fn write(&self, app: &Value) -> Result<Result<(), String>> {
        let name = app.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let answer = if name == APP {
            let strict = Some(ValidationDirective::Strict);
            let parameters = PatchParams { field_validation: strict, ..PatchParams::default() };
            self.apps.patch(name, &parameters, &Patch::Merge(app)).await
        } else {
            let mut app = app.clone();
            set(&mut app, "/metadata/namespace", self.scene.name().into());
            self.apps.create(&PostParams::default(), &serde_json::from_value(app)?).await
        };
        refusal(answer.map_err(Into::into))
    }

    /// Writes the policy. The inner error is the API server's rejection.
    async fn write_policy(&self, spec: &Value) -> Result<Result<(), String>> {
        let (name, _) = self.policy.as_ref().context("the group has no policy of its own")?;
        refusal(policy(&self.scene, name, spec.clone()).await)
    }

    /// Corrects the mistake, and waits until the app is ready again.
    async fn correct(&self, mistaken: &Value) -> Result<()> {
        if let Some((_, spec)) = &self.policy {
            self.write_policy(spec).await?.map_err(anyhow::Error::msg)?;
        }
        self.write(&correction(mistaken, &good())).await?.map_err(anyhow::Error::msg)?;
        self.is_ready().await
    }
}

/// The merge patch that turns `mistaken` into `good`: fields that only the first has are null.
fn correction(mistaken: &Value, good: &Value) -> Value {
    let (Value::Object(wrong), Value::Object(right)) = (mistaken, good) else { return good.clone() };
    let surplus = wrong.keys().filter(|name| !right.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    let kept = right.iter().map(|(name, right)| {
        let corrected = wrong.get(name).map_or_else(|| right.clone(), |wrong| correction(wrong, right));
        (name.clone(), corrected)
    });
    kept.chain(surplus).collect()
}

/// Separates a rejection by the API server, which is the inner error, from other errors.
fn refusal<T>(answer: Result<T>) -> Result<Result<(), String>> {
    match answer {
        Ok(_) => Ok(Ok(())),
        Err(error) => match error.downcast::<kube::Error>()? {
            kube::Error::Api(status) => Ok(Err(status.message)),
            error => Err(error.into()),
        },
    }
}
