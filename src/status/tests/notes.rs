//! Which changes of the status become events.

use super::{child, conflict, first, item, outcome, rejected, then};
use crate::{
    api::{DriftChange, DriftItem, EventAction, EventReason, HardenedAppStatus},
    app::PartName,
    plan::{ChildState, DatabaseState, Isolation},
    status::{EventNote, notes},
};

/// `Reason about text` of each note.
fn lines(notes: &[EventNote]) -> Vec<String> {
    let about = |note: &EventNote| {
        note.about.as_ref().map_or_else(|| "app".to_owned(), |it| format!("{}/{}", it.kind, it.name))
    };
    notes.iter().map(|note| format!("{} {} {}", note.reason.as_str(), about(note), note.text)).collect()
}

fn new(outcome: &super::Outcome) -> Vec<EventNote> {
    notes(&HardenedAppStatus::default(), &first(outcome))
}

#[test]
fn an_app_without_problems_has_no_events() {
    assert_eq!(new(&outcome(|_| {})), []);
}

#[test]
fn a_rejection_is_published_once_and_again_when_it_changes() {
    let status = first(&rejected("no tag"));
    assert_eq!(
        lines(&notes(&HardenedAppStatus::default(), &status)),
        ["Rejected app spec.components[web].image: no tag; append :<version>"]
    );
    assert_eq!(notes(&status, &then(&status, &rejected("no tag"))), []);
    assert_eq!(notes(&status, &then(&status, &rejected("no name"))).len(), 1);
}

#[test]
fn a_conflict_is_published_once() {
    let contested = outcome(|applied| applied.children[1].state = conflict());
    let status = first(&contested);
    let published = notes(&HardenedAppStatus::default(), &status);
    assert_eq!(
        (published.len(), published[0].reason, published[0].action),
        (1, EventReason::Conflict, EventAction::Apply)
    );
    assert_eq!(notes(&status, &then(&status, &contested)), []);
}

#[test]
fn an_opened_database_is_published_once_for_each_object_that_opens_it() {
    let opened = |by: &str| {
        outcome(|applied| {
            applied.databases.push(DatabaseState {
                name: PartName::new("db"),
                pods: Some(1),
                clients: Vec::new(),
                isolation: Isolation::Opened(format!("NetworkPolicy {by} lets in everyone")),
            });
        })
    };
    let status = first(&opened("one"));
    let published = notes(&HardenedAppStatus::default(), &status);
    assert_eq!(lines(&published), ["DatabaseOpened app db: NetworkPolicy one lets in everyone"]);
    assert!(published[0].warns);
    assert_eq!(notes(&status, &then(&status, &opened("one"))), []);
    assert_eq!(notes(&status, &then(&status, &opened("another"))).len(), 1);
}

#[test]
fn reverted_drift_is_grouped_by_object_and_only_new_drift_is_published() {
    let service = DriftItem { kind: "Service".to_owned(), change: DriftChange::Added, ..item("spec.externalIPs") };
    let first = first(&outcome(|applied| {
        applied.children[1].reverted = vec![item("spec.replicas"), item("spec.paused")];
        applied.children.push(super::ChildOutcome { reverted: vec![service], ..child("Service", ChildState::InPlace) });
    }));
    assert_eq!(
        lines(&notes(&HardenedAppStatus::default(), &first)),
        [
            "DriftChanged Deployment/shop-web Deployment shop-web: spec.replicas changed by kubectl-edit; \
             Deployment shop-web: spec.paused changed by kubectl-edit",
            "DriftAdded Service/shop-web Service shop-web: spec.externalIPs added by kubectl-edit",
        ]
    );
    let second = then(&first, &outcome(|applied| applied.children[1].reverted = vec![item("spec.minReadySeconds")]));
    let published = lines(&notes(&first, &second));
    assert_eq!(
        published,
        ["DriftChanged Deployment/shop-web Deployment shop-web: spec.minReadySeconds changed by kubectl-edit"]
    );
    assert_eq!(notes(&second, &then(&second, &outcome(|_| {}))), []);
}

#[test]
fn a_deletion_is_published_without_a_path_or_a_manager() {
    let gone = DriftItem { path: String::new(), manager: String::new(), change: DriftChange::Deleted, ..item("") };
    let published = new(&outcome(|applied| applied.children[1].reverted = vec![gone]));
    assert_eq!(published[0].text, "Deployment shop-web deleted");
}

#[test]
fn open_drift_is_published_when_it_appears() {
    let contested = outcome(|applied| {
        applied.children[1].state = ChildState::Contested(std::time::Duration::from_secs(8));
        applied.children[1].open = vec![item("spec.replicas")];
    });
    let status = first(&contested);
    let published = notes(&HardenedAppStatus::default(), &status);
    assert_eq!((published.len(), published[0].reason), (1, EventReason::DriftChanged));
    assert_eq!(notes(&status, &then(&status, &contested)), []);
}

#[test]
fn an_event_is_short_enough_for_the_api() {
    let published = new(&rejected(&"ä".repeat(2000)));
    assert!(published[0].text.len() <= 1024 && published[0].text.starts_with("spec.components"));
    let long = new(&rejected(&"x".repeat(2000)));
    assert_eq!(long[0].text.len(), 900);
}
