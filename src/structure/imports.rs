//! Which file imports from which, read from the sources: through re-exports to the file that defines an item.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Item, UseTree, visit::Visit};

/// The path of a module below the crate's root.
pub(super) type Module = Vec<String>;

/// One crate's modules, and what each names.
pub(super) struct Crate {
    modules: BTreeMap<Module, Source>,
}

#[derive(Default)]
struct Source {
    file: PathBuf,
    /// Paths that the file names, as written.
    named: BTreeSet<Vec<String>>,
    /// Names that stand for another path: `use` and `pub use`.
    aliases: BTreeMap<String, Vec<String>>,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
struct Resolved {
    /// The module that defines the item.
    module: Module,
    /// The module in which the path was found to end as it was written, before any re-export.
    written: Module,
}

impl Crate {
    /// Reads all modules below a crate's root file. Tests are left out.
    pub(super) fn read(root: &Path) -> Self {
        let mut krate = Self { modules: BTreeMap::new() };
        krate.add(root, Vec::new(), root.parent().unwrap());
        krate
    }

    fn add(&mut self, file: &Path, module: Module, folder: &Path) {
        let text = fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut source = Source { file: file.to_owned(), ..Source::default() };
        for item in parsed.items.iter().filter(|item| !is_test(attributes(item))) {
            match item {
                Item::Mod(child) if child.content.is_none() => {
                    let name = child.ident.to_string();
                    let (flat, nested) = (folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs"));
                    let below = [module.clone(), vec![name.clone()]].concat();
                    let file = if flat.exists() { flat } else { nested };
                    self.add(&file, below, &folder.join(&name));
                }
                Item::Use(item) => {
                    let public = !matches!(item.vis, syn::Visibility::Inherited);
                    flatten(&item.tree, &mut Vec::new(), &mut |path, alias| {
                        source.aliases.insert(alias, path.clone());
                        if !public {
                            source.named.insert(path);
                        }
                    });
                }
                item => Paths(&mut source.named).visit_item(item),
            }
        }
        self.modules.insert(module, source);
    }

    pub(super) fn files(&self) -> usize {
        self.modules.len()
    }

    /// Every pair of files of which the first names an item that the second defines.
    pub(super) fn edges(&self) -> BTreeSet<(PathBuf, PathBuf)> {
        let mut edges = BTreeSet::new();
        for (module, source) in &self.modules {
            for path in &source.named {
                if let Some(found) = self.resolve(module, path)
                    && found.module != *module
                {
                    edges.insert((source.file.clone(), self.modules[&found.module].file.clone()));
                }
            }
        }
        edges
    }

    /// The paths by which files name items of the `mod.rs` of their own folder instead of the file that defines them.
    pub(super) fn through_own_mod(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (module, source) in &self.modules {
            for path in &source.named {
                let resolved = self.resolve(module, path);
                let parent = module.split_last().map(|(_, parent)| parent).filter(|parent| !parent.is_empty());
                if resolved.is_some_and(|resolved| Some(resolved.written.as_slice()) == parent) {
                    found.push(format!("{}: {}", source.file.display(), path.join("::")));
                }
            }
        }
        found
    }

    /// The module that defines the item at a path, if it is of this crate.
    fn resolve(&self, from: &[String], path: &[String]) -> Option<Resolved> {
        let (first, mut rest) = path.split_first()?;
        let mut at: Module = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.to_vec(),
            "super" => from.split_last()?.1.to_vec(),
            name => {
                let child = [from, &[name.to_owned()]].concat();
                if self.modules.contains_key(&child) {
                    child
                } else {
                    let alias = self.modules.get(from)?.aliases.get(name)?;
                    // `use x;` would stand for itself.
                    if rest.is_empty() || alias.first() == Some(first) {
                        return None;
                    }
                    return self.resolve(from, &[alias.as_slice(), rest].concat());
                }
            }
        };
        while let Some((name, below)) = rest.split_first() {
            if name == "super" {
                at.pop()?;
            } else if self.modules.contains_key(&[at.as_slice(), std::slice::from_ref(name)].concat()) {
                at.push(name.clone());
            } else {
                break;
            }
            rest = below;
        }
        // A module alone, such as `use crate::plan;`, is no item.
        let item = rest.first()?;
        let written = at.clone();
        let module = match self.modules.get(&at)?.aliases.get(item) {
            Some(alias) if alias.len() > 1 => self.resolve(&at, alias).map_or(at, |found| found.module),
            _ => at,
        };
        Some(Resolved { module, written })
    }
}

/// Cycles of imports: for each file that is part of one, the shortest.
pub(super) fn circles(edges: &BTreeSet<(PathBuf, PathBuf)>) -> Vec<Vec<PathBuf>> {
    let next = |file: &PathBuf| -> Vec<PathBuf> {
        edges.iter().filter(|(from, _)| from == file).map(|(_, to)| to.clone()).collect()
    };
    let mut found: Vec<Vec<PathBuf>> = Vec::new();
    let files: BTreeSet<PathBuf> = edges.iter().map(|(from, _)| from.clone()).collect();
    for start in &files {
        let (mut ways, mut seen) = (vec![vec![start.clone()]], BTreeSet::new());
        while let Some(way) = ways.pop() {
            for file in next(way.last().unwrap()) {
                if file == *start {
                    let mut circle = way.clone();
                    circle.sort();
                    if !found.contains(&circle) {
                        found.push(circle);
                    }
                } else if seen.insert(file.clone()) {
                    ways.insert(0, [way.clone(), vec![file]].concat());
                }
            }
        }
    }
    found
}

struct Paths<'a>(&'a mut BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.0.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }
}

