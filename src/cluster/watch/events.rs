//! The events of a watch. Its list is streamed, so that no more than one object of it is in memory, however large others are.

use std::future::ready;

use futures::{Stream, StreamExt};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;

/// Objects in one page of a list that isn't streamed. The API server can't be told how many bytes a page may have, and an object has
/// up to 1.5 MB where it is stored.
const PAGE: u32 = 10;

/// The events of all objects, or those with these labels. Where the API server doesn't stream lists (Kubernetes before 1.32, and where its
/// feature gate `WatchList` is off), they are listed in small pages from then on.
pub fn events<K>(api: Api<K>, labels: Option<&str>) -> impl Stream<Item = watcher::Result<Event<K>>> + Send + use<K>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let config = watcher::Config::default().page_size(PAGE);
    let config = labels.map_or(config.clone(), |labels| config.labels(labels));
    let streamed = watcher(api.clone(), config.clone().streaming_lists()).default_backoff();
    let listed = watcher(api, config).default_backoff();
    streamed.take_while(|event| ready(!is_unsupported(event))).chain(listed)
}

/// "sendInitialEvents is forbidden for watch unless the `WatchList` feature gate is enabled".
fn is_unsupported<K>(event: &watcher::Result<Event<K>>) -> bool {
    matches!(event, Err(watcher::Error::WatchStartFailed(kube::Error::Api(status))) if status.code == 422)
}
