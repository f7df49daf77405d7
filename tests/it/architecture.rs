//! Who may use whom: the import table, checked on the tokens of every source file.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::buffer::{Cursor, TokenBuffer};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMod, ItemUse, Macro, Meta, UseTree};

/// What a module may use besides itself.
enum May {
    /// These modules of ours, and no crate that reaches outside.
    Purely(&'static [&'static [&'static str]]),
    /// These modules of ours, and any crate.
    Use(&'static [&'static [&'static str]]),
    /// Whatever it likes.
    Everything,
}

const VALUES: &[&str] =
    &["names", "principal", "place", "finding", "foreign", "problem", "rules", "request", "clientdata"];
const LEDGER: &[&str] = &["ledger"];
const INVENTORY: &[&str] = &["inventory"];
const KINDS: &[&str] = &["kinds"];
/// The pure stages, from documents to what is printed.
const PIPE: &[&str] = &[
    "manifest", "compile", "plan", "access", "review", "explain", "derive", "export", "report", "render", "journal",
    "rights",
];
const STAGE: May = May::Purely(&[VALUES, LEDGER, INVENTORY, KINDS, PIPE]);
/// The table: what each top-level module may use. A module without a row is an error.
const TABLE: &[(&str, May)] = &[
    ("names", May::Purely(&[VALUES])),
    ("principal", May::Purely(&[VALUES])),
    ("place", May::Purely(&[VALUES])),
    ("finding", May::Purely(&[VALUES])),
    ("foreign", May::Purely(&[])),
    ("problem", May::Purely(&[VALUES])),
    ("rules", May::Purely(&[VALUES])),
    ("request", May::Purely(&[VALUES])),
    ("clientdata", May::Purely(&[VALUES])),
    // The one place where time passes.
    ("clock", May::Use(&[])),
    ("ledger", May::Purely(&[&["names", "principal", "place", "finding", "foreign", "problem"]])),
    ("inventory", May::Purely(&[VALUES])),
    ("kinds", May::Purely(&[VALUES, LEDGER, INVENTORY])),
    ("manifest", STAGE),
    ("compile", STAGE),
    ("plan", STAGE),
    ("access", STAGE),
    ("review", STAGE),
    ("explain", STAGE),
    ("derive", STAGE),
    ("export", STAGE),
    ("report", STAGE),
    ("render", STAGE),
    ("rights", STAGE),
    ("journal", STAGE),
    ("tenant", May::Use(&[&["names", "foreign", "problem", "request", "clock"]])),
    ("collect", May::Use(&[VALUES, LEDGER, INVENTORY, KINDS, PIPE, &["clock", "tenant"]])),
    ("apply", May::Use(&[VALUES, LEDGER, INVENTORY, KINDS, PIPE, &["clock", "tenant", "collect"]])),
    // It judges the rest, so it shares nothing with it.
    ("sandbox", May::Use(&[])),
    ("cli", May::Everything),
    ("controller", May::Everything),
    ("lib", May::Everything),
    ("main", May::Everything),
];

/// What pure code never touches: sockets, files, the process and its surroundings, and time that passes.
const OUTSIDE: &[&str] = &[
    "axum",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "reqwest",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

/// A path in full, such as `crate::inventory::Inventory` or `std::fs::read`.
type Names = Vec<String>;

/// Everything that one file names, and the modules that it declares in files of their own.
struct Mentions {
    /// The module that the visitor stands in, below the crate's root.
    here: Names,
    paths: BTreeSet<Names>,
    /// What `use` makes a name stand for.
    aliases: BTreeMap<String, BTreeSet<Names>>,
    modules: Vec<(Names, Audience)>,
    tests: Tests,
}

/// Whom a module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    Everyone,
    Tests,
}

/// Whether code that is compiled for tests alone counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tests {
    Count,
    AreLeftOut,
}

impl Mentions {
    fn of(file: &File, here: &[String], tests: Tests) -> Self {
        let (paths, aliases, modules) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let mut mentions = Self { here: here.to_vec(), paths, aliases, modules, tests };
        mentions.visit_file(file);
        mentions.follow_aliases();
        mentions
    }

    /// Adds `jiff::Timestamp::now` where the file says `use jiff::Timestamp` and `Timestamp::now`.
    fn follow_aliases(&mut self) {
        let followed: Vec<Names> = self
            .paths
            .iter()
            .filter_map(|path| path.split_first())
            .flat_map(|(first, rest)| {
                let meant = self.aliases.get(first).into_iter().flatten();
                meant.map(move |path| [path.as_slice(), rest].concat())
            })
            .collect();
        self.paths.extend(followed);
    }

    /// Writes out `self` and `super`.
    fn absolute(&self, path: &[String]) -> Names {
        let above = path.iter().take_while(|name| matches!(name.as_str(), "self" | "super")).count();
        if above == 0 {
            return path.to_vec();
        }
        let up = path[..above].iter().filter(|name| *name == "super").count();
        let module = &self.here[..self.here.len().saturating_sub(up)];
        [&["crate".to_owned()], module, &path[above..]].concat()
    }

    fn mention(&mut self, path: &[String]) {
        let path = self.absolute(path);
        self.paths.insert(path);
    }

    /// Walks a `use` tree; `before` is what stands to its left.
    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let below = |name: &syn::Ident| match name.to_string() {
            name if name == "self" && !before.is_empty() => before.to_vec(),
            name => [before, &[name]].concat(),
        };
        match tree {
            UseTree::Path(path) => self.tree(&below(&path.ident), &path.tree),
            UseTree::Name(name) => {
                let path = below(&name.ident);
                self.bring(&path, path.last().cloned());
            }
            UseTree::Rename(rename) => self.bring(&below(&rename.ident), Some(rename.rename.to_string())),
            UseTree::Glob(_) => self.mention(&[before, &["*".to_owned()]].concat()),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(before, item)),
        }
    }

    fn bring(&mut self, path: &[String], alias: Option<String>) {
        self.mention(path);
        let path = self.absolute(path);
        if let Some(alias) = alias {
            self.aliases.entry(alias).or_default().insert(path);
        }
    }

    /// Finds the paths among tokens that no grammar describes, those of a macro's call.
    fn scan(&mut self, mut cursor: Cursor<'_>) {
        let mut path = Names::new();
        while !cursor.eof() {
            if let Some((name, rest)) = cursor.ident() {
                path.push(name.to_string());
                if let Some(after) = colons(rest) {
                    cursor = after;
                    continue;
                }
                self.mention(&path);
                cursor = rest;
            } else if let Some((inside, _, _, rest)) = cursor.any_group() {
                self.scan(inside);
                cursor = rest;
            } else if let Some((_, rest)) = cursor.token_tree() {
                cursor = rest;
            }
            path.clear();
        }
    }
}

/// Steps over `::`.
fn colons(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (first, rest) = cursor.punct()?;
    let (second, rest) = rest.punct()?;
    (first.as_char() == ':' && second.as_char() == ':').then_some(rest)
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item(&mut self, item: &'ast Item) {
        // A file of tests is still a file that belongs somewhere, so its declaration counts.
        let declares_file = matches!(item, Item::Mod(module) if module.content.is_none());
        match (self.tests, audience(attributes(item))) {
            (Tests::AreLeftOut, Audience::Tests) if !declares_file => {}
            (Tests::AreLeftOut | Tests::Count, Audience::Everyone | Audience::Tests) => visit::visit_item(self, item),
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.here.push(module.ident.to_string());
        if module.content.is_none() {
            self.modules.push((self.here.clone(), audience(&module.attrs)));
        }
        visit::visit_item_mod(self, module);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.mention(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Names>());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.scan(TokenBuffer::new2(call.tokens.clone()).begin());
        visit::visit_macro(self, call);
    }
}

/// The attributes of the items that tests are made of.
fn attributes(item: &Item) -> &[Attribute] {
    if let Item::Mod(module) = item {
        &module.attrs
    } else if let Item::Use(import) = item {
        &import.attrs
    } else if let Item::Fn(function) = item {
        &function.attrs
    } else if let Item::Impl(block) = item {
        &block.attrs
    } else {
        &[]
    }
}

/// Looks for `#[cfg(test)]` and `#[test]`.
fn audience(attributes: &[Attribute]) -> Audience {
    let for_tests = attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(path) => path.is_ident("test"),
        Meta::NameValue(_) => false,
    });
    if for_tests { Audience::Tests } else { Audience::Everyone }
}

