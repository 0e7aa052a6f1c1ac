//! Runs `golden/*/*.yaml`: one behaviour per file, with input and expected result. `ls golden/*` lists the features.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    api::{HardenedApp, HardeningPolicy},
    app::{App, Policy, Rejection},
    desired::{Child, children},
    fixtures::OPERATOR_IMAGE,
    release::Target,
};

/// A golden file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    description: String,
    app: Value,
    policy: Option<Value>,
    /// Partial objects: every field given must be present and equal; lists have exactly the members given.
    #[serde(default)]
    expect: Vec<Value>,
    /// Whole objects: fields that aren't given must be absent.
    #[serde(default)]
    exact: Vec<Value>,
    /// `Kind/name path.with.dots`: a field that must be absent, while its parent must be present.
    #[serde(default)]
    absent: Vec<String>,
    /// All children, as `Kind/name`.
    children: Option<Vec<String>>,
    /// All findings, as `check component`.
    findings: Option<Vec<String>>,
    /// All rejections, in their order.
    rejected: Option<Vec<Refusal>>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Refusal {
    path: String,
    problem: String,
    remedy: String,
}

#[test]
fn every_golden_file_passes() {
    let files = files();
    let failures: Vec<String> = files
        .iter()
        .filter_map(|file| {
            check(&fs::read_to_string(file).unwrap()).err().map(|problem| format!("{}: {problem}", file.display()))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} fail\n{}", failures.len(), files.len(), failures.join("\n"));
}

#[test]
fn a_golden_file_that_expects_nothing_or_has_unknown_fields_fails() {
    let app = "app: {metadata: {name: a, namespace: demo}, spec: {components: [{name: web, image: 'a:1'}]}}";
    for (rest, problem) in [
        ("", "expects nothing"),
        ("expects: []", "unknown field"),
        ("children: [Deployment/a-web]", "children:"),
        ("expect: [{kind: Deployment, metadata: {name: b}}]", "no child"),
        ("expect: [{kind: Deployment, metadata: {name: a-web}, spec: {replicas: 3}}]", ".spec.replicas"),
        ("expect: [{kind: Deployment, metadata: {name: a-web}, spec: {paused: false}}]", ".spec.paused"),
        ("absent: [Deployment/a-web spec.replicas]", "is there"),
        ("absent: [Deployment/a-web sepc.replicas]", "nothing holds"),
        ("rejected: []", "was accepted"),
    ] {
        let error = check(&format!("description: d\n{app}\n{rest}\n")).unwrap_err();
        assert!(error.contains(problem), "{rest}: {error}");
    }
    let mistyped = check(&format!("description: d\nchildren: []\n{}\n", app.replace("image", "replica: 1, image")));
    assert!(mistyped.unwrap_err().contains("replica"));
}

/// Every golden file, topic by topic.
pub(super) fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desired/golden");
    let within =
        |folder: &Path| -> Vec<PathBuf> { fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let topics = within(&folder).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> = topics.flat_map(|topic| within(&topic)).collect();
    files.sort();
    assert!(files.len() > 50, "{} lacks files", folder.display());
    files
}

pub(super) fn case(text: &str) -> Result<Case, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

impl Case {
    /// Accepts the app of the case under its policy.
    pub(super) fn accept(&self) -> Result<Result<App, Vec<Rejection>>, String> {
        let app: HardenedApp = read(&self.app)?;
        let policy = self.policy.as_ref().map(read::<HardeningPolicy>).transpose()?;
        let policy = policy.map_or_else(|| Ok(Policy::default()), |policy| Policy::accept(&policy));
        Ok(policy.and_then(|policy| App::accept(&app, &policy)))
    }
}

fn check(text: &str) -> Result<(), String> {
    let case = case(text)?;
    if case.description.is_empty() {
        return Err("no description".to_owned());
    }
    match (case.accept()?, &case.rejected) {
        (Err(found), Some(expected)) => rejections(&found, expected),
        (Err(found), None) => Err(format!("rejected:\n{}", words(&found))),
        (Ok(_), Some(_)) => Err("was accepted".to_owned()),
        (Ok(app), None) => accepted_case(&case, &app),
    }
}

/// Reads a type strictly: serde would drop unknown fields silently, and the case would test nothing.
fn read<T: serde::de::DeserializeOwned + serde::Serialize>(given: &Value) -> Result<T, String> {
    let read: T = serde_json::from_value(given.clone()).map_err(|error| error.to_string())?;
    contains(&serde_json::to_value(&read).unwrap(), given, "input").map(|()| read)
}

fn accepted_case(case: &Case, app: &App) -> Result<(), String> {
    if case.expect.is_empty()
        && case.exact.is_empty()
        && case.absent.is_empty()
        && case.children.is_none()
        && case.findings.is_none()
    {
        return Err("expects nothing".to_owned());
    }
    let mut made = children(&Target::of(app.clone()));
    // What exists only before a release.
    let whole = children(&Target::of(app.clone()).with_tasks(OPERATOR_IMAGE));
    let is_known = |child: &Child| made.iter().any(|known| identity(known) == identity(child));
    let of_tasks: Vec<Child> = whole.into_iter().filter(|child| !is_known(child)).collect();
    made.extend(of_tasks);
    if let Some(expected) = &case.children {
        let found: BTreeSet<String> = made.iter().map(identity).collect();
        let expected: BTreeSet<String> = expected.iter().cloned().collect();
        if found != expected {
            return Err(format!("children: found {found:?}, expected {expected:?}"));
        }
    }
    if let Some(expected) = &case.findings {
        let findings = app.findings.iter().cloned().chain(app.ungated.enforcement.findings());
        let found: Vec<String> = findings.map(|item| format!("{} {}", item.check, item.component)).collect();
        if found != *expected {
            return Err(format!("findings: found {found:?}, expected {expected:?}"));
        }
    }
    for expected in case.expect.iter().chain(&case.exact) {
        let text = |pointer: &str| expected.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let wanted = format!("{}/{}", text("/kind"), text("/metadata/name"));
        contains(&find(&made, &wanted)?.body, expected, &wanted)?;
    }
    for expected in &case.exact {
        let text = |pointer: &str| expected.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let wanted = format!("{}/{}", text("/kind"), text("/metadata/name"));
        contains(expected, &find(&made, &wanted)?.body, &format!("{wanted} (more than expected)"))?;
    }
    case.absent.iter().try_for_each(|entry| absent(&made, entry))
}

fn identity(child: &Child) -> String {
    format!("{}/{}", child.kind.name, child.name)
}

fn find<'a>(made: &'a [Child], wanted: &str) -> Result<&'a Child, String> {
    made.iter().find(|child| identity(child) == wanted).ok_or_else(|| format!("no child {wanted}"))
}

