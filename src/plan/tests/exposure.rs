//! Whether hosts lead to an app: from what the app declares, what is in place, and what controllers say.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use serde_json::json;

use crate::{
    desired::{EntryState, Expiry, Kind, Progress, Stage, children},
    fixtures::{exposed_app, ingress},
    plan::{ChildOutcome, ChildState, EntryProgress, Exposed, ExposureState, exposure_findings, exposures},
    release::{Target, Unclaimed},
};

const HOST: &str = "shop.example.com";

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn target(profile: &str) -> Target {
    Target::of(exposed_app(&ingress(profile)))
}

/// The outcomes of all children of the host, in this state.
fn outcomes(target: &Target, state: impl Fn(&Kind) -> ChildState) -> Vec<ChildOutcome> {
    let entries = children(target).into_iter().filter(|child| child.kind.stage == Stage::Entry);
    let outcome =
        |child: crate::desired::Child| ChildOutcome { state: state(child.kind), ..ChildOutcome::without_api(&child) };
    entries.map(outcome).collect()
}

fn in_place(target: &Target) -> Vec<ChildOutcome> {
    outcomes(target, |_| ChildState::InPlace)
}

/// What controllers say of the objects of these kinds.
fn say(children: &[ChildOutcome], said: &[(&str, Progress)]) -> EntryProgress {
    let of_kind = |child: &ChildOutcome| said.iter().find(|(kind, _)| *kind == child.kind.name).map(|(_, said)| said);
    let entries =
        children.iter().filter_map(|child| Some(((child.kind.name, child.name.clone()), of_kind(child)?.clone())));
    entries.collect()
}

fn judge(target: &Target, children: &[ChildOutcome], said: &[(&str, Progress)]) -> ExposureState {
    let mut states = exposures(target, children, &say(children, said), now());
    assert_eq!(states.len(), 1);
    states.remove(0)
}

#[test]
fn a_host_is_exposed_once_all_that_report_have_accepted() {
    let target = target("Contour");
    let all = in_place(&target);
    let accepted = || Progress::Entry(EntryState::Accepted);
    let issued = |state| Progress::Certificate(state, None);
    let pending = || EntryState::Pending("not yet".to_owned());
    let refused = || EntryState::Refused("no".to_owned());
    let exposed = |proxy: Progress, certificate: Progress| {
        judge(&target, &all, &[("HTTPProxy", proxy), ("Certificate", certificate)]).exposed
    };
    assert_eq!(exposed(accepted(), issued(EntryState::Accepted)), Exposed::Yes);
    assert!(
        matches!(exposed(accepted(), issued(pending())), Exposed::NoCertificate(words) if words.contains("not yet"))
    );
    assert!(
        matches!(exposed(Progress::Entry(refused()), issued(EntryState::Accepted)), Exposed::Refused(words) if words.contains("HTTPProxy"))
    );
    assert!(matches!(exposed(Progress::Entry(pending()), issued(EntryState::Accepted)), Exposed::Waiting(_)));
    // A proxy without a certificate is refused, too: the cause comes first.
    assert!(matches!(exposed(Progress::Entry(refused()), issued(refused())), Exposed::NoCertificate(_)));
}

#[test]
fn what_reports_nothing_is_exposed_where_it_is_in_place() {
    let target = target("Ingress");
    assert!(children(&target).iter().all(|child| child.kind.stage != Stage::Entry
        || child.kind.name == "Ingress"
        || child.kind.name == "Certificate"));
    let issued = Progress::Certificate(EntryState::Accepted, None);
    assert_eq!(judge(&target, &in_place(&target), &[("Certificate", issued)]).exposed, Exposed::Yes);
    let held = outcomes(&target, |_| ChildState::Held);
    assert!(matches!(judge(&target, &held, &[]).exposed, Exposed::Waiting(words) if words.contains("isn't in place")));
}

#[test]
fn a_missing_api_is_named_with_its_group() {
    let target = target("Traefik");
    let missing =
        outcomes(&target, |kind| if kind.group == "traefik.io" { ChildState::NoApi } else { ChildState::InPlace });
    let words = "the cluster doesn't have Middleware, TLSOption (traefik.io)";
    assert_eq!(judge(&target, &missing, &[]).exposed, Exposed::NoApi(words.to_owned()));
}

#[test]
fn a_host_without_objects_says_why() {
    let mut target = target("Contour");
    target.unclaimed.insert(HOST.to_owned(), Unclaimed::Taken);
    assert!(children(&target).iter().all(|child| child.kind.stage != Stage::Entry), "it makes none");
    assert_eq!(judge(&target, &[], &[]).exposed, Exposed::Unclaimed(Unclaimed::Taken));
    target.unclaimed.clear();
    target.runs = None;
    assert!(matches!(judge(&target, &[], &[]).exposed, Exposed::Waiting(_)));
    let entry = json!({ "ingress": { "className": "edge" }, "enforces": {} });
    let target = Target::of(exposed_app(&entry));
    let Exposed::NotEnforceable(words) = judge(&target, &[], &[]).exposed else { panic!("nothing is attested") };
    assert!(
        words.contains("the profile Ingress can't enforce minTLSVersion, the redirect to HTTPS, headers"),
        "{words}"
    );
}

#[test]
fn a_certificate_that_is_not_renewed_in_time_is_found_at_its_instant() {
    let target = target("Contour");
    let all = in_place(&target);
    let state = |overdue: &str| {
        let expiry = Expiry { expires: "2026-07-01T00:00:00Z".parse().unwrap(), overdue: overdue.parse().unwrap() };
        judge(&target, &all, &[("Certificate", Progress::Certificate(EntryState::Accepted, Some(expiry)))])
    };
    let early = state("2026-06-01T01:00:00Z");
    assert_eq!((early.overdue, early.recheck), (None, Some(Duration::from_hours(1))));
    assert!(exposure_findings(&[early], []).is_empty());
    let late = state("2026-06-01T00:00:00Z");
    assert_eq!(late.recheck, None);
    let findings = exposure_findings(&[late], [HOST.to_owned()]);
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(checks, ["certificate-expiring", "host-shared"]);
    assert!(findings[0].message.contains("2026-07-01"), "{}", findings[0].message);
}
