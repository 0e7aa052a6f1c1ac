//! The rules that `lib.rs` states, held: the core is pure, arrows never point back, files are short, generated ones are
//! fresh, and the documentation leads nowhere that isn't there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::desired::KINDS;

/// What a function on data has no use for.
const IMPURE: [&str; 12] = [
    "kube::Client",
    "Api::<",
    "Api<",
    "async fn",
    ".await",
    "SystemTime",
    "Timestamp::now",
    "Instant::now",
    ".elapsed()",
    "rand::",
    "RandomState",
    "std::env",
];

const PURE: [&str; 6] = ["api", "app", "release", "desired", "plan", "status"];

/// Longest file; where tests stand in a file of their own, that one may be longer.
const LONGEST: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// A source file of the product.
struct Source {
    /// Path below `src`.
    path: String,
    /// Without comments and without tests.
    code: String,
    lines: usize,
}

impl Source {
    /// The module of `lib.rs` that the file belongs to.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }
}

fn sources() -> Vec<Source> {
    let folder = root().join("src");
    let sources: Vec<Source> = files(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            (path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        })
        .filter(|(path, _)| {
            !path.ends_with("tests.rs") && !path.contains("/tests/") && path != "structure.rs" && path != "fixtures.rs"
        })
        .map(|(path, text)| Source { path, code: code(&text), lines: text.lines().count() })
        .collect();
    assert!(sources.len() > 30, "sources not found");
    sources
}

/// Up to the tests, which come last, and without comments.
fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]").next().unwrap();
    product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules in pipeline order.
fn pipeline() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

/// The modules of `lib.rs` that code names, whether as `crate::plan::…` or in a group `crate::{…}`.
fn named(code: &str) -> BTreeSet<String> {
    code.split("crate::").skip(1).flat_map(members).collect()
}

fn members(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let (mut depth, mut names, mut start) = (0_i32, Vec::new(), true);
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ if start && !c.is_whitespace() => {
                names.push(word(group.get(index..).unwrap()));
                start = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_are_understood() {
    let code =
        "use crate::{\n    api::{A, b::{C}},\n    plan::Plan,\n};\nuse crate::desired;\nfn f() { crate::app::g() }";
    assert_eq!(named(code), ["api", "app", "desired", "plan"].map(str::to_owned).into());
}

#[test]
fn the_core_names_no_client_no_clock_and_no_randomness() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module())) {
        let impure = IMPURE.iter().filter(|word| source.code.contains(**word));
        found.extend(impure.map(|word| format!("src/{} names {word}", source.path)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_core_comes_before_whatever_touches_the_cluster() {
    assert_eq!(pipeline().iter().take(PURE.len()).collect::<Vec<_>>(), PURE);
}

#[test]
fn no_module_knows_a_later_one_of_the_pipeline() {
    let pipeline = pipeline();
    let place = |module: &str| pipeline.iter().position(|name| name == module);
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !matches!(source.path.as_str(), "lib.rs" | "main.rs")) {
        let own = place(source.module()).unwrap_or_else(|| panic!("src/{} is in no module of lib.rs", source.path));
        for named in named(&source.code) {
            match place(&named) {
                Some(other) if other > own => found.push(format!("src/{} names crate::{named}", source.path)),
                Some(_) => {}
                None => found.push(format!("src/{} names crate::{named}, no module of lib.rs", source.path)),
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_file_can_be_read_in_one_go() {
    let sources = sources();
    let long = sources.iter().filter(|source| source.lines > LONGEST);
    let long: Vec<String> = long.map(|source| format!("src/{} has {} lines", source.path, source.lines)).collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in files(&root().join("src")).iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.starts_with("//! "), "{} begins without a module comment", file.display());
    }
}

#[test]
fn generated_files_are_fresh() {
    let made = std::env::temp_dir().join(format!("hardened-app-generated-{}", std::process::id()));
    for folder in ["crds", "charts/hardened-app/files", "docs"] {
        fs::create_dir_all(made.join(folder)).unwrap();
    }
    crate::cli::generate(&made).unwrap();
    let generated: Vec<(PathBuf, String)> = files(&made)
        .into_iter()
        .map(|file| (file.strip_prefix(&made).unwrap().to_owned(), fs::read_to_string(&file).unwrap()))
        .collect();
    fs::remove_dir_all(&made).unwrap();
    let crds = files(&root().join("crds")).len();
    assert_eq!(
        generated.iter().filter(|(file, _)| file.starts_with("crds")).count(),
        crds,
        "a file in crds/ is no longer made"
    );
    for (file, text) in generated {
        let committed = fs::read_to_string(root().join(&file)).unwrap_or_default();
        assert!(text == committed, "{} is stale: run `make generate` and commit", file.display());
    }
}

#[test]
fn the_readme_names_every_kind_and_its_file() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let rows: Vec<(&str, &str)> = readme
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split("` | `");
            Some((cells.next()?, cells.next()?.split('`').next()?))
        })
        .filter(|(_, file)| file.starts_with("src/desired/"))
        .collect();
    let kinds: Vec<&str> = rows.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>());
    for (kind, file) in rows {
        let source = fs::read_to_string(root().join(file)).unwrap();
        assert!(source.contains(&format!("name: \"{kind}\"")), "{file} doesn't build {kind}");
    }
}

/// README and `docs/`: path and text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = files(&root().join("docs"));
    paths.push(root().join("README.md"));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// The parts of an address that GitHub makes of the headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-');
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    headings.map(|heading| heading.chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
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

#[test]
fn every_file_that_the_documents_name_is_there() {
    let mut found = Vec::new();
    for (path, text) in documents() {
        for name in text.split('`').skip(1).step_by(2) {
            let starts =
                ["src/", "deploy/", "charts/", "docs/", "crds/", "e2e/"].iter().any(|folder| name.starts_with(folder));
            if starts && !name.contains(['<', '*', ' ']) && !root().join(name).exists() {
                found.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "files that aren't there:\n{}", found.join("\n"));
}

#[test]
fn every_word_of_the_status_is_explained() {
    let source = fs::read_to_string(root().join("src/api/status.rs")).unwrap();
    let words = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \"")?.1.strip_suffix("\","));
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let first_cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let explained: BTreeSet<&str> = first_cells.flat_map(|cell| cell.split(", ")).collect();
    let mut number = 0;
    for word in words {
        number += 1;
        assert!(explained.contains(word), "docs/troubleshooting.md doesn't say what {word} means");
    }
    assert!(number > 15, "the words of the status weren't found");
}
