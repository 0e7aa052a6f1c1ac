//! Generated specs: every field of the API.

use serde_json::{Map, Value, json};

use super::texts::{BYTES, CPU, name, object, path, quantity, range, text};
use crate::tamper::set;
use e2e::Random;

pub(super) fn generate(random: &mut Random) -> Value {
    let mut components: Vec<Value> = Vec::new();
    for number in 0..=random.below(3) {
        components.push(component(random, number));
    }
    let databases = if random.once_in(2) { databases(random, components.len()) } else { Vec::new() };
    let others = components.iter().skip(1).filter(|it| it.get("ports").is_some()).chain(&databases);
    let names: Vec<Value> = others.map(|it| it["name"].clone()).collect();
    if let (Some(first), false) = (components.first_mut(), names.is_empty()) {
        set(first, "/connectsTo", json!(names));
    }
    let exposures = if random.once_in(8) { Vec::new() } else { super::exposures::generate(random, &components) };
    json!({ "components": components, "databases": databases, "exposures": exposures })
}

/// One database of each form, and of each engine that can be managed.
fn databases(random: &mut Random, first: usize) -> Vec<Value> {
    let mut redis = json!({ "image": "x:7", "storage": quantity(random, &BYTES), "passwordSecret": object(random, 1) });
    if random.once_in(2) {
        set(&mut redis, "/maxMemory", json!(quantity(random, &BYTES)));
    }
    let mut postgres =
        json!({ "image": "x:17", "storage": quantity(random, &BYTES), "passwordSecret": object(random, 2) });
    if random.once_in(2) {
        set(&mut postgres, "/user", json!(random.pick(&["app", "_", "a_9"])));
        set(&mut postgres, "/storageClassName", json!(object(random, 3)));
        set(&mut postgres, "/resources", resources(random));
    }
    let labels = json!({ "cnpg.io/cluster": "a", "app": random.pick(&["", "A_b.c"]) });
    let managers = json!([{ "namespace": "0" }, { "namespace": "a--b", "podLabels": labels }]);
    let mut forms = vec![
        json!({ "engine": "redis", "port": 1024 + random.below(9), "managed": redis }),
        json!({ "engine": "postgres", "managed": postgres }),
        json!({ "engine": "mongodb", "pods": { "matchLabels": labels, "managedBy": managers, "metricsPort": 9187 } }),
        json!({ "engine": "other", "port": 1 + random.below(65_535), "external": { "cidrs": ["192.0.2.5/32", "2001:DB8::/64"] } }),
    ];
    for (number, form) in forms.iter_mut().enumerate() {
        set(form, "/name", json!(name(random, first + number)));
        if form.get("external").is_none() && random.once_in(2) {
            set(form, "/allowFrom", json!([{ "app": name(random, 1), "component": name(random, 2) }]));
        }
    }
    forms
}

fn component(random: &mut Random, number: usize) -> Value {
    let digest = "@sha256:1111111111111111111111111111111111111111111111111111111111111111";
    let images = [
        "registry.example.com/shop:1.0",
        "localhost:5000/a__b/c-d:V_1.0-x",
        "[2001:db8::1]:5000/x:1",
        "Example.COM/x:1",
        "x:1",
    ];
    let image = format!("{}{}", random.pick(&images), random.pick(&["", digest]));
    let mut fields = Map::new();
    fields.insert("name".to_owned(), json!(name(random, number)));
    fields.insert("image".to_owned(), json!(image));
    let ports = ports(random);
    if !ports.is_empty() {
        fields.insert("ports".to_owned(), json!(ports));
    }
    let tcp: Vec<&str> = ports
        .iter()
        .filter(|port| port.get("protocol") != Some(&json!("UDP")))
        .filter_map(|port| port["name"].as_str())
        .collect();
    let exclusive = random.once_in(8);
    let optional = [
        ("command", texts(random)),
        ("args", texts(random)),
        ("env", env(random)),
        ("user", json!(10_001 + random.below(3) * 1_000_000_000)),
        ("group", json!(10_001 + random.below(3) * 1_000_000_000)),
        ("resources", resources(random)),
        (
            "config",
            json!([{ "configMap": object(random, 1), "mountPath": path(random, 1) }, { "configMap": object(random, 2), "mountPath": path(random, 2) }]),
        ),
        ("secrets", json!([object(random, 1), object(random, 2)])),
        (
            "writablePaths",
            json!([{ "path": path(random, 3), "size": quantity(random, &BYTES) }, { "path": "/tmp", "size": quantity(random, &BYTES) }]),
        ),
        (
            "volumes",
            json!([{ "name": name(random, 1), "path": path(random, 4), "claim": object(random, number), "shared": !exclusive }]),
        ),
        ("probes", probes(random, &tcp)),
        ("egress", egress(random)),
        ("connectsToApps", peers(random)),
    ];
    for (field, value) in optional {
        if !random.once_in(3) {
            fields.insert(field.to_owned(), value);
        }
    }
    if let Some(port) = tcp.first() {
        fields.insert("metricsPort".to_owned(), json!(port));
        fields.insert("allowFrom".to_owned(), peers(random));
    }
    match random.below(4) {
        0 if !exclusive => drop(fields.insert("replicas".to_owned(), json!(random.below(5)))),
        1 if !exclusive => drop(fields.insert(
            "autoscaling".to_owned(),
            json!({ "min": 1, "max": 1 + random.below(99), "cpu": 80, "memory": 1 + random.below(99) }),
        )),
        2 if exclusive => drop(
            fields
                .insert("devices".to_owned(), json!({ "nvidia.com/gpu": 1 + random.below(9), "example.com/fpga": 2 })),
        ),
        _ => {}
    }
    Value::Object(fields)
}

