//! What users with Kubernetes' own roles may do with the custom resources.

use anyhow::Result;
use e2e::until;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::scene::Scene;
use crate::wait::LIMIT;

/// A user of the scene's namespace with one of Kubernetes' own roles.
struct User<'a> {
    scene: &'a Scene,
    name: String,
}

impl<'a> User<'a> {
    async fn with(scene: &'a Scene, role: &str) -> Result<Self> {
        let name = format!("{}-{role}", scene.name());
        let binding: RoleBinding = serde_json::from_value(json!({
            "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name }],
        }))?;
        let bindings: Api<RoleBinding> = Api::namespaced(scene.client.clone(), scene.name());
        bindings.create(&PostParams::default(), &binding).await?;
        Ok(Self { scene, name })
    }

    async fn may(&self, verb: &str, subresource: Option<&str>) -> Result<bool> {
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: Some(self.name.clone()),
                resource_attributes: Some(ResourceAttributes {
                    group: Some(hardened_app::api::GROUP.to_owned()),
                    resource: Some("hardenedapps".to_owned()),
                    subresource: subresource.map(str::to_owned),
                    namespace: Some(self.scene.name().to_owned()),
                    verb: Some(verb.to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let reviews: Api<SubjectAccessReview> = Api::all(self.scene.client.clone());
        let reviewed = reviews.create(&PostParams::default(), &review).await?;
        Ok(reviewed.status.is_some_and(|status| status.allowed))
    }
}

#[tokio::test]
async fn editors_may_write_apps_viewers_may_read_them_and_neither_may_write_a_status() -> Result<()> {
    let scene = Scene::open("users").await?;
    let (editor, viewer) = (User::with(&scene, "edit").await?, User::with(&scene, "view").await?);
    // The controller manager aggregates the roles.
    until("the roles are aggregated", LIMIT, async || Ok(editor.may("create", None).await?.then_some(()))).await?;
    until("the roles are aggregated", LIMIT, async || Ok(viewer.may("get", None).await?.then_some(()))).await?;
    for verb in ["create", "update", "patch", "delete"] {
        assert!(editor.may(verb, None).await? && !viewer.may(verb, None).await?, "{verb}");
    }
    for verb in ["patch", "update"] {
        assert!(!editor.may(verb, Some("status")).await? && !viewer.may(verb, Some("status")).await?, "{verb}");
    }
    Ok(())
}
