//! Which changes of the status become events: a rejection, a conflict, a migration, an opened database, a host that isn't exposed, drift. Derived from two statuses, so nothing is
//! published twice.

use std::collections::BTreeMap;

use super::drift::sentence;
use crate::api::{
    ChildRef, ConditionType, DriftChange, DriftItem, EventAction, EventReason, HardenedAppStatus, MigrationState,
    MigrationStatus, Reason,
};

/// An event to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventNote {
    /// Machine-readable reason.
    pub reason: EventReason,
    /// What the operator did about it.
    pub action: EventAction,
    /// The child it is about.
    pub about: Option<ChildRef>,
    /// Whether a user should look at it.
    pub warns: bool,
    /// For users; at most 1 kB, or the API server refuses it.
    pub text: String,
}

/// Longest text in characters; all of them are ASCII, so this is its length in bytes too.
const LONGEST: usize = 900;

/// Reasons of conditions that are events too, and what the operator was doing.
const ANNOUNCED: [(ConditionType, Reason, EventReason, EventAction); 9] = [
    (ConditionType::Ready, Reason::Rejected, EventReason::Rejected, EventAction::Accept),
    (ConditionType::Ready, Reason::Paused, EventReason::Paused, EventAction::Accept),
    (ConditionType::Ready, Reason::Conflict, EventReason::Conflict, EventAction::Apply),
    (ConditionType::Ready, Reason::PreflightFailed, EventReason::PreflightFailed, EventAction::Release),
    (ConditionType::DatabasesIsolated, Reason::Opened, EventReason::DatabaseOpened, EventAction::Report),
    (ConditionType::Exposed, Reason::NotEnforceable, EventReason::NotExposed, EventAction::Report),
    (ConditionType::Exposed, Reason::HostConflict, EventReason::NotExposed, EventAction::Report),
    (ConditionType::Exposed, Reason::RouteRefused, EventReason::NotExposed, EventAction::Report),
    (ConditionType::Exposed, Reason::CertificateMissing, EventReason::NotExposed, EventAction::Report),
];

/// The events that a change of status calls for.
#[must_use]
pub fn notes(previous: &HardenedAppStatus, status: &HardenedAppStatus) -> Vec<EventNote> {
    let mut notes = Vec::new();
    for (condition, reason, event, action) in ANNOUNCED {
        let message = |status: &HardenedAppStatus| message(status, condition, reason);
        if let Some(text) = message(status).filter(|text| message(previous).as_ref() != Some(text)) {
            notes.push(note(event, action, &text));
        }
    }
    notes.extend(migration(previous, status));
    let reverted = status.drift.reverted.iter().filter(|item| !previous.drift.reverted.contains(item));
    notes.extend(by_object(EventAction::Revert, reverted));
    let opened = status.drift.open.iter().filter(|item| !previous.drift.open.contains(item));
    notes.extend(by_object(EventAction::Report, opened));
    notes
}

/// What has become of the migration.
fn migration(previous: &HardenedAppStatus, status: &HardenedAppStatus) -> Option<EventNote> {
    let migration = status.migration.as_ref()?;
    let known = previous.migration.as_ref().filter(|known| known.hash == migration.hash);
    if known.is_some_and(|known| known.state == migration.state && known.job == migration.job) {
        return None;
    }
    let MigrationStatus { job, message, .. } = migration;
    let (reason, warns, text) = match migration.state {
        MigrationState::Running => (EventReason::MigrationStarted, false, format!("Job {job} runs")),
        // Where a release returns to one that has run, nothing has happened.
        MigrationState::Succeeded if known.is_some() => {
            (EventReason::MigrationSucceeded, false, format!("Job {job} has succeeded"))
        }
        MigrationState::Failed => (EventReason::MigrationFailed, true, format!("Job {job} has failed: {message}")),
        MigrationState::Unknown => (EventReason::MigrationUnknown, true, message.clone()),
        MigrationState::Succeeded | MigrationState::Waiting => return None,
    };
    Some(EventNote { warns, ..note(reason, EventAction::Release, &text) })
}

/// One event per object and sort of change: events that differ only in their text are counted as one, and all texts but
/// the first are lost.
fn by_object<'a>(action: EventAction, items: impl Iterator<Item = &'a DriftItem>) -> Vec<EventNote> {
    let mut objects: BTreeMap<(&str, &str, EventReason), Vec<String>> = BTreeMap::new();
    for item in items {
        let reason = match item.change {
            DriftChange::Added => EventReason::DriftAdded,
            DriftChange::Changed => EventReason::DriftChanged,
            DriftChange::Removed => EventReason::DriftRemoved,
            DriftChange::Deleted => EventReason::DriftDeleted,
            DriftChange::Replaced => EventReason::DriftReplaced,
        };
        objects.entry((&item.kind, &item.name, reason)).or_default().push(sentence(item));
    }
    objects
        .into_iter()
        .map(|((kind, name, reason), sentences)| EventNote {
            about: Some(ChildRef { kind: kind.to_owned(), name: name.to_owned() }),
            ..note(reason, action, &sentences.join("; "))
        })
        .collect()
}

fn note(reason: EventReason, action: EventAction, text: &str) -> EventNote {
    EventNote {
        reason,
        action,
        about: None,
        warns: true,
        text: text.chars().filter(char::is_ascii).take(LONGEST).collect(),
    }
}

/// The message of a condition, if it has this reason.
fn message(status: &HardenedAppStatus, condition: ConditionType, reason: Reason) -> Option<String> {
    let found = status.conditions.iter().find(|found| found.type_ == condition.as_str())?;
    (found.reason == reason.as_str()).then(|| found.message.clone())
}
