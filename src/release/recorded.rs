//! What an entry of the record keeps of an app, so that it stays as declared while a newer spec waits or is refused.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

use crate::app::{
    AppId, Edge, End, Enforcement, Exposure, PartName, PlatformPeers, Policy, Ports, Release, Scale, Ungated,
    short_hash,
};

/// A release as it was resolved, and what isn't part of it as it was last.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The release.
    pub release: Release,
    /// The rest.
    pub kept: Kept,
}

/// What applies independently of a release, as far as a spec gives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// How many pods each part has.
    pub scale: BTreeMap<PartName, Scale>,
    /// Who may connect, by what it may connect to: there are few of these, and many who may.
    pub allowed: Vec<(End, Ports, BTreeSet<End>)>,
    /// The hosts under which it is reachable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<Exposure>,
    /// Pods and addresses of the platform.
    pub peers: PlatformPeers,
    /// What is done about deviations; a pause isn't kept.
    pub enforcement: Enforcement,
}

impl Kept {
    /// What is kept of an accepted spec.
    #[must_use]
    pub fn of(ungated: &Ungated) -> Self {
        let mut allowed: BTreeMap<(&End, &Ports), BTreeSet<End>> = BTreeMap::new();
        for edge in &ungated.allowed {
            allowed.entry((&edge.to, &edge.ports)).or_default().insert(edge.from.clone());
        }
        let allowed = allowed.into_iter().map(|((to, ports), from)| (to.clone(), ports.clone(), from));
        Self {
            scale: ungated.scale.clone(),
            allowed: allowed.collect(),
            exposures: ungated.exposures.clone(),
            peers: ungated.peers.clone(),
            enforcement: ungated.enforcement.clone(),
        }
    }

    /// What applies while the newest spec is refused; the policy applies as far as it can be read.
    #[must_use]
    pub fn restore(&self, metadata: &ObjectMeta, policy: Option<&Policy>) -> Ungated {
        let mut enforcement = self.enforcement.clone();
        enforcement.keep(metadata, policy);
        Ungated {
            scale: self.scale.clone(),
            allowed: self.edges(),
            exposures: self.exposures.clone(),
            peers: policy.map_or_else(|| self.peers.clone(), PlatformPeers::of),
            enforcement,
        }
    }

    /// The connections that others may open.
    #[must_use]
    pub fn edges(&self) -> BTreeSet<Edge> {
        let edges = self.allowed.iter().flat_map(|(to, ports, from)| {
            from.iter().map(|from| Edge { from: from.clone(), to: to.clone(), ports: ports.clone() })
        });
        edges.collect()
    }

    /// The text of the annotation.
    #[must_use]
    pub fn text(&self) -> String {
        // Maps with text as keys, and lists: nothing that JSON can't have.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The connections that clients may still open by the newest spec, on the ports on which pods of this release listen.
    #[must_use]
    pub fn still_allowed(&self, ungated: &Ungated) -> BTreeSet<Edge> {
        let mut edges = self.edges();
        edges.retain(|edge| ungated.allows(&edge.from, &edge.to) && !ungated.allowed.contains(edge));
        edges
    }

    /// Adds to what the newest spec says what it doesn't say any more, of the parts of the release that still runs. The number of pods
    /// stays where that release can have one pod only.
    pub fn fill(&self, id: &AppId, ungated: &mut Ungated, runs: &Release, comes: &Release) {
        for part in &runs.parts {
            let is_left = !comes.parts.iter().any(|other| other.name() == part.name());
            let is_exclusive = part.workload().is_some_and(|workload| workload.exclusive);
            let scale = self.scale.get(part.name()).filter(|_| is_left || is_exclusive);
            if let Some(scale) = scale {
                ungated.scale.insert(part.name().clone(), scale.clone());
            }
            if is_left {
                let ends = part.ends(id);
                ungated.allowed.extend(self.edges().into_iter().filter(|edge| ends.contains(&edge.to)));
            }
        }
        for exposure in &mut ungated.exposures {
            // The host leads where it did until what the newest spec names runs.
            let kept = self.exposures.iter().find(|kept| kept.host == exposure.host && runs.serves(kept));
            if let Some(kept) = kept.filter(|_| !runs.serves(exposure)) {
                exposure.paths.clone_from(&kept.paths);
            }
        }
    }
}

/// Hash of a release as it is resolved.
#[must_use]
pub fn resolved(release: &Release) -> String {
    short_hash(&serde_json::to_string(release).unwrap_or_default())
}
