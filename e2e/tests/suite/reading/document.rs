//! Generated documents: a valid app in which some places are written otherwise, or wrongly.

use super::scalars::{BOOLEANS, FIELDS, KEYS, LARGE, NULLS, NUMBERS, TEXTS};
use super::tree::Node;
use e2e::Random;

/// What can stand in a field.
enum Field {
    Number,
    Large,
    Boolean,
    Text,
}

/// A document with up to three oddities, seldom none.
pub(super) fn generate(random: &mut Random) -> String {
    let mut document = app(random);
    for _ in 0..random.below(3) * random.below(2) {
        disturb(&mut document, random);
    }
    let mut text = document.text(random);
    for _ in 0..random.below(5) / 3 {
        text = rewritten(&text, random);
    }
    text
}

fn map(fields: &[(&str, Node)]) -> Node {
    Node::Map(fields.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect())
}

/// A scalar that belongs there, or, once in a while, another notation.
fn scalar(good: &str, field: &Field, random: &mut Random) -> Node {
    if !random.once_in(8) {
        return Node::scalar(good);
    }
    Node::scalar(match field {
        Field::Number => random.pick(&NUMBERS),
        Field::Large => random.pick(&LARGE),
        Field::Boolean => random.pick(&BOOLEANS),
        Field::Text => random.pick(&TEXTS),
    })
}

fn app(random: &mut Random) -> Node {
    let labels = map(&[("team", scalar("shop", &Field::Text, random)), ("'a.b/c'", scalar("x", &Field::Text, random))]);
    let annotations = map(&[("note", scalar("\"1\"", &Field::Text, random))]);
    let mut components = vec![component(random)];
    if random.once_in(4) {
        components.push(map(&[("name", Node::scalar("api")), ("image", Node::scalar("registry.example.com/api:1"))]));
    }
    let mut spec = vec![("components".to_owned(), Node::List(components))];
    if random.once_in(4) {
        let drift = map(&[("mode", scalar("Enforce", &Field::Text, random))]);
        spec.push(("drift".to_owned(), if random.once_in(4) { Node::scalar(random.pick(&NULLS)) } else { drift }));
    }
    let mut metadata = vec![("name".to_owned(), Node::scalar("shop"))];
    if random.once_in(2) {
        metadata.push(("labels".to_owned(), labels));
        metadata.push(("annotations".to_owned(), annotations));
    }
    map(&[
        ("apiVersion", Node::scalar("hardened.dev/v1alpha1")),
        ("kind", Node::scalar("HardenedApp")),
        ("metadata", Node::Map(metadata)),
        ("spec", Node::Map(spec)),
    ])
}

fn component(random: &mut Random) -> Node {
    let number = Field::Number;
    let all = [
        ("command", Node::List(vec![scalar("/app/web", &Field::Text, random), scalar("serve", &Field::Text, random)])),
        ("args", Node::List(vec![scalar("--listen", &Field::Text, random)])),
        ("user", scalar("20001", &Field::Large, random)),
        ("group", scalar("20002", &Field::Large, random)),
        (
            "env",
            Node::List(vec![
                map(&[("name", Node::scalar("LEVEL")), ("value", scalar("info", &Field::Text, random))]),
                map(&[("name", Node::scalar("FLAG")), ("value", scalar("\"yes\"", &Field::Boolean, random))]),
                map(&[("name", Node::scalar("COUNT")), ("value", scalar("\"1\"", &number, random))]),
            ]),
        ),
        (
            "resources",
            map(&[("cpu", scalar("100m", &number, random)), ("memory", scalar("128Mi", &Field::Text, random))]),
        ),
        ("replicas", scalar("2", &number, random)),
        (
            "volumes",
            Node::List(vec![map(&[
                ("name", Node::scalar("media")),
                ("path", Node::scalar("/srv/media")),
                ("claim", Node::scalar("shop-media")),
                ("shared", scalar("true", &Field::Boolean, random)),
            ])]),
        ),
        (
            "writablePaths",
            Node::List(vec![map(&[("path", Node::scalar("/var/cache/x")), ("size", scalar("64Mi", &number, random))])]),
        ),
        ("secrets", Node::List(vec![scalar("shop-tokens", &Field::Text, random)])),
        (
            "config",
            Node::List(vec![map(&[("configMap", Node::scalar("shop")), ("mountPath", Node::scalar("/etc/shop"))])]),
        ),
        (
            "probes",
            map(&[(
                "readiness",
                map(&[
                    ("exec", map(&[("command", Node::List(vec![scalar("ready", &Field::Text, random)]))])),
                    ("periodSeconds", scalar("5", &number, random)),
                ]),
            )]),
        ),
        (
            "egress",
            Node::List(vec![map(&[
                ("cidr", Node::scalar("203.0.113.0/24")),
                ("ports", Node::List(vec![scalar("443", &number, random)])),
            ])]),
        ),
    ];
    let mut fields = vec![("name", Node::scalar("web")), ("image", Node::scalar("registry.example.com/web:1.0"))];
    fields.extend(all.into_iter().filter(|_| random.once_in(3)));
    map(&fields)
}

