//! A container that exceeds its memory limit.

use anyhow::Result;

use crate::place::Place;

/// Its container allocates memory as soon as it starts.
const HOG: &str = "
apiVersion: hardened.dev/v1alpha1
kind: HardenedApp
metadata: {name: hog}
spec:
  components:
  - name: web
    image: registry.example.com/hello:1.0.0
    args: [eat]
    replicas: 1
    resources: {cpu: 100m, memory: 32Mi}
";

#[tokio::test]
async fn a_container_is_killed_at_its_memory_limit_and_the_status_reports_it() -> Result<()> {
    let place = Place::restricted("limits").await?;
    let app = place.app(HOG).await?;
    let (code, reason) = place
        .container("hog.web", "the kernel kills the container", |container| {
            let last = container.last_state.as_ref()?.terminated.as_ref()?;
            Some((last.exit_code, last.reason.clone()))
        })
        .await?;
    assert_eq!((code, reason.as_deref()), (137, Some("OOMKilled")));
    let message = place
        .reported(&app, "the status names the reason", |status| {
            let message = &status.components.first()?.message;
            message.contains("OOMKilled").then(|| message.clone())
        })
        .await?;
    assert_eq!(message, "the process ended: exit code 137 (OOMKilled)");
    Ok(())
}
