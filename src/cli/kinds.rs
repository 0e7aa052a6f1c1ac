//! The table of child kinds for users: from the rows of `KINDS`, and from the module comment of each kind's file.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::desired::{KINDS, Kind, Stage};

/// Where each kind has its file.
const FOLDER: &str = "src/desired/kinds";

const INTRODUCTION: &str = "# The objects an app is made of

The objects of a part are named `<app>-<part>`; Jobs have a hash behind it, and the record of releases is `<app>-r<number>`. They are created in this order: guards bind pods, so they are in place before the
pods are, and are deleted after the last of them.

| Kind | API group | Stage | What it is for | File |
|---|---|---|---|---|
";

/// The whole page.
///
/// # Errors
/// Where a kind's file can't be found or read.
pub(super) fn text(root: &Path) -> anyhow::Result<String> {
    let mut text = INTRODUCTION.to_owned();
    for kind in KINDS {
        let (file, purpose) = file(root, kind)?;
        let group = if kind.group.is_empty() { "core" } else { kind.group };
        let stage = match kind.stage {
            Stage::Guard => "Guard",
            Stage::Workload => "Workload",
            Stage::Entry => "Entry",
        };
        // Writing to a string can't fail.
        let _ = writeln!(text, "| `{}` | {group} | {stage} | {purpose} | `{FOLDER}/{file}` |", kind.name);
    }
    Ok(text)
}

/// The file that defines a kind, and the first sentence of its documentation: `//! Kind: purpose.`
fn file(root: &Path, kind: &Kind) -> anyhow::Result<(String, String)> {
    let folder = root.join(FOLDER);
    let entries = fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let source = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let purpose = source.lines().next().and_then(|line| line.strip_prefix(&format!("//! {}: ", kind.name)));
        if let (Some(purpose), Some(name)) = (purpose, path.file_name().and_then(|name| name.to_str())) {
            let sentence = purpose.split(". ").next().unwrap_or(purpose);
            return Ok((name.to_owned(), sentence.trim_end_matches('.').to_owned()));
        }
    }
    anyhow::bail!("no file in {FOLDER} begins with '//! {}: '", kind.name)
}