/// Changes one place.
fn disturb(document: &mut Node, random: &mut Random) {
    let position = random.below(document.count());
    let Some(node) = document.at(position) else { return };
    match random.below(9) {
        0 | 1 => *node = Node::scalar(random.pick(&NULLS)),
        2 => *node = Node::scalar(random.pick(&NUMBERS)),
        3 => *node = Node::scalar(random.pick(&BOOLEANS)),
        4 => *node = Node::scalar(random.pick(&TEXTS)),
        kind => match node {
            // An unknown or misspelt field, or one that is there twice.
            Node::Map(fields) if kind < 7 => {
                let name = if random.once_in(2) { random.pick(&FIELDS) } else { random.pick(&KEYS) };
                let value = if random.once_in(4) { "x" } else { random.pick(&NULLS) };
                let at = random.below(fields.len() + 1);
                fields.insert(at, (name.to_owned(), Node::scalar(value)));
            }
            Node::Map(fields) => disturb_map(fields, random),
            Node::List(members) => disturb_list(members, random),
            Node::Scalar(raw) => {
                *raw = format!("{} {raw}", random.pick(&["&it", "!!str", "!x", "!!int", "!!null", "!!map"]));
            }
        },
    }
}

fn disturb_map(fields: &mut Vec<(String, Node)>, random: &mut Random) {
    if fields.is_empty() {
        return;
    }
    let index = random.below(fields.len());
    let Some((name, value)) = fields.get(index).cloned() else { return };
    let mut replace = |field: Option<(String, Node)>| drop(fields.splice(index..=index, field));
    match random.below(4) {
        0 => fields.push((name, value)),
        1 => replace(None),
        2 => replace(Some((format!("\"{name}\""), value))),
        // The value under a name, and again by that name.
        _ => {
            replace(Some((name.clone(), anchored(value))));
            if random.once_in(2) {
                fields.push((name, Node::scalar("*it")));
            }
        }
    }
}

fn disturb_list(members: &mut Vec<Node>, random: &mut Random) {
    let Some(first) = members.first_mut() else { return };
    match random.below(4) {
        0 => members.push(Node::scalar(random.pick(&NULLS))),
        1 => members.extend_from_within(..1),
        2 => {
            *first = anchored(first.clone());
            members.push(Node::scalar("*it"));
        }
        _ => members.clear(),
    }
}

fn anchored(node: Node) -> Node {
    match node {
        Node::Scalar(raw) => Node::Scalar(format!("&it {raw}")),
        other => other,
    }
}

/// Changes the text: its line ends, its spaces, what stands around it.
fn rewritten(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = random.below(lines.len());
    let line = lines.get(at).cloned().unwrap_or_default();
    let mut replace = |with| drop(lines.splice(at..=at, [with]));
    match random.below(12) {
        0 => return text.replace('\n', "\r\n"),
        1 => replace(format!("{line}  ")),
        2 => replace(format!("{line}\t")),
        3 => replace(line.replacen("  ", "\t", 1)),
        4 => replace(line.replacen(": ", ":\t", 1)),
        5 => replace(format!("{line} # comment")),
        6 => lines.insert(at, "# comment".to_owned()),
        7 => lines.insert(at, String::new()),
        8 => lines.insert(0, "---".to_owned()),
        9 => lines.push("...".to_owned()),
        10 => replace(format!(" {line}")),
        _ => return text.trim_end().to_owned(),
    }
    lines.join("\n") + "\n"
}
