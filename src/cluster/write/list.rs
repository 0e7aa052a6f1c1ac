//! Lists of one namespace: only of one that has become of interest. In small pages, one at a time for all apps: the API server can't be told
//! how many bytes a page may have, and an object has up to 1.5 MB where it is stored.

use kube::{
    Api,
    api::{ApiResource, ListParams},
};

use super::{
    super::stored::Stored,
    failure::{Cause, Failure},
    writer::{LIST, Writer},
};
use crate::app::AppId;

/// Objects in one page.
const PAGE: u32 = 5;

impl Writer {
    /// Lists a kind in the app's namespace, as new as everything written before; each object is taken until one returns false. Returns the
    /// version of the list.
    pub(in crate::cluster) async fn list(
        &self,
        id: &AppId,
        resource: &ApiResource,
        labels: Option<&str>,
        mut take: impl FnMut(&Stored) -> bool,
    ) -> Result<u64, Failure> {
        let api = Api::<Stored>::namespaced_with(self.client.clone(), &id.namespace, resource);
        let mut parameters =
            ListParams { label_selector: labels.map(str::to_owned), ..ListParams::default().limit(PAGE) };
        loop {
            // The semaphore is never closed, so a permit always comes. It is returned after each page, so that no large namespace lets
            // others wait.
            let _permit = self.lists.acquire().await;
            let page = self.send(LIST, id, &resource.plural, &id.namespace, api.list(&parameters)).await?;
            let goes_on = page.items.iter().all(&mut take);
            let token = page.metadata.continue_.filter(|token| goes_on && !token.is_empty());
            let Some(token) = token else {
                return Ok(page.metadata.resource_version.and_then(|version| version.parse().ok()).unwrap_or_default());
            };
            parameters = parameters.continue_token(&token);
        }
    }
}

impl Failure {
    /// What is needed isn't known yet: a watch hasn't listed the cluster.
    pub(in crate::cluster) fn not_listed(id: &AppId, kind: &str) -> Self {
        Self { action: LIST, kind: kind.to_owned(), name: id.namespace.clone(), source: Cause::NotListed }
    }
}