/// The table's row for a module.
fn row(module: &[String]) -> Option<&'static May> {
    TABLE.iter().find(|(name, _)| *name == module[0]).map(|(_, may)| may)
}

fn begins_with(path: &[String], beginning: &str) -> bool {
    let names: Vec<&str> = beginning.split("::").collect();
    path.len() >= names.len() && names.iter().zip(path).all(|(name, part)| name == part)
}

/// Says what a module may not use of what its file names.
fn violations(file: &File, module: &[String]) -> Vec<String> {
    let name = module.join("::");
    let Some(may) = row(module) else {
        return vec![format!("`{name}` has no row in the import table")];
    };
    let (lists, pure) = match may {
        May::Purely(lists) => (lists, true),
        May::Use(lists) => (lists, false),
        May::Everything => return Vec::new(),
    };
    // Tests may look from outside, except at what judges: its tests would agree with what they share.
    let tests = if module[0] == "sandbox" { Tests::Count } else { Tests::AreLeftOut };
    let allowed = |path: &[String]| match path {
        [root, ours @ ..] if root == "crate" => ours
            .first()
            .is_none_or(|first| *first == module[0] || lists.iter().any(|list| list.contains(&first.as_str()))),
        // The library's own name, which only a binary needs.
        [root, ..] if root == "powergrant" => false,
        _ => !(pure && OUTSIDE.iter().any(|outside| begins_with(path, outside))),
    };
    let mentions = Mentions::of(file, module, tests);
    let forbidden = mentions.paths.iter().filter(|path| !allowed(path));
    forbidden.map(|path| format!("`{name}` may not use `{}`", path.join("::"))).collect()
}

