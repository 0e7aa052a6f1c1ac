//! If a byte of a child changes, an upgrade of the operator writes this child in every app that has it, and restarts
//! its pods if the byte is in the pod template. `golden/applied-hashes.txt` holds the hash of every child of every
//! golden case as the last version applied it, so that no such change is made by accident.

use std::{fmt::Write, fs, path::Path};

use super::golden::{case, files};
use crate::{
    desired::{Child, children},
    fixtures::OPERATOR_IMAGE,
    release::Target,
};

const HASHES: &str = "src/desired/golden/applied-hashes.txt";

/// A line for each child: case, kind, name, hash.
fn hashes() -> String {
    let mut lines = String::new();
    for file in files() {
        let Ok(mut app) = case(&fs::read_to_string(&file).unwrap()).unwrap().accept().unwrap() else { continue };
        // With a UID, since the owner reference is hashed too.
        app.id.uid = "golden-uid".to_owned();
        let always = children(&Target::of(app.clone()));
        let is_always = |child: &Child| always.iter().any(|it| it.kind == child.kind && it.name == child.name);
        let tasks = children(&Target::of(app).with_tasks(OPERATOR_IMAGE));
        let tasks: Vec<Child> = tasks.into_iter().filter(|child| !is_always(child)).collect();
        for child in always.into_iter().chain(tasks) {
            let case = file.file_stem().unwrap().display();
            writeln!(lines, "{case} {}/{} {}", child.kind.name, child.name, child.hash).unwrap();
        }
    }
    lines
}

#[test]
fn no_byte_of_a_child_changes_unnoticed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HASHES);
    let (known, found) = (fs::read_to_string(&path).unwrap_or_default(), hashes());
    if std::env::var_os("UPDATE_HASHES").is_some() {
        fs::write(&path, &found).unwrap();
        return;
    }
    let changed: Vec<&str> = found.lines().filter(|line| !known.lines().any(|known| known == *line)).collect();
    assert!(
        changed.is_empty(),
        "an upgrade would write these objects of every app, and restart the pods of changed Deployments. If that is meant, run \
         this test with UPDATE_HASHES=1, commit {HASHES} and say so in the commit:\n{}",
        changed.join("\n")
    );
    assert_eq!(known.lines().count(), found.lines().count(), "{HASHES} names children that are no longer made");
}
