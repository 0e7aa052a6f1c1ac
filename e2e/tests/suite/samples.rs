//! The children of the samples, as the API server stores them.

use anyhow::Result;
use hardened_app::api::DriftChange;
use hardened_app::app::Enforcement;
use hardened_app::plan::{self, Change};
use serde_json::Value;

use crate::releases::{Kubelet, PodOutcome};
use crate::scene::{Scene, VERIFIED, desired};

pub(crate) const SMALLEST: &str = include_str!("../../../deploy/samples/smallest.yaml");
pub(crate) const LARGEST: &str = include_str!("../../../deploy/samples/largest.yaml");
pub(crate) const DATABASES: &str = include_str!("../../../deploy/samples/databases.yaml");

/// Every stored child differs from the declared one only by defaults that the API server adds.
async fn is_stored_as_declared(sample: &str, name: &str) -> Result<()> {
    let scene = Scene::open("sample").await?;
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    let app = scene.create_from(serde_saphyr::from_str(sample)?).await?;
    scene.in_place(name).await?;
    let uid = app.metadata.uid.clone().unwrap_or_default();
    for child in desired(&app)? {
        let (kind, name) = (child.kind.name, &child.name);
        let live: Value = scene.live(kind, name).await?;
        for difference in plan::differences(&child.body, &live, &child.kind.rules) {
            assert_eq!(difference.change, DriftChange::Added, "{kind} {name}: {}", difference.path);
        }
        // Judged as drift, so that no addition counts as a leftover of an earlier apply by the operator.
        let verdict = plan::judge(&child, &uid, &live, VERIFIED, &Enforcement::default());
        assert_eq!(verdict.change, Change::Keep, "{kind} {name}");
        assert_eq!((verdict.drift, verdict.findings), (vec![], vec![]), "{kind} {name}");
    }
    Ok(())
}

#[tokio::test]
async fn the_smallest_sample_is_stored_as_declared() -> Result<()> {
    is_stored_as_declared(SMALLEST, "hello").await
}

#[tokio::test]
async fn the_largest_sample_is_stored_as_declared() -> Result<()> {
    is_stored_as_declared(LARGEST, "shop").await
}

#[tokio::test]
async fn the_sample_with_databases_is_stored_as_declared() -> Result<()> {
    is_stored_as_declared(DATABASES, "store").await
}
