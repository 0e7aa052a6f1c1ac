//! The samples run unchanged, except for the digests of their images.

use anyhow::Result;
use e2e::node;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use serde_json::json;

use crate::ask::{address, ask};
use crate::place::{Place, containers};
use crate::processes::{TOKEN, field, powers, powers_of};
use crate::volume;

pub(crate) const SMALLEST: &str = include_str!("../../../deploy/samples/smallest.yaml");
pub(crate) const LARGEST: &str = include_str!("../../../deploy/samples/largest.yaml");

/// The user and group of a component that names none.
const DEFAULT_USER: i64 = 65532;

const READ_ONLY: &str = "Read-only file system (os error 30)";

/// Checks the privileges of a pod, as seen from the node and by the program in its container.
async fn has_no_privileges(pod: &Pod, port: u16, user: i64) -> Result<()> {
    assert!(powers_of(pod, user, user)?.is_empty(), "{:?}", powers_of(pod, user, user)?);
    let guest = address(pod, port)?;
    let status = ask(&guest, "/read/proc/self/status").await?;
    assert!(powers(&status, user, user).is_empty(), "as seen by the program itself: {status}");
    assert_eq!(field(&status, "Groups"), Some(user.to_string().as_str()), "it has no other groups");
    for file in ["/written", "/etc/written", "/app/written"] {
        assert_eq!(ask(&guest, &format!("/write{file}")).await?, READ_ONLY, "{file}");
    }
    assert_eq!(ask(&guest, "/write/tmp/written").await?, "written");
    let token = ask(&guest, "/read/var/run/secrets/kubernetes.io/serviceaccount/token").await?;
    assert_eq!(token, "No such file or directory (os error 2)");
    Ok(())
}

#[tokio::test]
async fn the_smallest_sample_runs_without_privileges() -> Result<()> {
    let place = Place::restricted("smallest").await?;
    let app = place.app(SMALLEST).await?;
    place.ready(&app).await?;

    let pods = place.pods("hello.web").await?;
    assert_eq!(pods.len(), 2);
    for pod in &pods {
        has_no_privileges(pod, 8080, DEFAULT_USER).await?;
    }
    // Also through its Service.
    place.service("hello-web", 8080).await?;
    Ok(())
}

/// A sample with the digests of the images in the node's registry, instead of one digit in place of each.
pub(crate) fn with_digests(sample: &str, images: &[(&str, &str)]) -> Result<String> {
    let mut text = sample.to_owned();
    for (name, digit) in images {
        let placeholder = format!("{name}@sha256:{}", digit.repeat(64));
        assert!(text.contains(&placeholder), "the sample has {placeholder}");
        text = text.replace(&placeholder, &format!("{name}@{}", node::digest(name)?));
    }
    Ok(text)
}

/// Creates the largest sample, changed by the caller, and all that it refers to.
pub(crate) async fn create_largest(place: &Place, sample: &str) -> Result<String> {
    let text =
        |name: &str, key: &str, value: &str| json!({ "metadata": { "name": name }, key: { "DATABASE_URL": value } });
    place.create::<Secret>(text("shop-env", "stringData", "postgres://db")).await?;
    place.create::<Secret>(text("shop-tokens", "stringData", "token")).await?;
    place.create::<ConfigMap>(text("shop-config", "data", "config")).await?;
    volume::claim(place, "shop-media", &format!("/run/node/media/{}", place.name())).await?;
    let images = [("shop/web:2.1.0", "1"), ("shop/api:2.1.0", "2"), ("shop/worker:2.1.0", "3")];
    place.app(&with_digests(sample, &images)?).await
}

#[tokio::test]
async fn the_largest_sample_runs_without_privileges() -> Result<()> {
    let place = Place::restricted("largest").await?;
    let app = create_largest(&place, LARGEST).await?;
    place.ready(&app).await?;

    let web = place.pods("shop.web").await?;
    assert_eq!(web.len(), 3);
    for pod in &web {
        has_no_privileges(pod, 8080, 20001).await?;
        let guest = address(pod, 8080)?;
        // It can read its settings and write to its volumes, and nothing else.
        assert_eq!(ask(&guest, "/read/etc/shop/DATABASE_URL").await?, "config");
        assert_eq!(ask(&guest, "/read/run/secrets/shop-tokens/DATABASE_URL").await?, "token");
        assert!(ask(&guest, "/read/proc/self/environ").await?.contains("DATABASE_URL=postgres://db"));
        for folder in ["/etc/shop", "/run/secrets/shop-tokens"] {
            assert_eq!(ask(&guest, &format!("/write{folder}/written")).await?, READ_ONLY, "{folder}");
        }
        for folder in ["/var/cache/shop", "/srv/media"] {
            assert_eq!(ask(&guest, &format!("/write{folder}/written")).await?, "written", "{folder}");
        }
    }
    for pod in place.pods("shop.api").await? {
        has_no_privileges(&pod, 9090, DEFAULT_USER).await?;
    }
    let workers = place.pods("shop.worker").await?;
    assert_eq!(workers.len(), 1);
    // It doesn't listen, so it can be checked only from the node.
    assert!(powers_of(&workers[0], DEFAULT_USER, DEFAULT_USER)?.is_empty());
    Ok(())
}

/// The tests above would also pass if the checks never found a privilege.
#[tokio::test]
async fn the_checks_find_every_privilege_of_a_pod_without_hardening() -> Result<()> {
    let place = Place::labelled("plain", &[]).await?;
    let probe = json!({ "tcpSocket": { "port": 8080 }, "periodSeconds": 1 });
    let container = json!({ "name": "web", "image": "registry.example.com/hello:1.0.0", "readinessProbe": probe });
    place.create::<Pod>(json!({ "metadata": { "name": "plain" }, "spec": { "containers": [container] } })).await?;
    let is_ready = |pod: &Pod| containers(pod).iter().any(|container| container.ready);
    let pod = place.pod("plain", "the pod is ready", is_ready).await?;

    let powers = powers_of(&pod, DEFAULT_USER, DEFAULT_USER)?.join("\n");
    for power in ["Uid", "Gid", "CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "its root", TOKEN] {
        assert!(powers.contains(power), "{power} is missing in:\n{powers}");
    }
    assert_eq!(ask(&address(&pod, 8080)?, "/write/written").await?, "written");
    Ok(())
}
