//! The record of releases was deleted, as a whole or in part: the last status is all that is left to say what ran.

use super::{PODS, hashes};
use crate::release::{Facts, Gate, Record, Reported, Revision, Situation, State};

/// Of the spec of this number.
fn decide(record: &Record, reported: Reported<'_>, rerun: Option<&str>, spec: u8) -> Gate {
    let hashes = hashes(spec);
    let record = &record.clone().reported(reported.release.map(|(number, _)| number));
    let situation = Situation {
        hashes: &hashes,
        resolved: "",
        migration_pods: PODS,
        preflight_pods: "",
        app: "shop",
        record,
        jobs: &[],
        loose: None,
        rerun,
        reported,
    };
    situation.decide()
}

fn released(number: i64, spec: u8) -> Revision {
    let facts = Facts { state: State::Released, hashes: hashes(spec), ..Facts::default() };
    Revision { name: format!("shop-r{number}"), version: "1".to_owned(), number, facts, ..Revision::default() }
}

/// Release 4, of the spec of this number, after its migration.
fn reported<'a>(release: &'a str, migrated: &'a str) -> Reported<'a> {
    Reported { release: Some((4, release)), migrated: Some(migrated), exists: true, ..Reported::default() }
}

#[test]
fn where_the_record_is_gone_nothing_is_guessed() {
    let of = |reported, rerun| decide(&Record::default(), reported, rerun, 1);
    let other = reported("release-0", "migration-0");
    assert_eq!(of(other, None), Gate::RecordLost);
    assert_eq!(of(other, Some("1")), Gate::Prepare { rerun: Some("1".to_owned()) });
    // Its status is gone, too.
    assert_eq!(of(Reported { exists: true, ..Reported::default() }, None), Gate::RecordLost);
    // What runs is what is asked for.
    let same = reported("release-1", "migration-1");
    assert!(matches!(of(same, None), Gate::Commit(entry) if entry.number == 4 && entry.facts.state == State::Released));
    // An earlier version of the operator kept no record.
    let earlier = Reported { applied: true, exists: true, ..Reported::default() };
    assert!(matches!(of(earlier, None), Gate::Commit(entry) if entry.number == 1));
}

#[test]
fn where_only_the_newest_entry_is_gone_nothing_is_guessed_either() {
    let record = Record::new(vec![released(3, 0)]).reported(Some(4));
    assert_eq!(record.current(), None, "release 3 doesn't run any more");
    assert!(
        matches!(decide(&record, reported("release-1", "migration-1"), None, 1), Gate::Commit(entry) if entry.number == 4)
    );
    assert_eq!(decide(&record, reported("release-1", "migration-1"), None, 2), Gate::RecordLost);
    // Its migration ran for an earlier release.
    assert!(matches!(decide(&record, reported("release-1", "migration-1"), None, 0), Gate::Commit(_)));
    // What is recorded since then doesn't make up for it.
    for state in [State::Pending, State::Failed, State::Migrated] {
        let later = released(5, 2);
        let later = Revision { facts: Facts { state, ..later.facts }, ..later };
        let record = Record::new(vec![released(3, 0), later]).reported(Some(4));
        assert_eq!((record.current(), record.previous()), (None, None), "{state:?}");
    }
    let complete = Record::new(vec![released(3, 0), released(4, 1)]).reported(Some(4));
    assert_eq!(complete.current().map(|entry| entry.number), Some(4));
}

#[test]
fn what_asked_for_another_run_before_the_record_was_lost_does_not_ask_again() {
    let of = |rerun, spec| {
        let reported = Reported { rerun: Some("1"), ..reported("release-1", "migration-1") };
        decide(&Record::default(), reported, Some(rerun), spec)
    };
    let rerun = |gate| match gate {
        Gate::Commit(entry) => entry.facts.rerun,
        other => panic!("{other:?}"),
    };
    assert_eq!(rerun(of("1", 1)).as_deref(), Some("1"));
    // It asks for a run that is yet to come.
    assert_eq!(rerun(of("2", 1)).as_deref(), Some("1"));
    assert_eq!(of("1", 2), Gate::RecordLost);
    assert_eq!(of("2", 2), Gate::Prepare { rerun: Some("2".to_owned()) });
}
