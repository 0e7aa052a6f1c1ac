//! Random live objects, made from real ones by mutation: whatever a client or a later API server stores, the plan neither panics nor
//! asks for requests without end. `make fuzz` judges a million of them, in a release build, and times that.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{apply, fake::Fake, lines, many::large, settle, verdict};
use crate::{
    api::DriftMode,
    app::Enforcement,
    desired::{Child, children},
    fixtures::{child, shop, target},
    plan::{Change, Live, Oversized},
};

/// How many objects each test judges, where the environment says nothing else.
const FEW: usize = 2000;

/// The most time for one object in a release build: for each byte of its JSON, and besides.
const LONGEST: (Duration, Duration) = (Duration::from_micros(2), Duration::from_millis(20));

fn rounds() -> Option<usize> {
    std::env::var("FUZZ").ok().map(|rounds| rounds.parse().unwrap())
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// The children that are mutated: of all kinds, small and large.
fn subjects() -> Vec<Child> {
    let component = |name: &str, scaling: Value| {
        json!({
            "name": name, "image": "r.io/web:1", "autoscaling": scaling, "command": ["a"], "args": ["b", "c"],
            "ports": [{ "name": "http", "port": 8080 }, { "name": "dns", "port": 53_000, "protocol": "UDP" }],
            "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "$(A)" }],
            "egress": [{ "cidr": "203.0.113.0/24", "ports": [443] }], "connectsTo": [], "secrets": ["shop-env"],
        })
    };
    let large = json!({ "components": [component("web", json!({ "min": 1, "max": 3, "cpu": 80, "memory": 70 })), component("api", Value::Null)] });
    [shop(), large].into_iter().flat_map(|spec| children(&target(spec))).collect()
}

/// Pointers to all values of an object, in its order.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let step = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(step(name));
                places(value, &step(name), found);
            }
        }
        Value::Array(members) => {
            for (index, value) in members.iter().enumerate() {
                found.push(step(&index.to_string()));
                places(value, &step(&index.to_string()), found);
            }
        }
        _ => {}
    }
}

/// A value of any type.
fn anything(random: &mut Random) -> Value {
    let text =
        ["", "x", "hardened-app", "None", "-1", "☃ \u{0}", "a.b/c~d", "2026-01-01T00:00:00Z", "k:{\"name\":\"web\"}"];
    match random.below(8) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.one_of(&[0, 1, -1, 65535, i64::MAX, i64::MIN])),
        3 => json!(random.one_of(&[0.5, 1e300, -0.0])),
        4 => json!(random.one_of(&text)),
        5 => json!([]),
        6 => json!({}),
        _ => json!([{ "name": random.one_of(&text), "value": { "x": [random.below(9)] } }]),
    }
}

/// Another value of the same type.
fn alike(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::Null | Value::Bool(_) => json!(random.below(2) == 0),
        Value::Number(_) => json!(random.below(70_000)),
        Value::String(_) => json!(random.one_of(&["x", "evil", "10.0.0.1", "500m"])),
        Value::Array(list) => {
            let mut list = list.clone();
            let turn = random.below(list.len());
            list.rotate_left(turn);
            if let Some(member) = list.first().cloned() {
                list.push(member);
            }
            list.into()
        }
        Value::Object(fields) => {
            let mut fields = fields.clone();
            fields.insert("added".to_owned(), json!({ "by": "a client" }));
            fields.into()
        }
    }
}

/// Removes, replaces or adds a value somewhere.
fn mutate(object: &mut Value, random: &mut Random, within: &[&str], any_type: bool) {
    let mut found = Vec::new();
    places(object, "", &mut found);
    found.retain(|place| within.is_empty() || within.iter().any(|within| place.starts_with(within)));
    if found.is_empty() {
        return;
    }
    let place = random.one_of(&found);
    let (parent, name) = place.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    let old = object.pointer(&place).cloned().unwrap_or_default();
    let new = if any_type { anything(random) } else { alike(&old, random) };
    match (object.pointer_mut(parent).unwrap(), random.below(3)) {
        (Value::Object(fields), 0) => drop(fields.remove(&name)),
        (Value::Object(fields), 1) => drop(fields.insert(format!("{name}x"), old)),
        (Value::Object(fields), _) => drop(fields.insert(name, new)),
        (Value::Array(list), 0) => drop(list.remove(name.parse().unwrap())),
        (Value::Array(list), 1) => list.push(new),
        (Value::Array(list), _) => list[name.parse::<usize>().unwrap()] = new,
        _ => {}
    }
}

fn enforcement(random: &mut Random) -> Enforcement {
    let mut enforcement = Enforcement::default();
    enforcement.mode = random.one_of(&[DriftMode::Enforce, DriftMode::Observe]);
    enforcement.paused = random.below(4) == 0;
    enforcement
}

