//! HardeningPolicies that are missing, or created at the same time as the namespace and its first app.

use anyhow::Result;
use futures::future::try_join_all;
use hardened_app::api::{HardeningPolicy, POLICY_LABEL};
use hardened_app::desired::KINDS;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::{Scene, WEB};

/// Number of concurrent repetitions; the load makes the watches lag behind one another.
const ROUNDS: usize = 24;

/// Creates or replaces a policy.
pub(crate) async fn policy(scene: &Scene, name: &str, spec: Value) -> Result<()> {
    let api = Api::<HardeningPolicy>::all(scene.client.clone());
    let policy = json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardeningPolicy",
        "metadata": { "name": name },
        "spec": spec,
    });
    api.patch(name, &PatchParams::apply("platform-team").force(), &Patch::Apply(policy)).await?;
    Ok(())
}

/// Watches of different kinds aren't ordered: the operator may receive an app before its namespace or its policy. Until it has
/// both, it must not create children.
async fn no_child_is_created(platform: &Scene, round: usize) -> Result<()> {
    let name = format!("newborn-{round}");
    let strict = json!({ "images": { "requireDigest": true } });
    // The policy is created last before the app, or the namespace is.
    let scene = if round.is_multiple_of(2) {
        let scene = Scene::labelled("newborn", &[(POLICY_LABEL, &name)]).await?;
        policy(&scene, &name, strict).await?;
        scene
    } else {
        policy(platform, &name, strict).await?;
        Scene::labelled("newborn", &[(POLICY_LABEL, &name)]).await?
    };
    scene.create("shop", WEB).await?;
    scene
        .reported("shop", "the policy rejects the app", |status| {
            let accepted = status.conditions.iter().find(|condition| condition.type_ == "Accepted")?;
            (accepted.status == "False" && accepted.message.contains("append @sha256:<digest>")).then_some(())
        })
        .await?;
    let requests = scene.quiet().await?;
    let made = requests.iter().filter(|request| KINDS.iter().any(|kind| kind.plural == request.resource));
    assert_eq!(made.count(), 0, "round {round}: {requests:#?}");
    Ok(())
}

#[tokio::test]
async fn no_child_is_created_for_an_app_as_new_as_the_policy_that_rejects_it() -> Result<()> {
    let platform = Scene::open("platform").await?;
    try_join_all((0..ROUNDS).map(|round| no_child_is_created(&platform, round))).await?;
    Ok(())
}

#[tokio::test]
async fn an_app_has_no_children_while_the_label_of_its_namespace_names_a_missing_policy() -> Result<()> {
    let scene = Scene::labelled("missing", &[(POLICY_LABEL, "nowhere")]).await?;
    scene.create("shop", WEB).await?;
    let message = scene.condition("shop", "Accepted", "False", "Rejected").await?;
    assert!(message.contains("there is no HardeningPolicy nowhere"), "{message}");
    scene.quiet().await?;
    for kind in KINDS {
        assert_eq!(scene.live(kind.name, "shop-web").await?, Value::Null, "{}", kind.name);
    }
    scene.label(POLICY_LABEL, None).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}