/// Walks the module tree as the compiler does and hands out every file with its module.
fn walk(
    root: &Path,
    module: &[String],
    audience: Audience,
    visitor: &mut impl FnMut(&Path, &[String], Audience, &File),
) {
    let path = file_of(root, module);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    visitor(&path, module, audience, &file);
    let top = matches!(module, [name] if name == "lib" || name == "main");
    let here = if top { &[][..] } else { module };
    for (below, for_whom) in Mentions::of(&file, here, Tests::AreLeftOut).modules {
        walk(root, &below, if audience == Audience::Tests { audience } else { for_whom }, visitor);
    }
}

/// `a/b.rs` or `a/b/mod.rs`.
fn file_of(root: &Path, module: &[String]) -> PathBuf {
    let stem = module.iter().fold(root.to_owned(), |path, name| path.join(name));
    let flat = stem.with_extension("rs");
    if flat.exists() { flat } else { stem.join("mod.rs") }
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).expect("src is readable").map(|entry| entry.expect("so are its folders").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { BTreeSet::from([path]) }).collect()
}

#[test]
fn every_module_uses_only_what_the_table_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for top in ["lib", "main"] {
        walk(&root, &[top.to_owned()], Audience::Everyone, &mut |path, module, audience, file| {
            seen.insert(path.to_owned());
            if audience == Audience::Everyone || module[0] == "sandbox" {
                let place = path.strip_prefix(&root).unwrap().display();
                wrong.extend(violations(file, module).into_iter().map(|it| format!("src/{place}: {it}")));
            }
        });
    }
    let orphans = files(&root).into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let orphans = orphans.filter(|path| !seen.contains(path));
    wrong.extend(orphans.map(|path| format!("{}: no module declares this file", path.display())));
    assert!(wrong.is_empty(), "the import table is broken:\n{}", wrong.join("\n"));
}

/// Checks a snippet as if it stood in the file of `module`.
fn checked(module: &str, snippet: &str) -> Vec<String> {
    let module: Names = module.split("::").map(str::to_owned).collect();
    violations(&syn::parse_str(snippet).expect("a snippet parses"), &module)
}

#[test]
fn a_nested_group_does_not_hide_an_import() {
    assert_eq!(checked("kinds::flow", "use crate::{tenant::X};"), ["`kinds::flow` may not use `crate::tenant::X`"]);
    assert_eq!(
        checked("inventory", "use crate::{names::{self, Ref}, kinds::{self as k, Write}};"),
        ["`inventory` may not use `crate::kinds`", "`inventory` may not use `crate::kinds::Write`"]
    );
}

#[test]
fn a_path_in_the_middle_of_code_counts_as_an_import() {
    let snippet = "fn f() -> super::super::plan::Plan { crate::tenant::send() }";
    assert_eq!(
        checked("kinds::flow", snippet),
        ["`kinds::flow` may not use `crate::plan::Plan`", "`kinds::flow` may not use `crate::tenant::send`"]
    );
}

#[test]
fn a_re_export_and_a_glob_count_as_imports() {
    assert_eq!(checked("inventory", "pub use crate::ledger::Sight;").len(), 1);
    assert_eq!(checked("inventory", "use crate::*;").len(), 1);
    assert_eq!(checked("compile", "pub mod inner { pub use super::super::collect::collect; }").len(), 1);
}

#[test]
fn an_alias_of_the_crate_does_not_hide_an_import() {
    let found = checked("inventory", "use crate as us; fn f() { us::tenant::send() }");
    assert_eq!(found, ["`inventory` may not use `crate::tenant::send`"]);
}

#[test]
fn a_macro_does_not_hide_an_import() {
    let found = checked("inventory", r#"fn f() { format!("{}", [crate::tenant::NAME]); }"#);
    assert_eq!(found, ["`inventory` may not use `crate::tenant::NAME`"]);
}

#[test]
fn pure_code_reaches_for_no_file_and_no_clock() {
    assert_eq!(checked("plan", "use std::fs;"), ["`plan` may not use `std::fs`"]);
    assert_eq!(checked("plan", "use std::{collections::BTreeMap, env::var};").len(), 1);
    let found = checked("compile", "use jiff::Timestamp; fn f() -> Timestamp { Timestamp::now() }");
    assert_eq!(found, ["`compile` may not use `jiff::Timestamp::now`"]);
    assert_eq!(checked("collect", "use tokio::task::JoinSet;"), Vec::<String>::new());
}

#[test]
fn the_sandbox_shares_nothing_with_what_it_judges_not_even_in_its_tests() {
    assert_eq!(
        checked("sandbox::odata", "use crate::sandbox::rights::Depth; use super::answer;"),
        Vec::<String>::new()
    );
    assert_eq!(checked("sandbox::odata", "use crate::names::Depth;").len(), 1);
    assert_eq!(checked("sandbox::odata", "#[cfg(test)] mod tests { use crate::names::Depth; }").len(), 1);
    assert_eq!(checked("plan", "#[cfg(test)] mod tests { use crate::tenant::X; }"), Vec::<String>::new());
}

#[test]
fn a_module_without_a_row_is_refused() {
    assert_eq!(checked("helpers", ""), ["`helpers` has no row in the import table"]);
}
