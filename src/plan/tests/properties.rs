//! What holds for every app, every interruption and every attack.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{fake::Fake, line, push, set, unset, verdict};
use crate::{
    app::Enforcement,
    desired::{Child, children},
    fixtures::target,
    plan::{Change, Live, MOST_REQUESTS, Request},
};

fn image() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "r.io/a:1",
        "r.io/a:2",
        "r.io/b@sha256:1111111111111111111111111111111111111111111111111111111111111111",
    ])
}

fn subset(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(pool, 0..=pool.len())
}

/// A component without its name and connections.
fn component() -> impl Strategy<Value = Value> {
    let some = (image(), 0..4_i32, subset(&["serve", "--fast", ""]), subset(&["shop-env", "shop-tls", "b"]));
    let more = (subset(&["/data", "/var/cache/a", "/tmp"]), subset(&["A", "B", "C"]), 1..=3_usize, any::<bool>());
    (some, more).prop_map(|((image, replicas, args, secrets), (paths, env, ports, outside))| {
        let ports: Vec<Value> = [("http", 8080, "TCP"), ("quic", 8080, "UDP"), ("admin", 9090, "TCP")][..ports]
            .iter()
            .map(|(name, port, protocol)| json!({ "name": name, "port": port, "protocol": protocol }))
            .collect();
        let egress = if outside { json!([{ "cidr": "0.0.0.0/0", "ports": [443] }]) } else { json!([]) };
        json!({
            "image": image, "replicas": replicas, "args": args, "secrets": secrets, "ports": ports, "egress": egress,
            "writablePaths": paths.iter().map(|path| json!({ "path": path, "size": "64Mi" })).collect::<Vec<_>>(),
            "env": env.iter().map(|name| json!({ "name": name, "value": if *name == "A" { "" } else { "x" } })).collect::<Vec<_>>(),
        })
    })
}

/// An app of one to four components, each connected to some of the others.
fn spec() -> impl Strategy<Value = Value> {
    let names = ["web", "api", "db", "job"];
    let component = (component(), prop::sample::subsequence(names.to_vec(), 0..=4));
    prop::collection::vec(component, 1..=4).prop_map(move |components| {
        let known = &names[..components.len()];
        let components = components.into_iter().zip(known).map(|((mut component, connects), name)| {
            component["name"] = json!(name);
            component["connectsTo"] = connects.into_iter().filter(|to| known.contains(to) && to != name).collect();
            component
        });
        json!({ "components": components.collect::<Vec<_>>() })
    })
}

/// The same app with every list that is a set in another order.
fn shuffled(spec: &Value, turn: usize) -> Value {
    let mut spec = spec.clone();
    let turned = |list: &mut Value| {
        let list = list.as_array_mut().unwrap();
        let turn = turn.checked_rem(list.len()).unwrap_or_default();
        list.rotate_left(turn);
        list.reverse();
    };
    turned(&mut spec["components"]);
    for component in spec["components"].as_array_mut().unwrap() {
        for list in ["connectsTo", "secrets", "writablePaths"] {
            turned(&mut component[list]);
        }
    }
    spec
}

fn bytes(children: &[Child]) -> Vec<String> {
    children.iter().map(|child| child.body.to_string()).collect()
}

/// Changes of a Deployment by other managers: each weakens it, and must be reverted and reported.
fn attack(number: usize, object: &mut Value) {
    let spec = "/spec/template/spec";
    let container = format!("{spec}/containers/0");
    match number {
        0 => set(object, &format!("{spec}/hostNetwork"), json!(true)),
        1 => set(object, &format!("{spec}/hostAliases"), json!([{ "ip": "10.0.0.1", "hostnames": ["bank"] }])),
        2 => push(object, &format!("{spec}/containers"), json!({ "name": "aaa", "image": "evil:1" })),
        3 => push(object, &format!("{spec}/initContainers"), json!({ "name": "i", "image": "evil:1" })),
        4 => push(object, &format!("{spec}/volumes"), json!({ "name": "root", "hostPath": { "path": "/" } })),
        5 => push(object, &format!("{container}/volumeMounts"), json!({ "name": "tmp", "mountPath": "/app" })),
        6 => push(object, &format!("{container}/env"), json!({ "name": "LD_PRELOAD", "value": "/tmp/x.so" })),
        7 => set(object, &format!("{container}/image"), json!("evil:1")),
        8 => set(object, &format!("{container}/securityContext/privileged"), json!(true)),
        9 => unset(object, &format!("{container}/securityContext/allowPrivilegeEscalation")),
        10 => set(object, &format!("{container}/securityContext/capabilities/add"), json!(["SYS_ADMIN"])),
        11 => push(object, &format!("{container}/securityContext/capabilities/drop"), json!("NONE")),
        12 => unset(object, &format!("{spec}/automountServiceAccountToken")),
        13 => set(object, &format!("{spec}/serviceAccountName"), json!("admin")),
        14 => set(object, "/spec/template/metadata/labels/app", json!("db")),
        15 => set(object, "/spec/template/metadata/annotations/inject", json!("true")),
        16 => unset(object, &format!("{spec}/nodeSelector")),
        17 => unset(object, &format!("{container}/resources/limits")),
        18 => set(object, "/spec/paused", json!(true)),
        19 => push(object, &format!("{spec}/tolerations"), json!({ "operator": "Exists" })),
        _ => unset(object, &format!("{container}/readinessProbe")),
    }
}

