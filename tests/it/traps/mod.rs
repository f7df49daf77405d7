//! Every trap of the services that is known, how the embedded tenant has it, and which test shows what powergrant does there.
//!
//! The table in `TRAPS.md` is written from here and from the doc comments of the variants, so that an open question without a
//! test, an answer without a source, or a test that is gone does not pass.
mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use powergrant::sandbox::variants::Variants;
use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta};

use crate::documents::has_table;
use known::{EACH_ANSWER, QUESTIONS, TRAPS};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests/it"), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source can be read");
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            match name {
                Some(name) if is_test => {
                    names.insert(name.to_owned());
                    is_test = false;
                }
                Some(_) => is_test = false,
                None => is_test |= line == "#[test]" || line.starts_with("#[tokio::test"),
            }
        }
    }
    names
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let lines = lines.filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
        Some(text.value().trim().to_owned())
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// What the sources say of each question (with its type) and of each answer of a type.
fn written() -> (BTreeMap<String, (String, String)>, BTreeMap<String, Vec<(String, String)>>) {
    let (mut questions, mut answers) = (BTreeMap::new(), BTreeMap::new());
    let mut files = Vec::new();
    sources(&root().join("src/sandbox/variants"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).expect("a source can be read");
        for item in syn::parse_file(&text).expect("a source can be parsed").items {
            if let Item::Enum(found) = &item {
                let each = found.variants.iter().map(|answer| (answer.ident.to_string(), docs(&answer.attrs)));
                answers.insert(found.ident.to_string(), each.collect());
            }
            let Item::Struct(found) = item else { continue };
            for field in found.fields.iter().filter(|_| found.ident == "Variants") {
                let name = field.ident.as_ref().expect("a named field").to_string();
                let syn::Type::Path(kind) = &field.ty else { panic!("{name} is of a named type") };
                let kind = kind.path.segments.last().expect("a type has a name").ident.to_string();
                questions.insert(name, (docs(&field.attrs), kind));
            }
        }
    }
    (questions, answers)
}

fn listed<'a>(tests: impl IntoIterator<Item = &'a &'a str>) -> String {
    let names: Vec<String> = tests.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "powergrant does not do that".to_owned() } else { names.join("<br>") }
}

#[test]
fn every_trap_has_its_tests_and_stands_in_the_table() {
    let mut table = "| trap | source | of the tenant | of powergrant |\n|---|---|---|---|\n".to_owned();
    for trap in TRAPS {
        assert!(!trap.sandbox.is_empty() && !trap.source.is_empty(), "{}", trap.what);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} |",
            trap.what,
            trap.source,
            listed(trap.sandbox),
            listed(trap.powergrant)
        );
    }
    has_table("tests/it/TRAPS.md", "traps", &table);
}

#[test]
fn every_open_question_has_sources_and_tests_and_stands_in_the_table() {
    let (questions, answers) = written();
    let names: Vec<&str> = Variants::questions().iter().map(|question| question.name).collect();
    let with_tests: Vec<&str> = QUESTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, with_tests, "the questions of the embedded tenant and those with tests");
    let mut table = "| open question | answers, the default first | tests |\n|---|---|---|\n".to_owned();
    for (name, tests) in QUESTIONS {
        let (what, kind) = &questions[*name];
        let each = answers.get(kind).map_or_else(String::new, |each| {
            let lines: Vec<String> = each.iter().map(|(answer, says)| format!("`{answer}`: {says}")).collect();
            lines.join("<br>")
        });
        for (answer, says) in answers.get(kind).into_iter().flatten() {
            assert!(says.len() > 10, "{kind}::{answer} says nothing");
        }
        assert!(!tests.is_empty(), "{name}");
        let _ = writeln!(table, "| {what} | {each} | {} |", listed(*tests));
    }
    has_table("tests/it/TRAPS.md", "questions", &table);
}

#[test]
fn every_test_that_the_tables_name_is_there() {
    let there = tests();
    let of_traps = TRAPS.iter().flat_map(|trap| trap.sandbox.iter().chain(trap.powergrant));
    let of_questions = QUESTIONS.iter().flat_map(|(_, tests)| tests.iter());
    let named = of_traps.chain(of_questions).chain([&EACH_ANSWER]);
    let gone: BTreeSet<&&str> = named.filter(|name| !there.contains(**name)).collect();
    assert!(gone.is_empty(), "no such tests: {gone:#?}");
}
