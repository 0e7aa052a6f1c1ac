//! Waiting until an object is as wanted, by a watch: cheaper than asking again and again.

use std::time::Duration;

use anyhow::{Result, bail};
use futures::{StreamExt, pin_mut};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer than anything takes on a busy machine, except what is broken.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// Watches an object until `check` answers; None stands for an object that isn't there.
pub(crate) async fn sees<K, T>(
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
        // Errors are passed over: the watch is made anew, and the limit holds.
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
        _ => bail!("waited {} s in vain: {what}; last seen: {}", LIMIT.as_secs(), serde_json::to_string(&last)?),
    }
}
