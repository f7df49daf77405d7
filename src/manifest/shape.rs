//! Compares a tree with the schema of its kind and says everything that does not fit, with places.
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::finding::{Finding, did_you_mean};
use crate::manifest::envelope::Kind;
use crate::manifest::node::{Content, Entry, Node, Span};
use crate::manifest::schema::VARIABLE;
use crate::manifest::variables::name_in;
use crate::rules::Rule;

/// Says everything in a document that does not fit its kind; `environment` is the one whose variables were put in.
pub(super) fn check(
    document: &Node,
    kind: Kind,
    schema: &Value,
    file: &Arc<str>,
    environment: Option<&str>,
) -> Vec<Finding> {
    let mut check = Check { schema, file, environment, findings: Vec::new() };
    let shape = &schema["$defs"][kind.word()];
    check.value(document, shape, &Name { text: format!("the {kind} document"), span: document.span });
    check.findings
}

struct Check<'run> {
    schema: &'run Value,
    file: &'run Arc<str>,
    environment: Option<&'run str>,
    findings: Vec<Finding>,
}

/// What a value is called in findings, and where that stands.
struct Name {
    text: String,
    span: Span,
}

/// One of the forms that a value may have.
type Form<'schema> = &'schema Map<String, Value>;

impl<'run> Check<'run> {
    fn value(&mut self, node: &Node, shape: &'run Value, name: &Name) {
        let mut forms = Vec::new();
        self.forms(shape, &mut forms);
        match &node.content {
            Content::Text(text) => self.text(node, text, &forms, name),
            Content::Map(entries) => self.map(node, entries, &forms, name),
            Content::List(items) => match forms.iter().find(|form| has_type(form, "array")) {
                Some(form) => {
                    for item in items {
                        let name = Name { text: format!("an item of {}", name.text), span: item.span };
                        self.value(item, &form["items"], &name);
                    }
                }
                None => self.wrong_type(node, &forms, name),
            },
            Content::Number(number) => match forms.iter().find(|form| is_numeric(form)) {
                Some(form) => {
                    if let Some(problem) = outside(number, form) {
                        self.report(node, Rule::InvalidValue, node.span, format!("{} is {problem}", name.text));
                    }
                }
                None => self.wrong_type(node, &forms, name),
            },
            Content::Bool(_) => {
                if !forms.iter().any(|form| has_type(form, "boolean")) {
                    self.wrong_type(node, &forms, name);
                }
            }
            Content::Null => {
                let message = format!("{} is empty; it takes {}", name.text, wanted(&forms));
                let finding = self.finding(node, Rule::Shape, name.span, message);
                self.findings.push(finding.hint("give it a value, or remove the line"));
            }
        }
    }

