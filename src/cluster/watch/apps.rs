//! Which apps there are when the process starts. Their own watch starts last, when the caches are full; but what others have in their
//! namespaces is kept from the first list on, so that none of these namespaces is listed by itself.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, pin_mut};
use kube::{Api, Resource, api::ApiResource, runtime::watcher::Event};
use serde::Deserialize;

use super::{
    super::{
        cache::{Cache, PodGroups},
        client::Connection,
        stored::Stored,
    },
    events::events,
};
use crate::{api::HardenedApp, app::AppId};

/// What is read of an app. What isn't of these types is left to the reconciliation.
#[derive(Default, Deserialize)]
#[serde(default)]
struct App {
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    databases: Vec<Database>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Database {
    pods: Option<Pods>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Pods {
    match_labels: BTreeMap<String, String>,
}

/// Records all apps: by one list, streamed where the API server can. The watch is closed after it.
pub(super) async fn record(connection: &Connection, cache: &Arc<Cache>) {
    let api = Api::<Stored>::all_with(connection.client.clone(), &ApiResource::erase::<HardenedApp>(&()));
    let url = api.resource_url().to_owned();
    connection.traffic.expect(&url);
    let events = events(api, None);
    pin_mut!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::InitApply(app)) => {
                let id = AppId::of(app.meta());
                cache.app_observed(&id);
                let spec = app.parse::<App>().unwrap_or_default().spec;
                let pods = spec.databases.into_iter().filter_map(|database| database.pods);
                let databases = pods.map(|pods| pods.match_labels).filter(|labels| !labels.is_empty()).collect();
                cache.register(&id, &PodGroups { databases, parts: Vec::new() });
            }
            Ok(Event::InitDone) => return,
            Ok(Event::Init | Event::Apply(_) | Event::Delete(_)) => {}
            Err(error) => tracing::warn!(url, %error, "list interrupted, retrying"),
        }
    }
}
