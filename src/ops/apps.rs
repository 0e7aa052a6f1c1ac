//! The metrics of each app, read from its stored status: so they are correct from the start of the process on, and
//! disappear with the app.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, PoisonError},
};

use kube::{Resource, runtime::watcher::Event};

use crate::{
    api::{ConditionType, HardenedAppStatus, StoredApp},
    cluster::AppKey,
};

/// The statuses that become labels. A client that may write a status can put any text into it; only these values are
/// exported.
const STATUSES: [&str; 3] = ["True", "False", "Unknown"];

/// The existing apps, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Apps(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    apps: BTreeMap<AppKey, Seen>,
    /// Those that the current list has returned so far.
    listed: HashSet<AppKey>,
}

/// What was last observed of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) uid: String,
    /// Type and status.
    pub(super) conditions: Vec<(&'static str, &'static str)>,
    pub(super) open: usize,
    pub(super) findings: usize,
}

impl Apps {
    /// The apps as they are now.
    pub(super) fn all(&self) -> BTreeMap<AppKey, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).apps.clone()
    }

    /// The UIDs of all apps.
    pub(super) fn uids(&self) -> HashSet<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.apps.values().map(|seen| seen.uid.clone()).collect()
    }

    /// Records what the watch reports. Returns the UIDs of apps that were deleted.
    pub(super) fn observe(&self, event: &Event<StoredApp>) -> Vec<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { apps, listed } = &mut *state;
        let gone: Vec<Seen> = match event {
            Event::Init => {
                listed.clear();
                Vec::new()
            }
            Event::InitApply(app) => {
                listed.insert(key(app));
                put(apps, app)
            }
            Event::Apply(app) => put(apps, app),
            // Deleted while the watch was interrupted.
            Event::InitDone => apps.extract_if(.., |key, _| !listed.contains(key)).map(|(_, seen)| seen).collect(),
            Event::Delete(app) => apps.remove(&key(app)).into_iter().collect(),
        };
        gone.into_iter().map(|seen| seen.uid).collect()
    }
}

/// Returns an earlier app of the same name.
fn put(apps: &mut BTreeMap<AppKey, Seen>, app: &StoredApp) -> Vec<Seen> {
    let seen = Seen::of(app);
    let uid = seen.uid.clone();
    apps.insert(key(app), seen).into_iter().filter(|earlier| earlier.uid != uid).collect()
}

fn key(app: &StoredApp) -> AppKey {
    (app.meta().namespace.clone().unwrap_or_default(), app.meta().name.clone().unwrap_or_default())
}

impl Seen {
    fn of(app: &StoredApp) -> Self {
        let reported = match (app.status(), &app.0) {
            (Some(status), _) => Self::of_status(status),
            (None, Ok(_)) => Self::default(),
            // The operator always writes these.
            (None, Err(_)) => Self {
                conditions: [ConditionType::Ready, ConditionType::Accepted].map(|kind| (kind.as_str(), "False")).into(),
                ..Self::default()
            },
        };
        Self { uid: app.meta().uid.clone().unwrap_or_default(), ..reported }
    }

    fn of_status(status: &HardenedAppStatus) -> Self {
        let condition = |kind: ConditionType| {
            let condition = status.conditions.iter().find(|condition| condition.type_ == kind.as_str())?;
            Some((kind.as_str(), STATUSES.into_iter().find(|word| *word == condition.status)?))
        };
        Self {
            conditions: ConditionType::ALL.iter().copied().filter_map(condition).collect(),
            open: status.drift.open.len(),
            findings: status.findings.len(),
            ..Self::default()
        }
    }
}
