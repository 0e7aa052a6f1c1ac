//! The record of releases: how many there are, and what a release keeps while a newer spec is refused.

use anyhow::Result;
use kube::api::ListParams;

use super::{image, set_version};
use crate::policies::policy;
use crate::scene::{Scene, WEB};
use hardened_app::api::POLICY_LABEL;
use serde_json::json;

#[tokio::test]
async fn the_last_ten_releases_are_kept() -> Result<()> {
    let scene = Scene::open("history").await?;
    scene.ready("shop", WEB).await?;
    for version in 2..=12 {
        let version = format!("{version}.0.0");
        set_version(&scene, &version).await?;
        scene.condition("shop", "Ready", "True", "Available").await?;
        assert_eq!(image(&scene).await?, version);
    }
    scene.quiet().await?;
    let entries = scene.objects("ControllerRevision")?.list(&ListParams::default()).await?;
    let mut names: Vec<String> = entries.items.into_iter().filter_map(|entry| entry.metadata.name).collect();
    names
        .sort_by_key(|name| name.len() * 1000 + name.trim_start_matches("shop-r").parse::<usize>().unwrap_or_default());
    let expected: Vec<String> = (3..=12).map(|number| format!("shop-r{number}")).collect();
    assert_eq!(names, expected);
    Ok(())
}

#[tokio::test]
async fn a_default_of_a_policy_takes_effect_with_the_next_release_and_its_peers_at_once() -> Result<()> {
    let scene = Scene::open("next-release").await?;
    policy(&scene, scene.name(), json!({})).await?;
    scene.label(POLICY_LABEL, Some(scene.name())).await?;
    scene.ready("shop", WEB).await?;
    let peers = json!({ "dns": { "cidrs": ["192.0.2.53/32"], "ports": [53] } });
    let changed = json!({ "resources": { "defaults": { "memory": "256Mi" } }, "network": peers });
    policy(&scene, scene.name(), changed).await?;
    scene
        .object("NetworkPolicy", "shop-web", "it has the new DNS server", |live| {
            live.to_string().contains("192.0.2.53/32").then_some(())
        })
        .await?;
    let memory = async || -> Result<String> {
        let live = scene.live("Deployment", "shop-web").await?;
        let memory = live.pointer("/spec/template/spec/containers/0/resources/limits/memory");
        Ok(memory.and_then(|memory| memory.as_str()).unwrap_or_default().to_owned())
    };
    scene.quiet().await?;
    assert_eq!(memory().await?, "128Mi");
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!((image(&scene).await?, memory().await?), ("2.0.0".to_owned(), "256Mi".to_owned()));
    Ok(())
}