const ATTACKS: usize = 21;

/// Sends what the plan asks for until there is nothing left to do, at most `budget` requests. Returns what was
/// reported.
fn reconcile(child: &Child, fake: &mut Fake, budget: usize) -> Vec<String> {
    let mut reported = Vec::new();
    for _ in 0..budget {
        let live = if fake.is_there() { Live::answered(fake.live()) } else { Live::Absent };
        let verdict = verdict(child, live, false, &Enforcement::default());
        reported.extend(verdict.drift.iter().map(line));
        match verdict.change {
            Change::Keep => break,
            Change::Send(Request::Create | Request::Apply) => fake.apply(child),
            Change::Send(Request::Remove(patch)) => fake.patch(&patch).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    reported
}

fn is_kept(child: &Child, fake: &Fake) -> bool {
    verdict(child, Live::answered(fake.live()), false, &Enforcement::default()).change == Change::Keep
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_same_app_gives_the_same_bytes_in_whatever_order_it_is_written(spec in spec(), turn in 0..4_usize) {
        let once = bytes(&children(&target(spec.clone())));
        prop_assert_eq!(&once, &bytes(&children(&target(spec.clone()))));
        prop_assert_eq!(&once, &bytes(&children(&target(shuffled(&spec, turn)))));
    }

    #[test]
    fn after_an_apply_there_is_nothing_left_to_do(spec in spec()) {
        for child in children(&target(spec)) {
            let mut fake = Fake::default();
            prop_assert_eq!(reconcile(&child, &mut fake, 1), Vec::<String>::new());
            prop_assert!(is_kept(&child, &fake), "{} {}", child.kind.name, child.name);
        }
    }

    #[test]
    fn a_new_spec_is_one_apply_and_no_drift(old in spec(), new in spec()) {
        let old = children(&target(old));
        for child in children(&target(new)) {
            let Some(old) = old.iter().find(|old| old.kind.name == child.kind.name && old.name == child.name) else { continue };
            let mut fake = Fake::default();
            fake.apply(old);
            prop_assert_eq!(reconcile(&child, &mut fake, 1), Vec::<String>::new());
            prop_assert!(is_kept(&child, &fake), "{} {}", child.kind.name, child.name);
        }
    }

    #[test]
    fn attacks_are_reverted_and_reported_however_often_the_operator_is_interrupted(
        spec in spec(),
        attacks in prop::collection::btree_set(0..ATTACKS, 1..5),
        interrupted in 0..=MOST_REQUESTS,
    ) {
        let child = children(&target(spec)).into_iter().find(|child| child.kind.name == "Deployment").unwrap();
        let mut fake = Fake::default();
        fake.apply(&child);
        for (done, attack_number) in attacks.iter().enumerate() {
            fake.edit(&format!("attacker-{done}"), |object| attack(*attack_number, object));
        }
        let mut reported = reconcile(&child, &mut fake, interrupted);
        reported.extend(reconcile(&child, &mut fake, MOST_REQUESTS));
        prop_assert!(is_kept(&child, &fake), "{attacks:?} left {reported:#?}");
        reported.sort();
        reported.dedup();
        prop_assert!(reported.len() >= attacks.len(), "{attacks:?} reported {reported:#?}");
        // No attack has left a trace: the object is as a new one would be.
        let mut new = Fake::default();
        new.apply(&child);
        prop_assert_eq!(&without_metadata(&fake)["spec"]["template"], &without_metadata(&new)["spec"]["template"]);
    }
}

/// The object in a fixed order, without what only the server sets.
fn without_metadata(fake: &Fake) -> Value {
    let mut object = fake.live();
    object.as_object_mut().unwrap().remove("metadata");
    if let Some(fields) = object.pointer_mut("/spec/template/metadata").and_then(Value::as_object_mut) {
        fields.retain(|_, value| value != &json!({}));
    }
    object
}
