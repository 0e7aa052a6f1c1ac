//! The one decision about a child: every possible combination of what is known, of the drift mode, and of what earlier
//! attempts have shown.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{UID, child, child_of, disturbed, set, shop};
use crate::{
    api::{ChildRef, DriftMode, HardenedAppStatus},
    app::Enforcement,
    desired::{Child, LiveValues},
    plan::{
        ChildMemory, ChildState, Guards, Known, LastReport, Live, Purpose, Step, Written, step, verdict::deleted_item,
    },
};

/// What is known of the live object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    /// Never created.
    New,
    /// Listed by the last status, and not in the cache.
    Missing,
    /// Written by this reconciliation, and not in the cache any more.
    Written,
    /// Not listed by the last status, which says that it was deleted.
    ReportedDeleted,
    /// As declared.
    Equal,
    /// Of an earlier version of the spec.
    Outdated,
    /// Changed by another manager.
    Drifted,
    /// Of an earlier version of the spec, and changed by another manager.
    DriftedUpdate,
    /// As declared, and being deleted.
    Leaving,
    /// Controlled by another owner.
    Foreign,
}

const OBJECTS: [Object; 10] = [
    Object::New,
    Object::Missing,
    Object::Written,
    Object::ReportedDeleted,
    Object::Equal,
    Object::Outdated,
    Object::Drifted,
    Object::DriftedUpdate,
    Object::Leaving,
    Object::Foreign,
];

/// How the app's drift is to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Enforce,
    Observe,
    Paused,
}

/// What earlier attempts have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Earlier {
    Nothing,
    Refused,
    Conflict,
    Contested,
    Gone,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    kind: &'static str,
    object: Object,
    asked: Asked,
    guards: Guards,
    earlier: Earlier,
    /// This reconciliation has reverted something already.
    reverted: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in ["Deployment", "NetworkPolicy"] {
        for object in OBJECTS {
            for asked in [Asked::Enforce, Asked::Observe, Asked::Paused] {
                for guards in [Guards::InPlace, Guards::Missing] {
                    for earlier in
                        [Earlier::Nothing, Earlier::Refused, Earlier::Conflict, Earlier::Contested, Earlier::Gone]
                    {
                        for reverted in [false, true] {
                            cases.push(Case { kind, object, asked, guards, earlier, reverted });
                        }
                    }
                }
            }
        }
    }
    cases
}

fn live(child: &Child, object: Object) -> Live {
    match object {
        Object::New | Object::Missing | Object::Written | Object::ReportedDeleted => Live::Absent,
        Object::Equal => Live::Verified { unowned: Vec::new() },
        Object::Outdated => Live::Outdated { uid: "1".to_owned(), version: 7, values: LiveValues::default() },
        Object::Drifted => drifted(child),
        Object::DriftedUpdate => {
            let mut older = shop();
            older["components"][0]["image"] = json!("r.io/web:0");
            older["components"][0].as_object_mut().unwrap().remove("allowFrom");
            drifted(&child_of(older, child.kind.name))
        }
        Object::Leaving => {
            let mut object = disturbed(child, |_| {}).live();
            set(&mut object, "/metadata/deletionTimestamp", json!("2026-07-01T12:00:00Z"));
            Live::answered(object)
        }
        Object::Foreign => Live::Foreign { holder: "HelmApp shop".to_owned(), disowned: None },
    }
}

fn drifted(child: &Child) -> Live {
    let pointer = if child.kind.name == "Deployment" { "/spec/replicas" } else { "/spec/policyTypes" };
    Live::answered(disturbed(child, |fake| fake.edit("k", |object| set(object, pointer, json!(9)))).live())
}

fn memory(child: &Child, earlier: Earlier, now: Instant) -> ChildMemory {
    let mut memory = ChildMemory::default();
    match earlier {
        Earlier::Nothing => {}
        Earlier::Refused => memory.add_refusal(child, "denied", now, Duration::from_secs(15)),
        Earlier::Conflict => memory.add_conflict(child, "HelmApp shop", now),
        Earlier::Contested => (0..8).for_each(|_| memory.contention.healed(now)),
        Earlier::Gone => memory.gone = true,
    }
    memory
}

fn decided(case: Case) -> Step {
    let (child, now) = (child(case.kind), Instant::now());
    let mut enforcement = Enforcement::default();
    match case.asked {
        Asked::Enforce => {}
        Asked::Observe => enforcement.mode = DriftMode::Observe,
        Asked::Paused => enforcement.paused = true,
    }
    let reference = ChildRef { kind: case.kind.to_owned(), name: child.name.clone() };
    let mut status = HardenedAppStatus::default();
    match case.object {
        Object::New | Object::Written => {}
        Object::ReportedDeleted => status.drift.open = vec![deleted_item(&child)],
        _ => status.children = vec![reference],
    }
    let last_report = LastReport::of(&status, None, true);
    let known = Known {
        uid: UID,
        enforcement: &enforcement,
        last_report,
        guards: case.guards,
        live: live(&child, case.object),
        written: if case.object == Object::Written { Written::Heal } else { Written::Nothing },
        read: false,
        reverted: case.reverted,
    };
    step(&child, &known, &memory(&child, case.earlier, now), now).step
}