fn absent(made: &[Child], entry: &str) -> Result<(), String> {
    let (child, path) = entry.split_once(' ').ok_or_else(|| format!("absent: '{entry}' names no path"))?;
    let pointer = format!("/{}", path.replace('.', "/"));
    let body = &find(made, child)?.body;
    let (holder, _) = pointer.rsplit_once('/').unwrap();
    if body.pointer(holder).is_none() {
        return Err(format!("absent: nothing holds {entry}"));
    }
    body.pointer(&pointer).map_or(Ok(()), |found| Err(format!("absent: {entry} is there: {found}")))
}

/// Whether everything in `part` is in `whole`; else the first difference.
fn contains(whole: &Value, part: &Value, path: &str) -> Result<(), String> {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part.iter().try_for_each(|(name, part)| {
            let path = format!("{path}.{name}");
            whole.get(name).map_or_else(|| Err(format!("{path}: missing")), |whole| contains(whole, part, &path))
        }),
        (Value::Array(whole), Value::Array(part)) if whole.len() == part.len() => {
            let mut members = whole.iter().zip(part).enumerate();
            members.try_for_each(|(index, (whole, part))| contains(whole, part, &format!("{path}[{index}]")))
        }
        _ if whole == part => Ok(()),
        _ => Err(format!("{path}: found {whole}, expected {part}")),
    }
}

fn rejections(found: &[Rejection], expected: &[Refusal]) -> Result<(), String> {
    let found_here: Vec<Refusal> = found
        .iter()
        .map(|Rejection { path, problem, remedy }| Refusal {
            path: path.clone(),
            problem: problem.clone(),
            remedy: remedy.clone(),
        })
        .collect();
    if found_here == *expected { Ok(()) } else { Err(format!("rejected otherwise:\n{}", words(found))) }
}

fn words(rejections: &[Rejection]) -> String {
    let words = |it: &Rejection| format!("- path: {}\n  problem: {}\n  remedy: {}", it.path, it.problem, it.remedy);
    rejections.iter().map(words).collect::<Vec<_>>().join("\n")
}