#[test]
fn whatever_is_stored_is_judged_in_a_time_that_its_size_bounds() {
    let (mut random, subjects) = (Random(1), subjects());
    let mut slowest = Duration::ZERO;
    for round in 0..rounds().unwrap_or(FEW) {
        let child = random.one_of(&subjects);
        let mut fake = Fake::default();
        fake.apply(&child);
        fake.edit("kubectl", |object| object["metadata"]["labels"]["x"] = json!("y"));
        let mut object = fake.live();
        for _ in 0..=random.below(6) {
            mutate(&mut object, &mut random, &[], true);
        }
        let text = object.to_string();
        let enforcement = enforcement(&mut random);
        let listed = random.below(2) == 0;
        let time = || {
            let live = Live::answered(object.clone());
            let began = Instant::now();
            drop(verdict(&child, live, listed, &enforcement));
            began.elapsed()
        };
        let longest = LONGEST.0 * u32::try_from(text.len()).unwrap() + LONGEST.1;
        // Another program may have had the processor.
        let took = (0..5).map(|_| time()).find(|took| *took < longest).unwrap_or(Duration::MAX);
        drop(verdict(&child, Live::Oversized(Box::new(Oversized::read(&text))), true, &enforcement));
        slowest = slowest.max(took);
        assert!(rounds().is_none() || took < longest, "round {round}: {took:?} for {} bytes: {text}", text.len());
    }
    println!("the slowest verdict took {slowest:?}");
}

/// What isn't done.
fn left(child: &Child, fake: &Fake) -> (Change, Vec<String>) {
    let verdict = verdict(child, Live::answered(fake.live()), true, &Enforcement::default());
    let lines = lines(&verdict);
    (verdict.change, lines)
}

#[test]
fn whatever_clients_change_the_plan_is_empty_after_its_own_requests() {
    let (mut random, subjects) = (Random(2), subjects());
    let within = ["/spec", "/metadata/labels/", "/metadata/annotations/", "/metadata/ownerReferences/", "/automount"];
    // Each takes an API server's part in several requests.
    for round in 0..rounds().map_or(FEW, |rounds| rounds / 10) {
        let child = random.one_of(&subjects);
        let mut fake = Fake::default();
        apply(&child, &mut fake);
        let manager = random.one_of(&["kubectl", "controller", "hardened-app"]);
        for _ in 0..=random.below(4) {
            fake.edit(manager, |object| mutate(object, &mut random, &within, false));
        }
        let rests = settle(&child, &mut fake);
        assert!(rests.is_some(), "round {round}: {} by {manager}: {:#?}", child.kind.name, left(&child, &fake));
    }
}

/// Kind, place and value of something that a client can fill an object with, up to what is compared.
type Shape = (&'static str, &'static str, fn(usize) -> Value);

#[test]
fn a_verdict_takes_no_more_than_twice_as_long_for_twice_as_much() {
    let Some(_) = rounds() else { return };
    let shapes: [Shape; 6] = [
        ("NetworkPolicy", "/spec/ingress", |n| json!([{ "from": vec![json!({ "podSelector": {} }); n] }])),
        ("NetworkPolicy", "/spec/ingress", |n| json!(vec![json!({}); n])),
        ("Deployment", "/spec/template/spec/containers/0/env", |n| {
            (0..n).map(|i| json!({ "name": format!("V{i}") })).collect()
        }),
        ("Deployment", "/spec/template/spec/containers/0/env", |n| json!(vec![json!({ "name": "A" }); n])),
        ("Deployment", "/spec/template/metadata/labels", |n| labels(n)),
        ("Deployment", "/spec/template/spec/volumes", |n| {
            (0..n).map(|i| json!({ "name": format!("v{i}"), "emptyDir": {} })).collect()
        }),
    ];
    for (kind, pointer, shape) in shapes {
        let child = child(kind);
        grows_as_its_object(&child, &child, pointer, shape);
    }
    // Among the many differences of a new version, what others claim is looked for.
    for (_, pointer, shape) in shapes.into_iter().filter(|(kind, ..)| *kind == "Deployment") {
        grows_as_its_object(&large("a", |_| {}), &large("b", |_| {}), pointer, shape);
    }
}

/// Judges an object of an older version of the child that a client has filled.
fn grows_as_its_object(older: &Child, child: &Child, pointer: &str, shape: fn(usize) -> Value) {
    let time = |n: usize| {
        let mut fake = Fake::default();
        fake.apply(older);
        fake.edit("kubectl", |object| super::set(object, pointer, shape(n)));
        let object = fake.live();
        let times = (0..5).map(|_| {
            let live = Live::answered(object.clone());
            let began = Instant::now();
            drop(verdict(child, live, true, &Enforcement::default()));
            began.elapsed()
        });
        times.min().unwrap()
    };
    let (once, twice, kind) = (time(1500), time(3000), child.kind.name);
    println!("{kind} {pointer}: {once:?} for 1500, {twice:?} for 3000");
    assert!(twice < once * 3 + Duration::from_millis(5), "{kind} {pointer}: {once:?}, {twice:?}");
}

fn labels(count: usize) -> Value {
    (0..count).map(|number| (format!("label-{number}"), json!("x"))).collect::<Map<_, _>>().into()
}
