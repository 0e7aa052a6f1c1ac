//! Problems in the environment of an app: how to cause and how to end them.

use anyhow::Result;
use e2e::until;
use hardened_app::api::{HardeningPolicy, POLICY_LABEL};
use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota, Service};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::policies::policy;
use crate::scene::{Scene, WEB};
use crate::wait::{LIMIT, wait_until};

/// A problem in the environment of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The policy becomes stricter and forbids the running app.
    StricterPolicy,
    /// The policy is deleted.
    NoPolicy,
    /// The label of the namespace names a missing policy.
    OtherLabel,
    /// A foreign Service has the name that a new component needs.
    ForeignObject,
    /// A quota prevents the creation of a Service.
    ObjectQuota,
    /// An admission policy rejects a Service.
    Admission,
    /// A quota prevents the creation of new pods.
    PodQuota,
    /// A `LimitRange` prevents the creation of pods of this size.
    LimitRange,
    /// The policy names a missing PriorityClass.
    NoPriorityClass,
}

/// Whether a Deployment has an image with this tag.
fn is_of(deployment: &Value, tag: &str) -> bool {
    let image = deployment.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str);
    image.is_some_and(|image| image.ends_with(&format!(":{tag}")))
}

/// A third component beside `web` and `api`.
fn with_more(components: &str) -> String {
    format!("{components}{}", WEB.replace("web", "more"))
}

impl Trouble {
    /// Whether it is about pods: the app then needs one before.
    const fn is_about_pods(self) -> bool {
        matches!(self, Self::PodQuota | Self::LimitRange | Self::NoPriorityClass)
    }

    /// The components of the app before the problem.
    pub(super) fn before(self) -> String {
        let web = if self.is_about_pods() { WEB.replace("replicas: 0", "replicas: 1") } else { WEB.to_owned() };
        format!("{web}{}", WEB.replace("web", "api"))
    }

    /// Whether the test changes this Deployment meanwhile.
    pub(super) fn changes(self, deployment: &str) -> bool {
        self == Self::NoPriorityClass || self.is_about_pods() && deployment == "shop-web"
    }

    /// Whether new pods replace the old ones once they can be created.
    pub(super) const fn ends_with_new_pods(self) -> bool {
        matches!(self, Self::PodQuota | Self::LimitRange | Self::NoPriorityClass)
    }

    pub(super) async fn begins(self, scene: &Scene) -> Result<()> {
        let (client, name) = (&scene.client, scene.name());
        match self {
            Self::StricterPolicy => {
                return policy(scene, name, json!({ "images": { "allowedRegistries": ["other.example.com"] } })).await;
            }
            Self::NoPolicy => {
                Api::<HardeningPolicy>::all(client.clone()).delete(name, &DeleteParams::default()).await?;
                return Ok(());
            }
            Self::OtherLabel => return scene.label(POLICY_LABEL, Some("nowhere")).await,
            Self::NoPriorityClass => {
                policy(scene, name, json!({ "placement": { "priorityClass": "nowhere" } })).await?;
                return self.release_with(scene, Some("nowhere")).await;
            }
            Self::ForeignObject => {
                let service = json!({ "metadata": { "name": "shop-more" }, "spec": { "ports": [{ "port": 1 }] } });
                scene.objects("Service")?.create(&PostParams::default(), &serde_json::from_value(service)?).await?;
            }
            Self::ObjectQuota => quota(scene, "count/services", "2").await?,
            Self::PodQuota => quota(scene, "pods", "1").await?,
            Self::LimitRange => {
                let limits = json!([{ "type": "Container", "max": { "memory": "64Mi" } }]);
                let range = json!({ "metadata": { "name": "small" }, "spec": { "limits": limits } });
                let ranges = Api::<LimitRange>::namespaced(client.clone(), name);
                ranges.create(&PostParams::default(), &serde_json::from_value(range)?).await?;
            }
            Self::Admission => admission(client, name).await?,
        }
        if self.is_about_pods() {
            scene.change("shop", &self.before().replacen("1.0.0", "2.0.0", 1)).await?;
        } else {
            scene.change("shop", &with_more(&self.before())).await?;
        }
        Ok(())
    }

    /// Makes releases until one has this priority class: a policy takes effect with the next release that knows it.
    async fn release_with(self, scene: &Scene, class: Option<&str>) -> Result<()> {
        let mut version = 1;
        until("a release has what the policy says", LIMIT, async || {
            version += 1;
            let image = format!("{version}.{}.0", class.map_or(0, str::len));
            scene.change("shop", &self.before().replacen("1.0.0", &image, 1)).await?;
            scene
                .object("Deployment", "shop-web", "it has the image", |live| is_of(live, &image).then_some(()))
                .await?;
            let live = scene.live("Deployment", "shop-web").await?;
            let found = live.pointer("/spec/template/spec/priorityClassName").and_then(Value::as_str);
            Ok((found == class).then_some(()))
        })
        .await
    }

