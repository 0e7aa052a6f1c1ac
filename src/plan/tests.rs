//! The plan against objects as an API server would store them, managed fields included.

mod applied;
mod census;
mod drift;
mod earlier;
mod exposure;
mod fake;
mod fuzz;
mod isolation;
mod many;
mod memory;
mod observe;
mod oversized;
mod pod;
mod properties;
mod prune;
mod removal;
mod replacement;
mod step;
mod verdicts;
mod versions;

use fake::Fake;
use serde_json::{Value, json};

use crate::{
    api::{ChildRef, DriftItem, HardenedAppStatus, ToleratedPath},
    app::Enforcement,
    desired::{Child, LiveValues},
    fixtures::{UID, child, child_of, shop},
    plan::{Basis, Change, Guards, Known, LastReport, Live, MOST_REQUESTS, Request, Verdict, Written, judge},
};

/// The basis of a verdict on an object that the last status lists.
const LISTED: Basis = Basis { verified: false, listed: true, updated: false };

/// The verdict on a child whose live object is known like this; `listed` means that the last status lists it.
fn verdict(child: &Child, live: Live, listed: bool, enforcement: &Enforcement) -> Verdict {
    verdict_after(child, live, listed, enforcement, Written::Nothing)
}

/// The same where this reconciliation has written the object before.
fn verdict_after(child: &Child, live: Live, listed: bool, enforcement: &Enforcement, written: Written) -> Verdict {
    let reference = ChildRef { kind: child.kind.name.to_owned(), name: child.name.clone() };
    let status = HardenedAppStatus { children: vec![reference], ..HardenedAppStatus::default() };
    let last_report = if listed { LastReport::of(&status, None, true) } else { LastReport::default() };
    let guards = Guards::InPlace;
    crate::plan::verdict::of(
        child,
        &Known { uid: UID, enforcement, last_report, guards, live, written, read: false, reverted: false },
    )
}

/// The child as applied, and then changed by another client.
fn disturbed(child: &Child, disturb: impl FnOnce(&mut Fake)) -> Fake {
    let mut fake = Fake::default();
    fake.apply(child);
    disturb(&mut fake);
    fake
}

fn judged(child: &Child, fake: &Fake) -> Verdict {
    judge(child, UID, &fake.live(), LISTED, &Enforcement::default())
}

/// Applies the child, as the operator does where an autoscaler decides the number of pods.
fn apply(child: &Child, fake: &mut Fake) {
    let live = fake.is_there().then(|| fake.live());
    let values = live.map(|live| LiveValues {
        replicas: live["spec"]["replicas"].as_i64(),
        suspended: live["spec"]["suspend"] == true,
    });
    fake.apply(&Child { body: child.applied(values.as_ref()), ..child.clone() });
}

/// Sends what the plan asks for. Returns the drift that was found before each request, or nothing if the requests don't end.
fn settle(child: &Child, fake: &mut Fake) -> Option<Vec<String>> {
    let (mut drift, mut written) = (Vec::new(), Written::Nothing);
    for _ in 0..2 * MOST_REQUESTS {
        let live = if fake.is_there() { Live::answered(fake.live()) } else { Live::Absent };
        let verdict = verdict_after(child, live, true, &Enforcement::default(), written);
        drift.extend(lines(&verdict));
        written = written.max(if verdict.is_update { Written::NewVersion } else { Written::Heal });
        match verdict.change {
            // The last two: another owner's objects, or none's, are never written.
            Change::Keep | Change::Conflict { .. } | Change::AwaitDeletion => return Some(drift),
            Change::Send(Request::Create | Request::Apply) => apply(child, fake),
            Change::Send(Request::Remove(patch)) => fake.patch(&patch).unwrap(),
            Change::Send(Request::Correct(patch)) => {
                fake.patch(&patch).unwrap();
                apply(child, fake);
            }
            Change::Send(Request::Replace) => {
                *fake = Fake::default();
                apply(child, fake);
            }
        }
    }
    None
}

/// The patch of a correction.
fn correction(change: Change) -> Value {
    match change {
        Change::Send(Request::Correct(patch)) => patch,
        other => panic!("{other:?}"),
    }
}

fn tolerated(kind: &str, path: &str) -> ToleratedPath {
    ToleratedPath { kind: kind.to_owned(), path: path.to_owned() }
}

/// A drift item in one line.
fn line(item: &DriftItem) -> String {
    let DriftItem { change, path, desired, live, manager, .. } = item;
    format!("{change:?} {path} [{desired}] -> [{live}] by {manager}")
}

fn lines(verdict: &Verdict) -> Vec<String> {
    verdict.drift.iter().map(line).collect()
}

/// Sets a value in an object; missing parent objects are created.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let (holder, field) = pointer.rsplit_once('/').unwrap();
    if object.pointer(holder).is_none() {
        set(object, holder, json!({}));
    }
    let field = field.replace("~1", "/");
    object.pointer_mut(holder).unwrap().as_object_mut().unwrap().insert(field, value);
}

/// Adds a member to a list; a missing list is created.
fn push(object: &mut Value, pointer: &str, value: Value) {
    if object.pointer(pointer).is_none() {
        set(object, pointer, json!([]));
    }
    object.pointer_mut(pointer).unwrap().as_array_mut().unwrap().push(value);
}

/// Turns the order of a list round.
fn reverse(object: &mut Value, pointer: &str) {
    let list = object.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
    assert!(list.len() > 1, "{pointer} has no order");
    list.reverse();
}

/// Removes a field or member.
fn unset(object: &mut Value, pointer: &str) {
    let (holder, field) = pointer.rsplit_once('/').unwrap();
    match object.pointer_mut(holder).unwrap() {
        Value::Object(fields) => drop(fields.remove(&field.replace("~1", "/")).unwrap()),
        Value::Array(list) => drop(list.remove(field.parse().unwrap())),
        other => panic!("{holder} is {other}"),
    }
}
