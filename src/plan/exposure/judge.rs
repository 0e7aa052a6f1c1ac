//! Whether the hosts of an app lead to it.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::jiff::Timestamp;

use super::{
    super::outcome::{ChildOutcome, ChildState},
    state::{Exposed, ExposureState},
};
use crate::{
    api::{Check, FindingItem},
    app::Exposure,
    desired::{EntryState, Expiry, Progress, Stage, unenforceable},
    release::Target,
};

/// What controllers outside this operator say of objects, by kind and name.
pub type EntryProgress = BTreeMap<(&'static str, String), Progress>;

/// How the hosts of an app stand, by host.
#[must_use]
pub fn exposures(
    target: &Target,
    children: &[ChildOutcome],
    entries: &EntryProgress,
    now: Timestamp,
) -> Vec<ExposureState> {
    let state = |exposure: &Exposure| {
        let own: Vec<&ChildOutcome> = children.iter().filter(|child| is_of(child, target, exposure)).collect();
        let progress = |child: &&ChildOutcome| entries.get(&(child.kind.name, child.name.clone()));
        let expiry = own.iter().filter_map(progress).find_map(|progress| match progress {
            Progress::Certificate(_, expiry) => *expiry,
            _ => None,
        });
        let (overdue, recheck) = renewal(expiry, now);
        let exposed = withheld(target, exposure).or_else(|| missing(&own)).or_else(|| reported(&own, entries));
        let exposed = exposed.unwrap_or(Exposed::Yes);
        ExposureState { host: exposure.host.clone(), url: exposure.url(), exposed, overdue, recheck }
    };
    target.ungated.exposures.iter().map(state).collect()
}

/// Whether an object is one of the host's; a policy for the encryption towards a component is one of all hosts.
fn is_of(child: &ChildOutcome, target: &Target, exposure: &Exposure) -> bool {
    let encrypts =
        || exposure.paths.iter().any(|path| child.name == target.id.backend_policy(&path.component, &path.port));
    child.declared && child.kind.stage == Stage::Entry && (exposure.has_object(&target.id, &child.name) || encrypts())
}

/// Why a host has no objects.
fn withheld(target: &Target, exposure: &Exposure) -> Option<Exposed> {
    if let Some(words) = unenforceable(exposure) {
        return Some(Exposed::NotEnforceable(words));
    }
    if let Some(unclaimed) = target.unclaimed.get(&exposure.host) {
        return Some(Exposed::Unclaimed(*unclaimed));
    }
    let is_served = target.runs.as_ref().is_some_and(|runs| runs.serves(exposure));
    (!is_served).then(|| Exposed::Waiting("the release that serves it doesn't run yet".to_owned()))
}

/// Which of its objects aren't in place.
fn missing(own: &[&ChildOutcome]) -> Option<Exposed> {
    let mut kinds: Vec<&str> =
        own.iter().filter(|child| child.state == ChildState::NoApi).map(|child| child.kind.name).collect();
    kinds.dedup();
    if !kinds.is_empty() {
        let group = own.iter().find(|child| child.state == ChildState::NoApi).map_or("", |child| child.kind.group);
        return Some(Exposed::NoApi(format!("the cluster doesn't have {} ({group})", kinds.join(", "))));
    }
    let is_missing = |child: &&&ChildOutcome| {
        !matches!(child.state, ChildState::InPlace | ChildState::Observed | ChildState::Contested(_))
    };
    let child = own.iter().find(is_missing)?;
    Some(Exposed::Waiting(format!("{} {} isn't in place", child.kind.name, child.name)))
}

/// What controllers say of its objects: what is refused before what is awaited.
fn reported(own: &[&ChildOutcome], entries: &EntryProgress) -> Option<Exposed> {
    let states = own.iter().filter_map(|child| {
        let words = |words: &String| format!("{} {}: {words}", child.kind.name, child.name);
        match entries.get(&(child.kind.name, child.name.clone()))? {
            Progress::Certificate(EntryState::Refused(why) | EntryState::Pending(why), _) => {
                Some(Exposed::NoCertificate(words(why)))
            }
            Progress::Entry(EntryState::Refused(why)) => Some(Exposed::Refused(words(why))),
            Progress::Entry(EntryState::Pending(why)) => Some(Exposed::Waiting(words(why))),
            _ => None,
        }
    });
    states.min_by_key(|state| match state {
        Exposed::NoCertificate(_) => 0,
        Exposed::Refused(_) => 1,
        _ => 2,
    })
}

/// Whether a certificate should have been renewed, else when it should be.
fn renewal(expiry: Option<Expiry>, now: Timestamp) -> (Option<Timestamp>, Option<Duration>) {
    let Some(Expiry { expires, overdue }) = expiry else { return (None, None) };
    if overdue <= now {
        return (Some(expires), None);
    }
    (None, Duration::try_from(overdue.duration_since(now)).ok())
}

/// Findings about hosts.
#[must_use]
pub fn exposure_findings(states: &[ExposureState], shared: impl IntoIterator<Item = String>) -> Vec<FindingItem> {
    let overdue = states.iter().filter_map(|state| {
        let words =
            format!("the certificate of {} wasn't renewed in time and expires at {}", state.host, state.overdue?);
        Some(FindingItem::about("", Check::CertificateExpiring, &words))
    });
    let shared = shared.into_iter().map(|host| {
        let words =
            format!("{host} is served by an object of others, too: which one gets a request, the controller decides");
        FindingItem::about("", Check::HostShared, &words)
    });
    overdue.chain(shared).collect()
}
