//! Tests of the rules that `lib.rs` states: the core is pure, no file imports from a later step, files are short,
//! generated ones are up to date, and the documentation has no dead links.

mod documents;
mod imports;

use std::{
    fs,
    path::{Path, PathBuf},
};

use imports::{Crate, circles};

/// What a pure function must not name.
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

const PURE: [&str; 8] = ["api", "app", "preflight", "release", "desired", "reach", "plan", "status"];

/// Longest file; where tests stand in a file of their own, that one may be longer.
const LONGEST: usize = 280;

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
            !path.ends_with("tests.rs")
                && !path.contains("/tests/")
                && !path.starts_with("structure/")
                && path != "fixtures.rs"
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
fn the_core_comes_before_the_modules_that_access_the_cluster() {
    assert_eq!(pipeline().iter().take(PURE.len()).collect::<Vec<_>>(), PURE);
}

#[test]
fn no_module_imports_from_a_later_one_of_the_pipeline() {
    let (pipeline, folder) = (pipeline(), root().join("src"));
    // The module of a file, and its place; `lib.rs` and `main.rs` stand outside.
    let module = |file: &Path| {
        file.strip_prefix(&folder).unwrap().to_str().unwrap().split(['/', '.']).next().unwrap().to_owned()
    };
    let place = |file: &Path| pipeline.iter().position(|name| *name == module(file));
    let edges = Crate::read(&folder.join("lib.rs")).edges();
    assert!(edges.len() > 200, "only {} imports were found", edges.len());
    let backwards = edges.iter().filter(|(from, to)| place(from) < place(to) && place(from).is_some());
    let backwards: Vec<String> =
        backwards.map(|(from, to)| format!("{} -> {}", from.display(), to.display())).collect();
    assert!(backwards.is_empty(), "imports against the pipeline:\n{}", backwards.join("\n"));
}

/// The root files of the crates of the repository.
fn crates() -> Vec<PathBuf> {
    let roots = ["src/lib.rs", "e2e/src/lib.rs", "e2e/guest/src/main.rs"];
    let mut found: Vec<PathBuf> = roots.iter().map(|file| root().join(file)).collect();
    for folder in ["e2e/src/bin", "e2e/tests"] {
        found.extend(files(&root().join(folder)).into_iter().filter(|file| file.ends_with("main.rs")));
    }
    found
}

#[test]
fn no_imports_form_a_cycle() {
    let mut found = Vec::new();
    for file in crates() {
        let krate = Crate::read(&file);
        let edges = krate.edges();
        assert!(!edges.is_empty() || krate.files() == 1, "no import was found in {}", file.display());
        let circles = circles(&edges);
        found.extend(circles.iter().map(|circle| format!("{circle:?}")));
    }
    assert!(found.is_empty(), "{} circles:\n{}", found.len(), found.join("\n"));
}

#[test]
fn files_import_from_the_file_that_defines_an_item() {
    let found = Crate::read(&root().join("src/lib.rs")).through_own_mod();
    assert!(found.len() < 8, "{} imports by way of the folder's own mod.rs:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_file_is_longer_than_the_limit() {
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
fn generated_files_are_up_to_date() {
    let made = std::env::temp_dir().join(format!("hardened-app-generated-{}", std::process::id()));
    for folder in ["crds", "charts/hardened-app/files", "deploy", "docs"] {
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