fn flatten(tree: &UseTree, above: &mut Vec<String>, add: &mut impl FnMut(Vec<String>, String)) {
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            flatten(&path.tree, above, add);
            above.pop();
        }
        UseTree::Name(name) if name.ident == "self" => add(above.clone(), above.last().cloned().unwrap_or_default()),
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            add([above.clone(), vec![name.clone()]].concat(), name);
        }
        UseTree::Rename(rename) => {
            add([above.clone(), vec![rename.ident.to_string()]].concat(), rename.rename.to_string());
        }
        UseTree::Glob(_) => add([above.clone(), vec!["*".to_owned()]].concat(), "*".to_owned()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, above, add)),
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files, below a folder of its own.
    fn krate(name: &str, sources: &[(&str, &str)]) -> Crate {
        let folder = std::env::temp_dir().join(format!("hardened-app-imports-{name}-{}", std::process::id()));
        for (file, text) in sources {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let krate = Crate::read(&folder.join("lib.rs"));
        fs::remove_dir_all(folder).unwrap();
        krate
    }

    fn edges(krate: &Crate) -> Vec<String> {
        let name = |file: &PathBuf| {
            let parts: Vec<_> = file.iter().skip(file.iter().count() - 2).map(|part| part.to_str().unwrap()).collect();
            if parts[0].starts_with("hardened-app") { parts[1].to_owned() } else { parts.join("/") }
        };
        krate.edges().iter().map(|(from, to)| format!("{} -> {}", name(from), name(to))).collect()
    }

    #[test]
    fn imports_lead_through_re_exports_to_the_file_that_defines_an_item() {
        let krate = krate(
            "re-exports",
            &[
                ("lib.rs", "pub mod a;\npub mod b;"),
                ("a/mod.rs", "mod one;\nmod two;\npub use one::{One, made as make};\npub fn own() {}"),
                ("a/one.rs", "pub struct One;\npub fn made() {}"),
                ("a/two.rs", "use super::one::One;\nfn f() { super::own(); }"),
                (
                    "b.rs",
                    "use crate::a::{self, One};\nfn f() { a::make(); let _ = std::mem::take::<u8>; }\n#[cfg(test)]\nuse crate::a::own;",
                ),
            ],
        );
        assert_eq!(edges(&krate), ["a/two.rs -> a/mod.rs", "a/two.rs -> a/one.rs", "b.rs -> a/one.rs"]);
        assert_eq!(krate.through_own_mod().len(), 1, "{:?}", krate.through_own_mod());
        assert!(circles(&krate.edges()).is_empty());
    }

    #[test]
    fn circles_of_any_length_are_found() {
        let sources = [
            ("lib.rs", "mod a;\nmod b;\nmod c;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "use crate::c::C;\npub struct B;"),
            ("c.rs", "pub struct C;\nfn f(_: crate::a::A) {}"),
        ];
        assert_eq!(circles(&krate("circle", &sources).edges()).len(), 1);
        assert!(
            circles(&krate("no-circle", &[sources[0], sources[1], sources[2], ("c.rs", "pub struct C;")]).edges())
                .is_empty()
        );
    }
}