fn texts(random: &mut Random) -> Value {
    (0..=random.below(3)).map(|_| json!(text(random))).collect()
}

fn ports(random: &mut Random) -> Vec<Value> {
    let first = random.pick(&[1024, 8080, 65_530]);
    // Names sort otherwise than numbers, and one number has both protocols.
    let all = [
        json!({ "name": "http", "port": first }),
        json!({ "name": "a", "port": first + 1, "protocol": "UDP" }),
        json!({ "name": "z-9", "port": first, "protocol": "UDP" }),
        json!({ "name": "0x", "port": first + 2, "protocol": "TCP" }),
    ];
    all.into_iter().filter(|_| random.once_in(2)).collect()
}

fn env(random: &mut Random) -> Value {
    let names = ["Z", "_", "a", "LEVEL", "X", "lower_case", "MIXED_Case9"];
    let variable = |name: &&str| {
        if random.once_in(4) {
            return json!({ "name": name, "secretKey": { "secret": object(random, 3), "key": random.pick(&["k", "a.b", "_", "A-1", ".x"]) } });
        }
        json!({ "name": name, "value": text(random) })
    };
    names.iter().map(variable).collect()
}

fn resources(random: &mut Random) -> Value {
    let mut amounts = Map::new();
    for (field, suffixes) in [("cpu", &CPU[..]), ("memory", &BYTES[..]), ("ephemeralStorage", &BYTES[..])] {
        if random.once_in(2) {
            amounts.insert(field.to_owned(), json!(quantity(random, suffixes)));
        }
    }
    Value::Object(amounts)
}

fn probes(random: &mut Random, tcp: &[&str]) -> Value {
    let mut probes = Map::new();
    for kind in ["readiness", "liveness", "startup"] {
        let paths = ["/", "/readyz", "/a?b=c&d=%20", "/é", "/a b", "//x", "/#x", "/日本/\"'", "/a\\b", "/\t"];
        let mut probe = match (random.below(5), tcp) {
            (0, [.., port]) => json!({ "http": { "path": random.pick(&paths), "port": port } }),
            (1, [port, ..]) => json!({ "tcp": { "port": port } }),
            (2, [port, ..]) => json!({ "grpc": { "port": port } }),
            (3, [port, ..]) => json!({ "grpc": { "port": port, "service": random.pick(&["shop.v1.Shop", " ", "é"]) } }),
            _ => json!({ "exec": { "command": texts(random) } }),
        };
        for (field, most) in [("periodSeconds", 3600), ("timeoutSeconds", 300), ("failureThreshold", 600)] {
            if random.once_in(2) {
                set(&mut probe, &format!("/{field}"), json!(1 + random.below(most)));
            }
        }
        if random.once_in(2) {
            probes.insert(kind.to_owned(), probe);
        }
    }
    Value::Object(probes)
}

fn egress(random: &mut Random) -> Value {
    let count = 1 + random.below(3);
    let range = |_| json!({ "cidr": range(random), "ports": [65_535, 443, 1 + random.below(400)] });
    (0..count).map(range).collect()
}

fn peers(random: &mut Random) -> Value {
    let count = 1 + random.below(3);
    let peer = |number| {
        let mut peer = json!({ "app": name(random, number), "component": name(random, number) });
        if random.once_in(2) {
            set(&mut peer, "/namespace", json!(random.pick(&["team-b", "0", "a--b"])));
        }
        peer
    };
    (0..count).map(peer).collect()
}
