//! Waits for a state of an object by a watch, which takes fewer requests than polling.

use std::time::Duration;

use anyhow::{Result, bail};
use futures::{StreamExt, pin_mut};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer than any successful wait takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(3);

/// Watches an object until `check` returns a value. `check` gets None if the object doesn't exist.
pub(crate) async fn wait_until<K, T>(
    api: &Api<K>,
    name: &str,
    what: &str,
    mut check: impl FnMut(Option<&K>) -> Option<T>,
) -> Result<T>
where
    K: Resource + Clone + DeserializeOwned + Serialize + std::fmt::Debug + Send + 'static,
{
    let mut last = None;
    let watch = async {
        // Errors are ignored: the watch restarts, and the timeout still applies.
        let objects = watch_object(api.clone(), name).default_backoff().filter_map(async |seen| seen.ok());
        pin_mut!(objects);
        while let Some(object) = objects.next().await {
            if let Some(answer) = check(object.as_ref()) {
                return Some(answer);
            }
            last = object;
        }
        None
    };
    match tokio::time::timeout(LIMIT, watch).await {
        Ok(Some(answer)) => Ok(answer),
        _ => bail!("timed out after {} s: {what}; last state: {}", LIMIT.as_secs(), serde_json::to_string(&last)?),
    }
}
