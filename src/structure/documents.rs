//! The documentation: what it names exists, and every value of a status has its row.

use std::{collections::BTreeSet, fs, path::PathBuf};

use clap::Subcommand;

use super::{files, root};
use crate::{
    api::{Check, ConditionType, EventReason, Reason},
    cli::Command,
    desired::KINDS,
};

/// README and `docs/`: path and text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = files(&root().join("docs"));
    paths.push(root().join("README.md"));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// The anchors that GitHub generates from the headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-');
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    headings.map(|heading| heading.chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_has_a_target() {
    let mut found = Vec::new();
    for (path, text) in documents() {
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let known = match fs::read_to_string(&target) {
                Ok(text) => anchor.is_empty() || anchors(&text).iter().any(|known| known == anchor),
                Err(_) => target.is_dir() && anchor.is_empty(),
            };
            if !known {
                found.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "links that lead nowhere:\n{}", found.join("\n"));
}

/// The arguments of all commands of this program in code blocks, with the file they are in.
fn commands() -> Vec<(PathBuf, Vec<String>)> {
    let arguments = |line: &str| {
        let line = line.split(" #").next()?;
        let mut words =
            line.split_whitespace().skip_while(|word| word.contains('=')).map(|word| word.trim_matches('"'));
        let program = words.next()?;
        let is_this = program == "hardened-app" || program.ends_with("/hardened-app");
        is_this.then(|| words.map(str::to_owned).collect::<Vec<_>>())
    };
    let mut commands = Vec::new();
    for (path, text) in documents() {
        let blocks = text.split("```").skip(1).step_by(2).map(|block| block.replace("\\\n", " "));
        let found = blocks.flat_map(|block| block.lines().filter_map(arguments).collect::<Vec<_>>());
        commands.extend(found.map(|arguments| (path.clone(), arguments)));
    }
    commands
}

#[test]
fn every_command_has_the_arguments_that_it_needs() {
    let commands = commands();
    assert!(commands.iter().any(|(_, arguments)| arguments.first().is_some_and(|name| name == "controller")));
    for (path, arguments) in commands {
        let program = Command::augment_subcommands(clap::Command::new("hardened-app").no_binary_name(true));
        if let Err(error) = program.try_get_matches_from(&arguments) {
            panic!("{}: {arguments:?}: {error}", path.display());
        }
    }
}

/// Every text that people read: documentation, chart, manifests, sources and their comments.
fn texts() -> Vec<(PathBuf, String)> {
    let folders = ["docs", "charts", "deploy", "src", "e2e"];
    let mut paths: Vec<PathBuf> = folders.iter().flat_map(|folder| files(&root().join(folder))).collect();
    paths.extend(["README.md", "Makefile"].map(|name| root().join(name)));
    // Its paths are relative to its own folder.
    paths.retain(|path| !path.ends_with("Cargo.toml"));
    paths.into_iter().filter_map(|path| Some((path.clone(), fs::read_to_string(&path).ok()?))).collect()
}

#[test]
fn every_file_that_is_named_exists() {
    let folders = ["src/", "deploy/", "charts/", "docs/", "crds/", "e2e/"];
    let mut found = Vec::new();
    for (path, text) in texts() {
        let is_end = |c: char| !c.is_alphanumeric() && !"/._-*<>{}$".contains(c);
        for name in text.split(is_end).map(|name| name.trim_end_matches('.')) {
            let is_path = folders.iter().any(|folder| name.starts_with(folder));
            if is_path && !name.contains(['*', '<', '>', '{', '}', '$']) && !root().join(name).exists() {
                found.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "files that don't exist:\n{}", found.join("\n"));
}

/// The first cells of the table below a heading of the troubleshooting page, without backticks.
fn rows(heading: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect(heading);
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells = rows.map(|line| line.trim_start_matches("| ").split(" | ").next().unwrap().replace('`', ""));
    cells.flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    words.map(str::to_owned).collect()
}

#[test]
fn every_value_of_a_status_has_its_row_and_no_row_has_another_value() {
    assert_eq!(rows("Conditions"), words(ConditionType::ALL.iter().map(|word| word.as_str())));
    assert_eq!(rows("Reasons"), words(Reason::ALL.iter().map(|word| word.as_str())));
    assert_eq!(rows("Findings"), words(Check::ALL.iter().map(|word| word.as_str())));
    assert_eq!(rows("Events"), words(EventReason::ALL.iter().map(|word| word.as_str())));
}

#[test]
fn only_the_vocabulary_spells_out_values_of_a_status() {
    let all = Check::ALL.iter().map(|word| word.as_str()).chain(Reason::ALL.iter().map(|word| word.as_str()));
    let events = EventReason::ALL.iter().map(|word| word.as_str());
    // Words of the Kubernetes API for pods and Jobs, too.
    let all = all.chain(events).filter(|word| !["Failed", "Running", "Succeeded", "Unknown", "Waiting"].contains(word));
    let all: Vec<String> = all.map(|word| format!("\"{word}\"")).collect();
    // The columns of `kubectl get`, which name conditions.
    let exempt = ["api/vocabulary.rs", "api/hardened_app.rs"];
    // Controllers of other APIs report under some of the same words.
    let is_exempt = |path: &str| exempt.contains(&path) || path.starts_with("desired/kinds/");
    let mut found = Vec::new();
    for source in super::sources().iter().filter(|source| !is_exempt(&source.path)) {
        let written = all.iter().filter(|word| source.code.contains(*word));
        found.extend(written.map(|word| format!("src/{}: {word}", source.path)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_code_outside_kinds_names_a_kind_of_child() {
    // `api` and `app` name the kinds of objects that a user refers to, such as a Secret; objects of `desired/exposure` refer to others; `reach`
    // and `hardened-app reach` read objects of anyone.
    let exempt = ["desired/kinds/", "desired/exposure/", "api/", "app/", "reach/", "cli/reach/"];
    let mut found = Vec::new();
    for source in super::sources().iter().filter(|source| !exempt.iter().any(|folder| source.path.starts_with(folder)))
    {
        let named = KINDS.iter().filter(|kind| source.code.contains(&format!("\"{}\"", kind.name)));
        found.extend(named.map(|kind| format!("src/{}: {}", source.path, kind.name)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