    /// Removes the cause.
    pub(super) async fn ends(self, scene: &Scene) -> Result<()> {
        let (client, name) = (&scene.client, scene.name());
        match self {
            Self::StricterPolicy | Self::NoPolicy => policy(scene, name, json!({})).await?,
            Self::NoPriorityClass => {
                policy(scene, name, json!({})).await?;
                self.release_with(scene, None).await?;
            }
            Self::OtherLabel => scene.label(POLICY_LABEL, Some(name)).await?,
            // The operator retries after a change of the spec: so this renames the component, as the message advises.
            Self::ForeignObject => {
                scene.change("shop", &with_more(&self.before()).replace("name: more", "name: other")).await?;
            }
            Self::ObjectQuota | Self::PodQuota => {
                Api::<ResourceQuota>::namespaced(client.clone(), name).delete("few", &DeleteParams::default()).await?;
            }
            Self::LimitRange => {
                Api::<LimitRange>::namespaced(client.clone(), name).delete("small", &DeleteParams::default()).await?;
            }
            Self::Admission => {
                let bindings = Api::<ValidatingAdmissionPolicyBinding>::all(client.clone());
                bindings.delete(name, &DeleteParams::default()).await?;
            }
        }
        Ok(())
    }
}

/// Waits until the app is ready. There is no node, so the test itself sets the status of the pods to ready.
pub(super) async fn serves(scene: &Scene, trouble: Trouble) -> Result<()> {
    if !trouble.is_about_pods() {
        return scene.condition("shop", "Ready", "True", "Available").await.map(drop);
    }
    let running = json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] });
    let (running, as_it_is) = (Patch::Merge(json!({ "status": running })), PatchParams::default());
    until("the app is ready", LIMIT, async || {
        for pod in scene.pods().list(&ListParams::default()).await? {
            let name = pod.metadata.name.unwrap_or_default();
            match scene.pods().patch_status(&name, &as_it_is, &running).await {
                // The pod has been replaced meanwhile.
                Err(kube::Error::Api(status)) if status.is_not_found() => {}
                answer => drop(answer?),
            }
        }
        let app = scene.apps().get("shop").await?;
        let status = app.status.filter(|status| status.observed_generation == app.metadata.generation);
        let conditions = status.map(|status| status.conditions).unwrap_or_default();
        Ok(conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True").then_some(()))
    })
    .await
}

/// Limits the number of objects in the namespace by a quota; returns when the quota is in force.
async fn quota(scene: &Scene, resource: &str, most: &str) -> Result<()> {
    let quota = json!({ "metadata": { "name": "few" }, "spec": { "hard": { resource: most } } });
    let quotas = Api::<ResourceQuota>::namespaced(scene.client.clone(), scene.name());
    quotas.create(&PostParams::default(), &serde_json::from_value(quota)?).await?;
    wait_until(&quotas, "few", "the quota is in force", |quota| {
        let used = quota?.status.as_ref()?.used.as_ref()?;
        (used.get(resource)?.0 == most).then_some(())
    })
    .await
}

/// Forbids Services named `…-more` in a namespace by an admission policy; returns when it is in force.
async fn admission(client: &Client, namespace: &str) -> Result<()> {
    let rules = json!([{
        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["services"],
    }]);
    let rule = json!({
        "metadata": { "name": namespace },
        "spec": {
            "matchConstraints": {
                "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": namespace } },
                "resourceRules": rules,
            },
            "validations": [{
                "expression": "!object.metadata.name.endsWith('-more')",
                "message": "ask the platform team for a Service",
            }],
        },
    });
    let binding = json!({
        "metadata": { "name": namespace },
        "spec": { "policyName": namespace, "validationActions": ["Deny"] },
    });
    let created = PostParams::default();
    let (rules, bindings) = (Api::<ValidatingAdmissionPolicy>::all(client.clone()), Api::all(client.clone()));
    rules.create(&created, &serde_json::from_value(rule)?).await?;
    let binding: ValidatingAdmissionPolicyBinding = serde_json::from_value(binding)?;
    bindings.create(&created, &binding).await?;
    let probe: Value = json!({ "metadata": { "name": "probe-more" }, "spec": { "ports": [{ "port": 1 }] } });
    let probe: Service = serde_json::from_value(probe)?;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let services = Api::<Service>::namespaced(client.clone(), namespace);
    until("the admission policy is in force", LIMIT, async || {
        Ok(services.create(&dry_run, &probe).await.err().map(drop))
    })
    .await
}
