use std::fmt::Write as _;

use super::*;

fn told(text: &str) -> Vec<String> {
    let faults = load(text).faults.into_iter();
    faults.map(|fault| format!("{}:{} {}", fault.span.line, fault.span.column, fault.message)).collect()
}

#[test]
fn everything_knows_where_it_stands() {
    let text = "# ü\na: 1\n---\nü: [ x, ${y}, 'z z' ]\n";
    let parsed = load(text);
    assert_eq!(parsed.faults, []);
    let list = parsed.documents[1].entry("ü").unwrap();
    assert_eq!((list.span.line, list.span.column, list.span.length), (4, 1, 1));
    let items: Vec<_> = list
        .value
        .items()
        .iter()
        .map(|item| (item.text().unwrap(), &text[item.span.start..item.span.end], item.span.column))
        .collect();
    assert_eq!(items, [("x", "x", 6), ("${y}", "${y}", 9), ("z z", "'z z'", 15)]);
}

#[test]
fn words_and_numbers_are_those_of_yaml_1_2() {
    let node = &load("[ no, on, 017, 1_000, 2027-01-31, true, 7, 0.5, ~, '1' ]").documents[0];
    let words: Vec<_> = node.items().iter().map(Node::words).collect();
    let (text, boolean, number) = ("a text", "true or false", "a number");
    assert_eq!(words, [text, text, text, text, text, boolean, number, number, "empty", text]);
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let parsed = load("a: [1\n---\nb: 2\n---\nc: 'x\n");
    assert_eq!(parsed.documents.len(), 1);
    assert_eq!(parsed.faults.iter().map(|fault| fault.span.line).collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn directives_comments_and_ends_belong_to_their_documents() {
    let parsed = load("%YAML 1.2\n# one\n---\na: 1\n...\n# two\n---\nb: 2\n--- # three\nc: 3\n---x: 4\n");
    assert_eq!(parsed.documents.len() + parsed.faults.len(), 3);
    assert_eq!(load("").documents, []);
    assert_eq!(load("# nothing\n---\n---\n").documents, []);
}

#[test]
fn what_powergrant_refuses_is_told_with_its_place() {
    let nested = format!("a: {}", "[".repeat(20_000));
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, before) in ('b'..='i').zip('a'..) {
        let nine = vec![format!("*{before}"); 9].join(",");
        writeln!(bomb, "{name}: &{name} [{nine}]").unwrap();
    }
    let cases: &[(&str, &[&str])] = &[
        ("a:\n\tb: 1\n", &["2:1 a tab indents this line"]),
        ("a: 1\n  \tb: 2\n", &["2:3 a tab indents this line"]),
        ("a: 1\nb: 1\na: 2\na: 3\n", &["3:1 `a` stands twice in one mapping", "4:1 `a` stands twice in one mapping"]),
        ("a: !secret x\n", &["1:12 unsupported tag `!secret`"]),
        ("a: *nope\n", &["1:4 an alias of an anchor that is not in this document"]),
        ("a: &x [*x]\n", &["1:8 an alias within its own anchor"]),
        ("~: b\n", &["1:1 a key that is empty"]),
        ("? [a]\n: b\n", &["1:3 a key that is no text"]),
        ("a: .nan\n", &["1:4 this is not YAML: value `.nan` is not a finite number"]),
        ("a: \"x\n", &["1:4 this is not YAML: unclosed quote"]),
        (&nested, &["1:259 nested too deeply: more than 64 levels"]),
        (&bomb, &["6:8 aliases that stand for too much"]),
    ];
    for (text, expected) in cases {
        assert_eq!(told(text), *expected, "{:?}", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn a_variable_may_stand_in_flow_style_and_nothing_else_is_touched() {
    let text = "a: [ ${x}, $(y), \"${z}\" ]\nb: { c: ${x-1} }\nd: ${not one}\n";
    let parsed = load(text);
    assert_eq!(parsed.faults, []);
    let node = &parsed.documents[0];
    let items: Vec<_> = node.field("a").unwrap().items().iter().filter_map(Node::text).collect();
    assert_eq!(items, ["${x}", "$(y)", "${z}"]);
    assert_eq!(node.locate("/b/c").and_then(Node::text), Some("${x-1}"));
    assert_eq!(node.locate("/d").and_then(Node::text), Some("${not one}"));
}

proptest::proptest! {
    #[test]
    fn any_text_survives_writing_and_reading(text in ".{0,40}") {
        let yaml = to_yaml(&std::collections::BTreeMap::from([("key", &text)])).unwrap();
        let parsed = load(&yaml);
        proptest::prop_assert_eq!(&parsed.faults, &[]);
        proptest::prop_assert_eq!(parsed.documents[0].field("key").and_then(Node::text), Some(text.as_str()));
    }
}
