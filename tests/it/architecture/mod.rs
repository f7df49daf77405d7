//! Who may use whom: the import table, checked on the tokens of every source file.
mod circles;
mod mentions;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mentions::{Audience, Mentions, Names, Tests};
use syn::File;

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

/// Hands out every file below `src` with its module, as the compiler finds them from both roots.
fn every_file(visitor: &mut impl FnMut(&Path, &[String], Audience, &File)) {
    for top in ["lib", "main"] {
        walk(&sources(), &[top.to_owned()], Audience::Everyone, visitor);
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn every_module_uses_only_what_the_table_allows() {
    let root = sources();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    every_file(&mut |path, module, audience, file| {
        seen.insert(path.to_owned());
        if audience == Audience::Everyone || module[0] == "sandbox" {
            let place = path.strip_prefix(&root).unwrap().display();
            wrong.extend(violations(file, module).into_iter().map(|it| format!("src/{place}: {it}")));
        }
    });
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