    /// Collects the forms that a schema allows, through references and alternatives.
    fn forms(&self, shape: &'run Value, forms: &mut Vec<Form<'run>>) {
        let Value::Object(object) = shape else { return };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer));
            if reference == VARIABLE {
                forms.push(object);
            } else if let Some(target) = target {
                self.forms(target, forms);
            }
            return;
        }
        let alternatives = object.get("anyOf").or_else(|| object.get("oneOf")).and_then(Value::as_array);
        match alternatives {
            Some(alternatives) => alternatives.iter().for_each(|alternative| self.forms(alternative, forms)),
            None => forms.push(object),
        }
    }

    fn text(&mut self, node: &Node, text: &str, forms: &[Form<'run>], name: &Name) {
        let is_variable = name_in(text).is_some();
        if is_variable && forms.iter().any(|form| is_variable_use(form)) {
            return;
        }
        let texts: Vec<_> = forms.iter().filter(|form| is_text(form)).collect();
        if texts.is_empty() {
            return self.wrong_type(node, forms, name);
        }
        let words: Vec<_> = texts.iter().flat_map(|form| words(form)).collect();
        if !words.is_empty() {
            if !words.contains(&text) {
                let message = format!("{} is `{text}`; it takes {}", name.text, listed(&words));
                let finding = self.finding(node, Rule::Shape, node.span, message);
                self.findings.push(suggest(finding, text, &words));
            }
            return;
        }
        let problems: Vec<_> = texts.iter().map(|form| misformed(text, form)).collect();
        let problem = problems.into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().next());
        if let Some((problem, hint)) = problem {
            let message = format!("{} is `{text}`, {problem}", name.text);
            let finding = self.finding(node, Rule::InvalidValue, node.span, message);
            self.findings.push(finding.hint(hint));
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], all_forms: &[Form<'run>], name: &Name) {
        let forms: Vec<_> = all_forms.iter().copied().filter(|form| has_type(form, "object")).collect();
        let Some(form) = nearest(entries, &forms) else {
            if forms.is_empty() {
                return self.wrong_type(node, all_forms, name);
            }
            let mut keys: Vec<_> = forms.iter().flat_map(|form| required(form)).collect();
            keys.dedup();
            let message = format!("{} has none of {}", name.text, listed_all(&keys));
            let finding = self.finding(node, Rule::Shape, name.span, message);
            let finding = match entries.first() {
                Some(entry) => suggest(finding, &entry.key, &keys),
                None => finding,
            };
            self.findings.push(finding);
            return;
        };
        let properties = form.get("properties").and_then(Value::as_object);
        let additional = form.get("additionalProperties").filter(|shape| shape.is_object());
        for entry in entries {
            let child = properties.and_then(|properties| properties.get(&entry.key)).or(additional);
            match child {
                Some(shape) => {
                    self.value(&entry.value, shape, &Name { text: format!("`{}`", entry.key), span: entry.span });
                }
                None => self.unknown(node, entry, form, &forms, name),
            }
        }
        for key in required(form).filter(|key| node.field(key).is_none()) {
            let finding = self.finding(node, Rule::Shape, name.span, format!("{} has no `{key}`", name.text));
            let meaning = properties.and_then(|all| all.get(key)).and_then(|shape| shape.get("description"));
            self.findings.push(match meaning.and_then(Value::as_str) {
                Some(meaning) => finding.hint(format!("`{key}`: {meaning}")),
                None => finding,
            });
        }
    }

    fn unknown(&mut self, node: &Node, entry: &Entry, form: Form<'run>, forms: &[Form<'run>], name: &Name) {
        let is_of_another = forms.iter().any(|other| keys(other).any(|key| key == entry.key));
        let message = if is_of_another {
            let others: Vec<_> = required(form).collect();
            format!("`{}` does not go with {} in {}", entry.key, listed_all(&others), name.text)
        } else {
            format!("{} has no field `{}`", name.text, entry.key)
        };
        let finding = self.finding(node, Rule::Shape, entry.span, message);
        let known: Vec<_> = keys(form).filter(|key| node.field(key).is_none()).collect();
        self.findings.push(if is_of_another { finding } else { suggest(finding, &entry.key, &known) });
    }

    fn wrong_type(&mut self, node: &Node, forms: &[Form<'run>], name: &Name) {
        let message = format!("{} is {}; it takes {}", name.text, node.words(), wanted(forms));
        let is_scalar = matches!(&node.content, Content::Bool(_) | Content::Number(_));
        let finding = self.finding(node, Rule::Shape, node.span, message);
        let takes_text = forms.iter().any(|form| is_text(form) && words(form).is_empty());
        let hint = if is_scalar && takes_text {
            "put it in quotes"
        } else if forms.iter().any(|form| has_type(form, "array")) {
            "write it as a list: `[ … ]`, or lines that begin with `- `"
        } else if forms.iter().any(|form| has_type(form, "object")) {
            "write it with fields: `{ name: value }`, or indented lines; `powergrant schema` lists them for editors"
        } else {
            "`powergrant schema` says for editors what goes where"
        };
        self.findings.push(finding.hint(hint));
    }

    fn report(&mut self, node: &Node, rule: Rule, span: Span, message: String) {
        let finding = self.finding(node, rule, span, message);
        self.findings.push(finding);
    }

    /// What came out of a variable is the Environment document's affair, and is reported where the variable is used.
    fn finding(&self, node: &Node, rule: Rule, span: Span, message: String) -> Finding {
        match (&node.variable, self.environment) {
            (Some(variable), Some(environment)) => {
                let message = format!("`${{{variable}}}` does not fit here in {environment}: {message}");
                Finding::error(Rule::UndefinedVariable, &node.span.place(self.file), message)
            }
            _ => Finding::error(rule, &span.place(self.file), message),
        }
    }
}

/// Picks the form that a mapping was probably meant as: the one whose required keys are there.
fn nearest<'schema>(entries: &[Entry], forms: &[Form<'schema>]) -> Option<Form<'schema>> {
    if let [only] = forms {
        return Some(only);
    }
    let has = |key: &str| entries.iter().any(|entry| entry.key == key);
    let score = |form: Form<'_>| {
        let required_keys: Vec<_> = required(form).collect();
        let there = required_keys.iter().filter(|key| has(key)).count();
        let known = keys(form).filter(|key| has(key)).count();
        (there == required_keys.len(), there, known)
    };
    let mut best: Option<Form<'schema>> = None;
    for form in forms.iter().copied().filter(|form| score(form).1 > 0) {
        if best.is_none_or(|best| score(form) > score(best)) {
            best = Some(form);
        }
    }
    best
}

