//! No circles: files do not use each other in turn, and neither do modules of the first row.
//!
//! A file and one that lies above it are no circle: a parent declares its children and hands on what they have, and a child
//! speaks of what its parent is about. The pure stages may use each other ([`PIPE`](super::PIPE)) and count as one module here. Inside
//! the sandbox, which nobody else uses, files may: its readers of `FetchXML` are as recursive as that is.
use std::collections::{BTreeMap, BTreeSet};

use super::mentions::{Audience, Mentions, Names, Tests};
use super::{PIPE, every_file};

/// Who uses whom.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// What the files of the library name of each other, by module.
fn mentioned() -> BTreeMap<Names, BTreeSet<Names>> {
    let mut mentioned = BTreeMap::new();
    every_file(&mut |_, module, audience, file| {
        if audience == Audience::Everyone && !matches!(module, [top] if top == "lib" || top == "main") {
            mentioned.insert(module.to_vec(), Mentions::of(file, module, Tests::AreLeftOut).paths);
        }
    });
    mentioned
}

/// Which file uses which, neither lying above the other.
fn of_files(mentioned: &BTreeMap<Names, BTreeSet<Names>>) -> Uses {
    let file_of = |path: &Names| {
        let path = path.strip_prefix(["crate".to_owned()].as_slice())?;
        (1..=path.len()).rev().map(|length| path[..length].to_vec()).find(|module| mentioned.contains_key(module))
    };
    let is_apart = |one: &Names, other: &Names| !one.starts_with(other) && !other.starts_with(one);
    let ours = mentioned.iter().filter(|(module, _)| module[0] != "sandbox");
    let uses = ours.map(|(module, paths)| {
        let used = paths.iter().filter_map(file_of).filter(|used| is_apart(module, used));
        (module.join("::"), used.map(|used| used.join("::")).collect())
    });
    uses.collect()
}

/// Which module of the first row uses which; the pure stages are one.
fn of_modules(mentioned: &BTreeMap<Names, BTreeSet<Names>>) -> Uses {
    let named = |module: &str| if PIPE.contains(&module) { "the pure stages" } else { module }.to_owned();
    let mut uses = Uses::new();
    for (module, paths) in mentioned {
        let used = paths.iter().filter_map(|path| match path.as_slice() {
            [root, top, ..] if root == "crate" && mentioned.contains_key(std::slice::from_ref(top)) => Some(named(top)),
            _ => None,
        });
        let module = named(&module[0]);
        let used: Vec<String> = used.filter(|used| *used != module).collect();
        uses.entry(module).or_default().extend(used);
    }
    uses
}

/// Everything that is reached from a module over one step at least.
fn reached(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = vec![from];
    while let Some(module) = next.pop() {
        for used in uses.get(module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                next.push(used);
            }
        }
    }
    reached
}

/// The circles, each as those who use one another in turn.
fn circles(uses: &Uses) -> BTreeSet<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> =
        uses.keys().map(|from| (from, self::reached(uses, from))).collect();
    let of = |module: &String| {
        let around =
            reached[module].iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(module)));
        around.cloned().collect::<Vec<_>>()
    };
    uses.keys().map(of).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn no_files_use_each_other_in_turn() {
    let found = circles(&of_files(&mentioned()));
    assert!(found.is_empty(), "circles of files: {found:#?}");
}

#[test]
fn no_modules_use_each_other_in_turn_but_the_pure_stages() {
    let found = circles(&of_modules(&mentioned()));
    assert!(found.is_empty(), "circles of modules: {found:#?}");
}

#[test]
fn a_circle_is_found_over_any_number_of_steps_and_a_parent_is_none() {
    let of = |files: &[(&str, &str)]| -> BTreeMap<Names, BTreeSet<Names>> {
        let parsed = files.iter().map(|(module, text)| {
            let module: Names = module.split("::").map(str::to_owned).collect();
            let paths = Mentions::of(&syn::parse_str(text).expect("it parses"), &module, Tests::AreLeftOut).paths;
            (module, paths)
        });
        parsed.collect()
    };
    let ring = of(&[
        ("cli", "pub mod a; pub mod b; use a::A;"),
        ("cli::a", "use super::b::B; pub struct A;"),
        ("cli::b", "fn f() -> crate::tenant::T { super::name() }"),
        ("tenant", "fn g() { crate::cli::a::A::new() }"),
    ]);
    assert_eq!(circles(&of_files(&ring)), [vec!["cli::a".to_owned(), "cli::b".into(), "tenant".into()]].into());
    assert_eq!(circles(&of_modules(&ring)), [vec!["cli".to_owned(), "tenant".into()]].into());
    let tree = of(&[
        ("plan", "pub mod a; use a::A;"),
        ("plan::a", "use super::Plan; use crate::render::R;"),
        ("render", "use crate::plan::Plan;"),
    ]);
    assert_eq!(circles(&of_files(&tree)), BTreeSet::new());
    assert_eq!(circles(&of_modules(&tree)), BTreeSet::new());
}