/// The rules, as the documentation states them; the order of the lines is their precedence.
fn expected(case: Case) -> &'static str {
    let guard = case.kind == "NetworkPolicy";
    let observed = case.asked == Asked::Observe && !guard;
    let existed = matches!(case.object, Object::Missing | Object::Written);
    let absent = existed || matches!(case.object, Object::New | Object::ReportedDeleted);
    let is_update = absent || matches!(case.object, Object::Outdated | Object::DriftedUpdate);
    // What another client has done: a changed field, or a deletion.
    let drift = existed || matches!(case.object, Object::Drifted | Object::DriftedUpdate | Object::ReportedDeleted);
    // Not recreated while it is only observed or paused, so it is read first: it may only have lost its label.
    if existed && (observed || case.asked == Asked::Paused) && case.earlier != Earlier::Gone {
        return "read";
    }
    match case.object {
        Object::Missing | Object::Written | Object::Drifted if observed => return "observed",
        Object::Equal => return "in place",
        Object::Leaving => return "await deletion",
        Object::Foreign => return "conflict",
        _ => {}
    }
    if case.earlier == Earlier::Conflict && absent {
        return "conflict";
    }
    if case.earlier == Earlier::Refused {
        return "failed";
    }
    if case.asked == Asked::Paused || (case.guards == Guards::Missing && is_update) {
        return "held";
    }
    // An update where drift is only observed reverts nothing, and a heal counts once.
    if !drift || case.reverted || (observed && is_update) {
        return "apply";
    }
    // A deleted guard is recreated at once, however often: pods may run without it.
    if case.earlier == Earlier::Contested && !(guard && absent) { "contested" } else { "heal" }
}

fn words(step: &Step) -> &'static str {
    match step {
        Step::Read => "read",
        Step::Send { purpose: Purpose::Heal, .. } => "heal",
        Step::Send { purpose: Purpose::Apply, .. } => "apply",
        Step::Rest(ChildState::InPlace) => "in place",
        Step::Rest(ChildState::Conflict(..)) => "conflict",
        Step::Rest(ChildState::Observed) => "observed",
        Step::Rest(ChildState::Contested(_)) => "contested",
        Step::Rest(ChildState::AwaitDeletion) => "await deletion",
        Step::Rest(ChildState::Leftover(_)) => "leftover",
        Step::Rest(ChildState::Held) => "held",
        Step::Rest(ChildState::NoApi) => "no API",
        Step::Rest(ChildState::Failed(..)) => "failed",
    }
}

#[test]
fn every_combination_has_its_step() {
    let cases = cases();
    assert_eq!(cases.len(), 1200);
    let found = cases.iter().map(|case| (case, decided(*case)));
    let wrong: Vec<String> = found
        .filter(|(case, step)| words(step) != expected(**case))
        .map(|(case, step)| format!("{case:?}: {step:?}, expected {}", expected(*case)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_refusal_or_conflict_counts_for_the_same_spec_only_and_for_a_while() {
    let (service, now) = (child("Service"), Instant::now());
    let newer = Child { hash: "newer".to_owned(), ..service.clone() };
    let mut memory = ChildMemory::default();
    memory.add_refusal(&service, "denied by the quota", now, Duration::from_secs(15));
    memory.add_conflict(&service, "HelmApp shop", now);
    let refused =
        |memory: &ChildMemory, child, later| memory.refusal(child, false, now + later).map(|(_, words)| words);
    assert_eq!(refused(&memory, &service, Duration::ZERO).as_deref(), Some("denied by the quota"));
    assert_eq!(refused(&memory, &newer, Duration::ZERO), None);
    assert_eq!(refused(&memory, &service, Duration::from_secs(15)), None);
    assert_eq!((memory.refusals(&service), memory.refusals(&newer)), (1, 0));
    let (pause, holder) = memory.conflict(&service, now).unwrap();
    assert_eq!((pause, holder.as_str()), (Duration::from_mins(5), "HelmApp shop"));
    assert_eq!(memory.conflict(&newer, now), None);
    memory.clear_failures();
    assert_eq!((memory.conflict(&service, now), refused(&memory, &service, Duration::ZERO)), (None, None));
}

#[test]
fn where_the_live_object_is_weaker_than_declared_a_refused_write_is_tried_again_sooner() {
    let (child, now) = (child("Deployment"), Instant::now());
    let mut memory = ChildMemory::default();
    memory.add_refusal(&child, "denied", now, Duration::from_mins(5));
    assert_eq!(memory.refusal(&child, true, now).unwrap().0, Duration::from_secs(30));
    assert_eq!(memory.refusal(&child, false, now).unwrap().0, Duration::from_mins(5));
}

#[test]
fn a_guard_whose_name_is_taken_is_tried_again_sooner_than_a_workload() {
    let now = Instant::now();
    let pause = |kind: &str| {
        let child = child(kind);
        let mut memory = ChildMemory::default();
        memory.add_conflict(&child, "HelmApp shop", now);
        memory.conflict(&child, now).unwrap().0
    };
    assert_eq!((pause("NetworkPolicy"), pause("Service")), (Duration::from_secs(30), Duration::from_mins(5)));
}