fn has_type(form: Form<'_>, name: &str) -> bool {
    form.get("type").and_then(Value::as_str) == Some(name)
}

fn is_text(form: Form<'_>) -> bool {
    has_type(form, "string") || form.contains_key("const")
}

fn is_numeric(form: Form<'_>) -> bool {
    has_type(form, "integer") || has_type(form, "number")
}

fn is_variable_use(form: Form<'_>) -> bool {
    form.get("$ref").and_then(Value::as_str) == Some(VARIABLE)
}

fn keys(form: Form<'_>) -> impl Iterator<Item = &str> {
    form.get("properties").and_then(Value::as_object).into_iter().flat_map(|keys| keys.keys().map(String::as_str))
}

fn required(form: Form<'_>) -> impl Iterator<Item = &str> {
    form.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn words(form: Form<'_>) -> Vec<&str> {
    let listed = form.get("enum").and_then(Value::as_array).into_iter().flatten();
    form.get("const").into_iter().chain(listed).filter_map(Value::as_str).collect()
}

/// Says why a text is not of the form's format.
fn misformed(text: &str, form: Form<'_>) -> Option<(&'static str, &'static str)> {
    match form.get("format").and_then(Value::as_str) {
        Some("uuid") if text.len() != 36 || Uuid::parse_str(text).is_err() => {
            Some(("which is no GUID", "an id is 8-4-4-4-12 hexadecimal digits, as the portals show it"))
        }
        Some("date") if text.len() != 10 || text.parse::<Date>().is_err() => {
            Some(("which is no day such as 2027-01-31", "write the last day as year-month-day"))
        }
        _ if form.get("minLength").is_some() && text.trim().is_empty() => {
            Some(("which says nothing", "fill it in, or take the line out"))
        }
        _ => None,
    }
}

fn outside(number: &serde_json::Number, form: Form<'_>) -> Option<String> {
    let value = number.as_f64()?;
    if has_type(form, "integer") && !(number.is_u64() || number.is_i64()) {
        return Some(format!("{number}, which is no whole number"));
    }
    let bound = |key: &str| form.get(key).and_then(Value::as_f64);
    // Whole numbers in manifests are counts, kept in 32 bits.
    let most = bound("maximum").unwrap_or(f64::from(u32::MAX));
    match (bound("minimum"), most) {
        (Some(least), _) if value < least => Some(format!("{number}; the least is {least}")),
        (_, most) if value > most => Some(format!("{number}; the most is {most}")),
        _ => None,
    }
}

/// Says in words what the forms take.
fn wanted(forms: &[Form<'_>]) -> String {
    let all_words: Vec<_> = forms.iter().flat_map(|form| words(form)).collect();
    let mut wanted: Vec<String> = Vec::new();
    if !all_words.is_empty() {
        wanted.push(listed(&all_words));
    }
    let mut wants = |phrase: String| {
        if !wanted.contains(&phrase) {
            wanted.push(phrase);
        }
    };
    for form in forms.iter().filter(|form| words(form).is_empty()) {
        match (form.get("type").and_then(Value::as_str), form.get("format").and_then(Value::as_str)) {
            (Some("string"), Some("uuid")) => wants("a GUID".to_owned()),
            (Some("string"), Some("date")) => wants("a day such as 2027-01-31".to_owned()),
            (Some("string"), _) => wants("a text".to_owned()),
            (Some("array"), _) => wants("a list".to_owned()),
            (Some("boolean"), _) => wants("`true` or `false`".to_owned()),
            (Some("integer" | "number"), _) => wants("a number".to_owned()),
            _ => {}
        }
    }
    let mappings: Vec<_> = forms.iter().filter(|form| has_type(form, "object")).collect();
    let keys: Vec<_> = mappings.iter().flat_map(|form| required(form)).collect();
    match (mappings.as_slice(), keys.as_slice()) {
        ([], _) => {}
        (_, []) => wants("a mapping".to_owned()),
        ([_], keys) => wants(format!("a mapping with {}", listed_all(keys))),
        (_, keys) => wants(format!("a mapping with {}", listed(keys))),
    }
    wanted.join(" or ")
}

fn listed(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [rest @ .., before, last] if !rest.is_empty() => format!("{}, {before} or {last}", rest.join(", ")),
        [before, last] => format!("{before} or {last}"),
        _ => words.concat(),
    }
}

fn listed_all(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Adds what was probably meant, or all that is known when it is little.
fn suggest(finding: Finding, written: &str, known: &[&str]) -> Finding {
    match did_you_mean(written, known.iter().copied()) {
        Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
        None if known.is_empty() || known.len() > 12 => finding,
        None => finding.hint(format!("known here: {}", listed_all(known))),
    }
}
