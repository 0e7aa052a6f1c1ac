//! The conditions, components and lists of every outcome.

use super::{at, child, condition, conflict, failed, first, item, outcome, progress, rejected, report, summary, then};
use crate::{
    api::{Check, DriftChange, DriftItem, DriftMode, FindingItem, HardenedAppStatus},
    app::{Enforcement, Refusal},
    desired::{Progress, Rollout, RolloutPhase},
    fixtures::drift_item,
    plan::{self, Applied, ChildOutcome, ChildState, Exposed, ExposureState, Outcome, PodState},
    release::Unclaimed,
};

/// The outcome, the conditions it leads to, and a part of the message of `Ready`.
type Case = (&'static str, fn() -> Outcome, &'static [&'static str], &'static str);

fn rollout(change: impl FnOnce(&mut Rollout)) -> Outcome {
    outcome(|applied| {
        let mut rollout = Rollout { desired: 2, ready: 1, ..Rollout::default() };
        change(&mut rollout);
        applied.progress = progress(rollout, Vec::new());
    })
}

fn with(state: ChildState) -> Outcome {
    outcome(|applied| applied.children[1].state = state)
}

/// Hosts in these states.
fn hosts(states: &[Exposed]) -> Vec<ExposureState> {
    let state = |(number, exposed): (usize, &Exposed)| ExposureState {
        host: format!("host-{number}"),
        url: format!("https://host-{number}"),
        exposed: exposed.clone(),
        overdue: None,
        recheck: None,
    };
    states.iter().enumerate().map(state).collect()
}

fn exposed(states: &[Exposed]) -> Outcome {
    outcome(|applied| applied.exposures = hosts(states))
}

const CASES: &[Case] = &[
    (
        "an exposed host changes nothing about ready",
        || exposed(&[Exposed::Yes]),
        &[
            "Ready=True/Available",
            "Accepted=True/Accepted",
            "Available=True/Available",
            "Exposed=True/Exposed",
            "InSync=True/InSync",
        ],
        "all pods of all components serve",
    ),
    (
        "a host that waits is reconciled",
        || exposed(&[Exposed::Yes, Exposed::Waiting("HTTPRoute a: nobody".to_owned())]),
        &[
            "Ready=False/RoutePending",
            "Accepted=True/Accepted",
            "Reconciling=True/RoutePending",
            "Available=True/Available",
            "Exposed=False/RoutePending",
            "InSync=True/InSync",
        ],
        "host-1: HTTPRoute a: nobody",
    ),
    (
        "a host of others needs a user, and comes before one that only waits",
        || exposed(&[Exposed::NoApi("none".to_owned()), Exposed::Unclaimed(Unclaimed::Taken)]),
        &[
            "Ready=False/HostConflict",
            "Accepted=True/Accepted",
            "Stalled=True/HostConflict",
            "Available=True/Available",
            "Exposed=False/HostConflict",
            "InSync=True/InSync",
        ],
        "host-1: the host is already taken in this cluster",
    ),
    (
        "what pods lack comes before what hosts lack",
        || {
            outcome(|applied| {
                applied.exposures = hosts(&[Exposed::Refused("no".to_owned())]);
                applied.progress = progress(Rollout { desired: 2, ready: 1, ..Rollout::default() }, Vec::new());
            })
        },
        &[
            "Ready=False/RolloutInProgress",
            "Accepted=True/Accepted",
            "Reconciling=True/RolloutInProgress",
            "Available=False/RolloutInProgress",
            "Exposed=False/RouteRefused",
            "InSync=True/InSync",
        ],
        "web",
    ),
    (
        "everything in place and serving is ready",
        || outcome(|_| {}),
        &["Ready=True/Available", "Accepted=True/Accepted", "Available=True/Available", "InSync=True/InSync"],
        "all pods of all components serve",
    ),
    (
        "a rejected spec is stalled and names field and remedy",
        || rejected("no tag"),
        &[
            "Ready=False/Rejected",
            "Accepted=False/Rejected",
            "Stalled=True/Rejected",
            "Available=Unknown/Rejected",
            "InSync=Unknown/Rejected",
        ],
        "spec.components[web].image: no tag; append :<version>",
    ),
    (
        "while a newer spec is refused, the last accepted one is kept and reported on",
        || {
            let Outcome::Refused(refusal) = rejected("no tag") else { unreachable!() };
            outcome(|applied| applied.refused = Some(refusal))
        },
        &[
            "Ready=False/Rejected",
            "Accepted=False/Rejected",
            "Stalled=True/Rejected",
            "Available=True/Available",
            "InSync=True/InSync",
        ],
        "spec.components[web].image: no tag; append :<version>",
    ),
    (
        "an unreadable object is stalled",
        || Outcome::Refused(Refusal::Unreadable("missing field `image`".to_owned())),
        &[
            "Ready=False/Unreadable",
            "Accepted=False/Unreadable",
            "Stalled=True/Unreadable",
            "Available=Unknown/Unreadable",
            "InSync=Unknown/Unreadable",
        ],
        "missing field `image`",
    ),
    (
        "a conflict is stalled, since waiting can't help, and names the holder",
        || with(conflict()),
        &[
            "Ready=False/Conflict",
            "Accepted=True/Accepted",
            "Stalled=True/Conflict",
            "Available=True/Available",
            "InSync=False/Conflict",
        ],
        "Deployment shop-web isn't controlled by this app (controller: HelmApp shop) and is left alone",
    ),
    (
        "a refused write is retried and says why",
        || with(failed("failed to apply Deployment shop-web: denied by the quota")),
        &[
            "Ready=False/ApplyFailed",
            "Accepted=True/Accepted",
            "Reconciling=True/ApplyFailed",
            "Available=True/Available",
            "InSync=False/ApplyFailed",
        ],
        "denied by the quota",
    ),
    (
        "a conflict outweighs a failure: it needs a person",
        || outcome(|applied| applied.children = vec![child("Service", failed("x")), child("Deployment", conflict())]),
        &[
            "Ready=False/Conflict",
            "Accepted=True/Accepted",
            "Stalled=True/Conflict",
            "Available=True/Available",
            "InSync=False/Conflict",
        ],
        "isn't controlled by this app",
    ),
    (
        "a reconciliation that timed out is continued, and decides nothing about what it didn't compare",
        || Outcome::Unfinished(std::time::Duration::from_secs(30), "too slow".to_owned()),
        &["Ready=False/ApplyFailed", "Accepted=True/Accepted", "Reconciling=True/ApplyFailed"],
        "too slow",
    ),
    (
        "an object that is being deleted is waited for",
        || with(ChildState::AwaitDeletion),
        &[
            "Ready=False/WaitingForDeletion",
            "Accepted=True/Accepted",
            "Reconciling=True/WaitingForDeletion",
            "Available=True/Available",
            "InSync=False/WaitingForDeletion",
        ],
        "Deployment shop-web is being deleted",
    ),
    (
        "a rollout under way is reported in numbers",
        || rollout(|_| {}),
        &[
            "Ready=False/RolloutInProgress",
            "Accepted=True/Accepted",
            "Reconciling=True/RolloutInProgress",
            "Available=False/RolloutInProgress",
            "InSync=True/InSync",
        ],
        "web: 1 of 2 pods ready",
    ),
    (
        "a rollout past its deadline is stuck, not stalled: a new image or a new node can still help",
        || rollout(|rollout| rollout.phase = RolloutPhase::Stuck),
        &[
            "Ready=False/RolloutStuck",
            "Accepted=True/Accepted",
            "Reconciling=True/RolloutStuck",
            "Available=False/RolloutStuck",
            "InSync=True/InSync",
        ],
        "web: 1 of 2 pods ready, and none more within 10 minutes",
    ),
    (
        "pods that can't be created say why",
        || rollout(|rollout| rollout.failure = Some("exceeded quota: cpu".to_owned())),
        &[
            "Ready=False/RolloutInProgress",
            "Accepted=True/Accepted",
            "Reconciling=True/RolloutInProgress",
            "Available=False/RolloutInProgress",
            "InSync=True/InSync",
        ],
        "web: pods can't be created: exceeded quota: cpu",
    ),
    (
        "an image that can't be pulled is reported with the pod's message",
        || {
            outcome(|applied| {
                let problem = "image r.io/web:1 can't be pulled (ImagePullBackOff): not found".to_owned();
                let mut pods = vec![PodState::default(); 2];
                pods[1].problem = problem;
                applied.progress = progress(Rollout { desired: 2, ..Rollout::default() }, pods);
            })
        },
        &[
            "Ready=False/RolloutInProgress",
            "Accepted=True/Accepted",
            "Reconciling=True/RolloutInProgress",
            "Available=False/RolloutInProgress",
            "InSync=True/InSync",
        ],
        "web: image r.io/web:1 can't be pulled",
    ),
    (
        "a contested object is out of sync though the app is available",
        || {
            outcome(|applied| {
                applied.children[1].state = ChildState::Contested(std::time::Duration::from_secs(8));
                applied.children[1].open = vec![item("spec.replicas")];
            })
        },
        &["Ready=True/Available", "Accepted=True/Accepted", "Available=True/Available", "InSync=False/Contested"],
        "all pods",
    ),
    (
        "drift that can't be reverted is out of sync",
        || {
            outcome(|applied| {
                applied.children[1].state = failed("refused");
                applied.children[1].open = vec![item("spec.replicas")];
            })
        },
        &[
            "Ready=False/ApplyFailed",
            "Accepted=True/Accepted",
            "Reconciling=True/ApplyFailed",
            "Available=True/Available",
            "InSync=False/Drifted",
        ],
        "refused",
    ),
    (
        "drift that was reverted is in sync and names the last one",
        || outcome(|applied| applied.children[1].reverted = vec![item("spec.replicas")]),
        &["Ready=True/Available", "Accepted=True/Accepted", "Available=True/Available", "InSync=True/Reverted"],
        "all pods",
    ),
    (
        "drift that is only observed is out of sync, and the app ready all the same",
        || {
            outcome(|applied| {
                applied.children[1].state = ChildState::Observed;
                applied.children[1].open = vec![item("spec.replicas")];
            })
        },
        &["Ready=True/Available", "Accepted=True/Accepted", "Available=True/Available", "InSync=False/Observed"],
        "all pods",
    ),
    (
        "what can't be reverted outweighs what is only observed",
        || {
            outcome(|applied| {
                applied.children[0].state = failed("refused");
                applied.children[0].open = vec![item("spec.ingress")];
                applied.children[1].state = ChildState::Observed;
                applied.children[1].open = vec![item("spec.replicas")];
            })
        },
        &[
            "Ready=False/ApplyFailed",
            "Accepted=True/Accepted",
            "Reconciling=True/ApplyFailed",
            "Available=True/Available",
            "InSync=False/Drifted",
        ],
        "refused",
    ),
    (
        "a deletion that is only observed is stalled: it isn't recreated",
        || {
            outcome(|applied| {
                applied.children[1].state = ChildState::Observed;
                applied.children[1].open = vec![DriftItem { change: DriftChange::Deleted, ..item("") }];
            })
        },
        &[
            "Ready=False/Observed",
            "Accepted=True/Accepted",
            "Stalled=True/Observed",
            "Available=True/Available",
            "InSync=False/Observed",
        ],
        "Deployment shop-web was deleted and isn't recreated",
    ),
    (
        "a paused app is stalled, whatever else is the matter, and says what ends it",
        || {
            outcome(|applied| {
                applied.target.ungated.enforcement.paused = true;
                applied.children[0].state = conflict();
                applied.children[1].state = ChildState::Held;
                applied.children[1].open = vec![item("spec.replicas")];
            })
        },
        &[
            "Ready=False/Paused",
            "Accepted=True/Accepted",
            "Stalled=True/Paused",
            "Available=True/Available",
            "InSync=False/Observed",
        ],
        "remove the annotation hardened.dev/paused",
    ),
];

#[test]
fn every_outcome_has_its_conditions() {
    let mut failures = Vec::new();
    for (it, outcome, conditions, ready) in CASES {
        let status = first(&outcome());
        let message = &condition(&status, "Ready").unwrap().message;
        if summary(&status) != *conditions || !message.contains(ready) {
            failures.push(format!("{it}: {:#?}\n{message}", summary(&status)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_rejection_keeps_what_is_known_of_running_objects() {
    let before = first(&outcome(|applied| applied.children[1].reverted = vec![item("spec.replicas")]));
    let after = report(&before, Some(2), &rejected("no tag"), at(200));
    assert_eq!(
        (&after.components, &after.children, &after.drift, &after.findings),
        (&before.components, &before.children, &before.drift, &before.findings)
    );
    assert_eq!(after.observed_generation, Some(2));
    for unknown in ["Available", "InSync"] {
        assert_eq!(condition(&after, unknown).unwrap().status, "Unknown");
    }
    assert_eq!(condition(&after, "Ready").unwrap().observed_generation, Some(2));
}

#[test]
fn the_same_outcome_gives_the_same_status_at_any_time() {
    // Drift that a reconciliation reverted is new each time.
    for (it, outcome, ..) in CASES.iter().filter(|(it, ..)| !it.contains("reverted is in sync")) {
        let status = first(&outcome());
        assert_eq!(then(&status, &outcome()), status, "{it}");
    }
}

#[test]
fn a_transition_time_changes_only_with_the_status() {
    let available = first(&outcome(|_| {}));
    let waiting = then(&available, &with(ChildState::AwaitDeletion));
    let time =
        |status: &HardenedAppStatus, kind: &str| condition(status, kind).unwrap().last_transition_time.0.as_second();
    assert_eq!((time(&waiting, "Ready"), time(&waiting, "Accepted")), (200, 100));
    // Another reason for the same status is no transition.
    let failing = report(&waiting, Some(1), &with(failed("x")), at(300));
    assert_eq!((time(&failing, "Ready"), time(&failing, "Reconciling")), (200, 200));
    assert_eq!(condition(&failing, "Ready").unwrap().reason, "ApplyFailed");
}

#[test]
fn a_reconciliation_that_timed_out_neither_accepts_nor_forgets() {
    let available = first(&outcome(|_| {}));
    let refused = report(&available, Some(2), &rejected("no tag"), at(200));
    let timed_out = report(
        &refused,
        Some(2),
        &Outcome::Unfinished(std::time::Duration::from_secs(30), "too slow".to_owned()),
        at(300),
    );
    assert_eq!(condition(&timed_out, "Accepted"), condition(&refused, "Accepted"));
    assert_eq!((&timed_out.children, timed_out.applied_generation), (&available.children, Some(1)));
}

#[test]
fn conditions_that_report_a_problem_are_removed_with_it() {
    let stalled = first(&rejected("no tag"));
    let available = then(&stalled, &outcome(|_| {}));
    assert!(condition(&available, "Stalled").is_none() && condition(&available, "Reconciling").is_none());
}

#[test]
fn a_message_is_no_longer_than_the_api_allows() {
    let status = first(&rejected(&"x".repeat(40_000)));
    assert_eq!(condition(&status, "Ready").unwrap().message.len(), 2048);
}

#[test]
fn components_report_their_progress_and_what_blocks_them() {
    let component = |change: fn(&mut Applied)| first(&outcome(change)).components.remove(0);
    let available = component(|_| {});
    assert_eq!((available.name.as_str(), available.image.as_str()), ("web", "r.io/web:1"));
    assert_eq!((available.ready, available.desired, available.message.as_str()), (2, 2, ""));
    let missing = component(|applied| applied.progress.clear());
    assert_eq!((missing.ready, missing.message.as_str()), (0, "waiting for its Deployment"));
    let held = component(|applied| {
        applied.children = vec![child("NetworkPolicy", conflict()), child("Deployment", ChildState::Held)];
        applied.progress.clear();
    });
    assert_eq!(held.message, "NetworkPolicy shop-web isn't controlled by this app (controller: HelmApp shop)");
}

#[test]
fn while_a_newer_spec_is_refused_a_child_that_could_not_be_restored_stays_listed() {
    let available = first(&outcome(|_| {}));
    let Outcome::Refused(refusal) = rejected("no tag") else { unreachable!() };
    let refused = outcome(|applied| {
        applied.refused = Some(refusal);
        applied.children[1].state = failed("x");
    });
    assert_eq!(report(&available, Some(2), &refused, at(200)).children, available.children);
}

#[test]
fn children_are_listed_while_they_exist() {
    let kinds = |status: &HardenedAppStatus| status.children.iter().map(|child| child.kind.clone()).collect::<Vec<_>>();
    let available = first(&outcome(|_| {}));
    assert_eq!(kinds(&available), ["Deployment", "NetworkPolicy"]);
    for (state, listed) in
        [(conflict(), true), (failed("x"), true), (ChildState::AwaitDeletion, true), (ChildState::Held, true)]
    {
        let after = then(&available, &with(state.clone()));
        assert_eq!(kinds(&after).contains(&"Deployment".to_owned()), listed, "{state:?}");
        // A failure doesn't list a child that never existed.
        assert!(!kinds(&first(&with(state.clone()))).contains(&"Deployment".to_owned()), "{state:?}");
        // Nor does the list of another spec count.
        let changed = report(&available, Some(2), &with(state.clone()), at(200));
        assert!(!kinds(&changed).contains(&"Deployment".to_owned()), "{state:?}");
    }
    // What is left of an earlier spec and can't be deleted belongs to no component.
    let leftover = then(
        &available,
        &outcome(|applied| {
            applied.children.push(ChildOutcome { declared: false, part: None, ..child("Service", failed("x")) });
        }),
    );
    assert_eq!(kinds(&leftover), ["Deployment", "NetworkPolicy"]);
}

#[test]
fn findings_report_that_deviations_are_not_reverted() {
    let finding = |change: fn(&mut crate::app::Enforcement)| {
        let status = first(&outcome(|applied| change(&mut applied.target.ungated.enforcement)));
        status.findings.into_iter().find(|finding| finding.check == "drift-not-undone").map(|finding| finding.message)
    };
    assert_eq!(finding(|_| {}), None);
    let observed = finding(|drift| drift.mode = DriftMode::Observe).unwrap();
    assert!(observed.contains("except in NetworkPolicies"), "{observed}");
    let paused = finding(|drift| drift.paused = true).unwrap();
    assert!(paused.contains("nothing is written"), "{paused}");
}

#[test]
fn findings_of_spec_and_cluster_are_listed_once_each() {
    let status = first(&outcome(|applied| {
        let finding = crate::api::FindingItem { check: "unowned-addition".to_owned(), ..Default::default() };
        applied.children[0].findings = vec![finding.clone(), finding];
    }));
    let leftover = first(&outcome(|applied| {
        applied.children.push(ChildOutcome {
            declared: false,
            part: None,
            ..child("Service", ChildState::Leftover(std::time::Duration::ZERO))
        });
    }));
    assert!(
        leftover.findings.iter().any(|finding| finding.message.starts_with("Service shop-web is no longer declared"))
    );
    let checks: Vec<&str> = status.findings.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(checks, ["image-not-pinned", "no-probes", "unowned-addition"]);
}

#[test]
fn a_status_of_an_earlier_version_is_not_written_again_for_a_renamed_field_alone() {
    let now = first(&outcome(|_| {}));
    assert_eq!(now.applied_generation, Some(1));
    // The API server drops the field's earlier name.
    let earlier = HardenedAppStatus { applied_generation: None, ..now };
    assert_eq!(then(&earlier, &outcome(|_| {})), earlier);
    let changed = then(&earlier, &outcome(|applied| applied.progress.clear()));
    assert_eq!(changed.applied_generation, Some(1));
}

#[test]
fn an_autoscaler_that_adds_pods_doesnt_change_ready() {
    let scaled = |ready, fewest| {
        let status = first(&outcome(|applied| {
            let rollout = Rollout { desired: 9, ready, current: true, ..Rollout::default() };
            applied.progress.values_mut().for_each(|progress| {
                progress.progress = Some(Progress::Rollout(rollout.clone()));
                progress.fewest = fewest;
            });
        }));
        assert!(ready == 9 || !status.components[0].message.is_empty(), "what is missing is said");
        summary(&status).remove(0)
    };
    assert_eq!(scaled(9, Some(2)), "Ready=True/Available");
    assert_eq!(scaled(2, Some(2)), "Ready=True/Available");
    assert_eq!(scaled(1, Some(2)), "Ready=False/RolloutInProgress");
    assert_eq!(scaled(2, None), "Ready=False/RolloutInProgress");
}

#[test]
fn a_status_that_was_written_without_an_answer_is_not_repeated() {
    let first = first(&outcome(|applied| applied.children[1].reverted = vec![item("spec.replicas")]));
    assert_eq!(first.drift.reverted.len(), 1);
    // The watch shows that it was written; the same item, with its date, is still unreported.
    let unreported = first.drift.reverted.clone();
    let again = crate::status::report(&first, Some(1), &outcome(|_| {}), &unreported, at(300));
    assert_eq!(again.drift.reverted.len(), 1);
    let repeated = DriftItem { since: None, ..unreported[0].clone() };
    let again = crate::status::report(&first, Some(1), &outcome(|_| {}), &[repeated], at(300));
    assert_eq!(again.drift.reverted.len(), 2, "the same deviation at another time is another one");
}

#[test]
fn a_contested_guard_is_not_ready() {
    let contested = |dangerous| {
        let status = first(&outcome(|applied| {
            applied.children[0].state = ChildState::Contested(std::time::Duration::from_secs(8));
            applied.children[0].open = vec![DriftItem { dangerous, ..item("spec.ingress") }];
        }));
        summary(&status).remove(0)
    };
    assert_eq!(contested(true), "Ready=False/Contested");
    assert_eq!(contested(false), "Ready=True/Available", "a label does no harm");
}

#[test]
fn what_waits_for_the_end_of_a_pause_is_not_tried_again() {
    let next = |paused| {
        plan::next(&outcome(|applied| {
            applied.target.ungated.enforcement.paused = paused;
            applied.children[0].state = ChildState::Held;
        }))
    };
    assert_eq!((next(false), next(true)), (Some(plan::AWAITED), None));
}

#[test]
fn a_spec_that_was_applied_in_part_is_not_claimed_to_be_applied() {
    let generations = |status: &HardenedAppStatus| (status.applied_generation, status.children_generation);
    let before = first(&outcome(|_| {}));
    assert_eq!(generations(&before), (Some(1), None));
    let states = [
        failed("x"),
        conflict(),
        ChildState::Held,
        ChildState::AwaitDeletion,
        ChildState::Contested(std::time::Duration::from_secs(8)),
        ChildState::Leftover(std::time::Duration::ZERO),
    ];
    for state in states {
        let partly = report(&before, Some(2), &with(state.clone()), at(200));
        assert_eq!(generations(&partly), (Some(1), Some(2)), "{state:?}");
        // The children are still known to be those of this spec, so that a deletion is recognized.
        assert!(plan::is_about(&partly, Some(2)) && !plan::is_about(&partly, Some(1)), "{state:?}");
        assert_eq!(report(&partly, Some(2), &with(state.clone()), at(300)), partly, "{state:?}");
        let applied = report(&partly, Some(2), &outcome(|_| {}), at(300));
        assert_eq!(generations(&applied), (Some(2), None), "{state:?}");
        // What fails after it was applied has been applied.
        assert_eq!(
            generations(&report(&applied, Some(2), &with(state.clone()), at(400))),
            (Some(2), None),
            "{state:?}"
        );
        let first = first(&with(state.clone()));
        assert_eq!(generations(&first), (None, Some(1)), "{state:?}");
        assert_eq!(generations(&then(&first, &with(state.clone()))), (None, Some(1)), "{state:?}");
    }
    assert_eq!(generations(&report(&before, Some(2), &with(ChildState::Observed), at(200))), (Some(2), None));
}

#[test]
fn what_was_not_carried_out_is_not_in_sync() {
    let in_sync = |children: Vec<ChildOutcome>| {
        let status = first(&outcome(|applied| applied.children = children));
        let found = condition(&status, "InSync").unwrap();
        format!("{}/{}", found.status, found.reason)
    };
    let behind = |guard| in_sync(vec![child("NetworkPolicy", guard), child("Deployment", ChildState::Held)]);
    assert_eq!(behind(conflict()), "False/Conflict");
    assert_eq!(behind(failed("x")), "False/ApplyFailed");
    assert_eq!(behind(ChildState::AwaitDeletion), "False/WaitingForDeletion");
    assert_eq!(in_sync(vec![child("Deployment", ChildState::AwaitDeletion)]), "False/WaitingForDeletion");
}

#[test]
fn a_deviation_that_goes_with_its_object_is_only_waited_for_unless_it_is_observed() {
    let in_sync = |enforce: fn(&mut Enforcement), others: Vec<ChildOutcome>| {
        let status = first(&outcome(|applied| {
            enforce(&mut applied.target.ungated.enforcement);
            let mut replaced = child("Service", ChildState::AwaitDeletion);
            replaced.open = vec![drift_item("shop-web")];
            applied.children = [vec![replaced], others].concat();
        }));
        let found = condition(&status, "InSync").unwrap();
        format!("{}/{}: {}", found.status, found.reason, found.message)
    };
    let waiting = "False/WaitingForDeletion: Service shop-web is being deleted and is recreated once it is gone";
    let observed = "False/Observed: reported and not undone: Service shop-web: spec.type changed";
    assert_eq!(in_sync(|_| {}, vec![]), waiting);
    assert_eq!(in_sync(|enforcement| enforcement.mode = DriftMode::Observe, vec![]), observed);
    assert_eq!(in_sync(|enforcement| enforcement.paused = true, vec![]), observed);
    let mut left = child("Deployment", failed("x"));
    left.open = vec![drift_item("shop-api")];
    assert_eq!(in_sync(|_| {}, vec![left]), "False/Drifted: Service shop-api: spec.type changed");
}

#[test]
fn an_accepted_spec_that_fails_is_not_said_to_be_carried_out() {
    let message = |outcome| condition(&first(&outcome), "Accepted").unwrap().message.clone();
    assert_eq!(message(outcome(|_| {})), "the spec is carried out");
    assert_eq!(message(with(failed("x"))), "the spec can be carried out; Ready says what it waits for");
}

#[test]
fn a_component_that_never_ran_is_settled_once_its_spec_is_applied_completely() {
    let pending = |state: ChildState| {
        outcome(|applied| {
            applied.progress = progress(Rollout { desired: 2, current: true, ..Rollout::default() }, Vec::new());
            applied.children[0].state = state;
        })
    };
    let settled = |status: &HardenedAppStatus| status.components[0].settled.clone();
    let partly = first(&pending(failed("x")));
    assert_eq!(settled(&partly), None);
    let applied = then(&partly, &pending(ChildState::InPlace));
    assert_eq!(settled(&applied).as_deref(), Some("hash of the Deployment"));
    let kept = report(&applied, Some(2), &pending(failed("x")), at(300));
    assert_eq!(settled(&kept), settled(&applied), "of the spec that was applied completely");
    assert_eq!(settled(&then(&applied, &outcome(|_| {}))), None, "it runs");
    let mut earlier = applied;
    earlier.components[0].settled = None;
    assert_eq!(then(&earlier, &pending(ChildState::InPlace)), earlier, "an upgrade alone writes nothing");
}

#[test]
fn findings_that_are_left_out_are_counted() {
    let find = |number: usize| FindingItem::about("web", Check::NoProbes, &format!("{number:03}"));
    let with = |count: usize| first(&outcome(|applied| applied.findings = (0..count).map(find).collect())).findings;
    assert!(with(100).iter().all(|item| item.check == Check::NoProbes.as_str()));
    let found = with(150);
    assert_eq!((found.len(), found[98].message.as_str()), (100, "098"));
    assert_eq!(
        (found[99].check.as_str(), found[99].message.as_str()),
        (Check::MoreFindings.as_str(), "and 51 more findings")
    );
}
