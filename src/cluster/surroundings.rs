//! What a reconciliation needs to know of what surrounds its app. Where that isn't in the cache, the namespace is listed: once, for all of
//! its apps.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use kube::{Resource, api::ApiResource};
use tokio::time::timeout;

use super::{
    cache::{Begun, Found, Listing, Missing, PodGroups, Record, read_pod},
    context::Context,
    stored::Stored,
    write::Failure,
};
use crate::{
    api::{HardenedApp, WORKLOAD, version},
    app::{AppId, Database, DatabaseForm, PartName},
    desired::{self, Stage},
    plan::{Again, Live, Neighbours, PodClaim, Surroundings},
    release::Target,
};

/// Which pods a policy selects.
const SELECTOR: &str = "/spec/podSelector";

/// A reconciliation goes on after this long, without what surrounds its app.
const LONGEST: Duration = Duration::from_secs(10);

impl Context {
    /// What the app's isolation depends on besides its own objects. From here on changes of it that may matter to the app wake it.
    ///
    /// # Errors
    /// If the namespace had to be listed and the API server refuses or doesn't answer: when to try again. Nothing may be judged then.
    pub async fn surroundings_of(&self, target: &Target) -> Result<Surroundings, Again> {
        self.find_surroundings(target).await.map_err(|failure| {
            tracing::warn!(
                namespace = target.id.namespace,
                app = target.id.name,
                error = failure.in_words(),
                "isolation not judged, trying again"
            );
            Again::After(self.pause(&target.id, &failure))
        })
    }

    pub(super) async fn find_surroundings(&self, target: &Target) -> Result<Surroundings, Failure> {
        self.cache.register(&target.id, &PodGroups::of(target));
        let known = async {
            let neighbours = self.neighbours_of(&target.id).await?;
            self.know_database_pods(&target.id).await?;
            Ok(neighbours)
        };
        let known = timeout(LONGEST, known).await;
        let neighbours = known.unwrap_or_else(|_| Err(Failure::not_listed(&target.id, "objects")))?;
        let id = &target.id;
        let pods = |database: &Database| match &database.form {
            DatabaseForm::Pods(pods) => {
                Some((database.name.clone(), self.cache.foreign_pods(&target.id.namespace, &pods.labels)))
            }
            _ => None,
        };
        let pods = target.databases().filter_map(pods).collect();
        let held = self.claims.claim(id, PodClaim::of(target), &neighbours, &pods);
        Ok(Surroundings { neighbours, other_apis: self.cache.other_policy_apis(), pods, held })
    }

    /// The databases of other apps' pods. While that isn't known, nothing is claimed anew: only pods are kept that this process was granted,
    /// or that have a policy of the app.
    #[must_use]
    pub fn held(&self, target: &Target, surroundings: Option<&Surroundings>) -> BTreeSet<PartName> {
        if let Some(surroundings) = surroundings {
            return surroundings.held.keys().cloned().collect();
        }
        let all = desired::children(&Target { held: BTreeSet::new(), ..target.clone() });
        let has_policy = |claim: &PodClaim| {
            let name = target.id.database_policy(&claim.database);
            let policy = all.iter().find(|child| child.kind.stage == Stage::Guard && child.name == name);
            policy.is_some_and(|policy| match self.cache.live(&target.id, policy) {
                Live::Absent | Live::Foreign { .. } => false,
                Live::Object { object, .. } => object.pointer(SELECTOR) == policy.body.pointer(SELECTOR),
                Live::Verified { .. } | Live::Outdated { .. } | Live::Unread { .. } | Live::Oversized(_) => true,
            })
        };
        let is_claimed = |claim: &PodClaim| self.claims.has(claim).unwrap_or_else(|| has_policy(claim));
        PodClaim::of(target).into_iter().filter(|claim| !is_claimed(claim)).map(|claim| claim.database).collect()
    }

    /// What others have in the app's namespace.
    ///
    /// # Errors
    /// If it had to be listed and the API server refuses or doesn't answer.
    pub async fn neighbours_of(&self, id: &AppId) -> Result<Arc<Neighbours>, Failure> {
        if let Some(known) = self.cache.neighbours(&id.namespace) {
            return Ok(known);
        }
        let unlisted = |kind: &str| Failure::not_listed(id, kind);
        let gate = self.cache.around.neighbourhood(|all| all.gate(&id.namespace));
        let gate = gate.ok_or_else(|| unlisted(&HardenedApp::plural(&())))?;
        let _one = gate.lock().await;
        match self.cache.around.neighbourhood(|all| all.begin_lists(&id.namespace)) {
            Missing::Apps => return Err(unlisted(&HardenedApp::plural(&()))),
            Missing::FirstList(kind) => return Err(unlisted(&kind.resource().plural)),
            Missing::Lists(lists) => {
                for list in lists {
                    self.list_neighbours(id, list).await?;
                }
            }
        }
        // A watch that has begun to list the cluster meanwhile brings what a list didn't.
        self.cache.neighbours(&id.namespace).ok_or_else(|| unlisted("objects"))
    }

    async fn list_neighbours(&self, id: &AppId, begun: Begun) -> Result<(), Failure> {
        let mut listing = Listing::default();
        let take = |object: &Stored| {
            let record = Record::read(begun.kind, object);
            let name = object.meta().name.clone().unwrap_or_default();
            self.cache.around.neighbourhood(|all| all.is_own(&id.namespace, &record))
                || listing.take(name, version(object.meta()), record)
        };
        let version = self.writer.list(id, &begun.kind.resource(), None, take).await?;
        self.cache.around.neighbourhood(|all| all.listed(&id.namespace, begun, version, listing));
        Ok(())
    }

    /// Lists the pods that others run in the app's namespace, if the watch that goes on already hasn't kept those of its databases.
    async fn know_database_pods(&self, id: &AppId) -> Result<(), Failure> {
        let Some(gate) = self.cache.around.neighbourhood(|all| all.gate(&id.namespace)) else { return Ok(()) };
        let _one = gate.lock().await;
        while let Some(begun) = self.cache.around.database_pods(|pods| pods.begin_list(&id.namespace)) {
            let mut found = Vec::new();
            let take = |object: &Stored| {
                let pod = read_pod(object);
                let pod = self.cache.around.database_pods(|pods| pods.select(&id.namespace, pod));
                if pod != Found::Gone {
                    found.push((object.meta().name.clone().unwrap_or_default(), version(object.meta()), pod));
                }
                found.len() <= Found::MOST_LISTED
            };
            let pods = ApiResource::erase::<Pod>(&());
            let version = self.writer.list(id, &pods, Some(&format!("!{WORKLOAD}")), take).await?;
            self.cache.around.database_pods(|pods| pods.listed(&id.namespace, begun, version, found));
        }
        Ok(())
    }
}
