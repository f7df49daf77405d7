//! A document: its header, read once, and its spec, read for each environment.
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::compile::desired::{Placed, State};
use crate::finding::{Finding, did_you_mean};
use crate::manifest::envelope::{ApiVersion, Kind};
use crate::manifest::node::{Content, Entry, Node, Span, escape};
use crate::manifest::shape;
use crate::manifest::variables::{self, Variables};
use crate::place::Place;
use crate::rules::Rule;

/// A document of a manifest.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is about.
    pub kind: Kind,
    /// Its name.
    pub name: Placed<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether what it names shall be there.
    pub state: State,
    /// The environments that it is for; none of an Environment document, and of one that does not say.
    pub environments: Option<Addressed>,
    /// Where it begins.
    pub place: Place,
    /// Whether nothing is wrong with it by itself; what is not sound is known by its name and not compiled.
    pub is_sound: bool,
    file: Arc<str>,
    root: Node,
    schema: Arc<Value>,
    uses_variables: bool,
}

/// The environments that a document is for, and where it says so.
#[derive(Clone, Debug, PartialEq)]
pub enum Addressed {
    /// Names of Environment documents.
    Names(Vec<Placed<String>>),
    /// Labels, each of which the Environment document must have.
    Selector {
        /// The labels.
        labels: BTreeMap<String, String>,
        /// Where they stand.
        place: Place,
    },
}

/// A spec, and the tree that says where everything in it stands.
#[derive(Clone, Debug)]
pub struct Read<S> {
    /// The spec.
    pub spec: S,
    root: Node,
    file: Arc<str>,
}

impl Document {
    /// Reads the header and compares the rest with the schema; what has no readable header is no document.
    pub fn read(root: Node, file: &Arc<str>, schema: &Arc<Value>, findings: &mut Vec<Finding>) -> Option<Self> {
        let kind = read_kind(&root, file, findings)?;
        let mut own = Vec::new();
        let root = without_foreign(root, kind, file, &mut own);
        own.extend(shape::check(&root, kind, schema, file, None));
        let spec = root.field("spec");
        let uses_variables = match kind {
            Kind::Environment => false,
            Kind::SecurityRole | Kind::RoleAssignment | Kind::Flow | Kind::Policy => {
                spec.inspect(|spec| variables::report_parts(spec, file, &mut own)).is_some_and(variables::are_used)
            }
        };
        let place = begin(&root).place(file);
        let name = root.locate("/metadata/name").filter(|name| name.text().is_some());
        let is_sound = own.is_empty();
        findings.append(&mut own);
        Some(Self {
            kind,
            name: Placed {
                value: name.and_then(Node::text).unwrap_or_default().to_owned(),
                place: name.map_or_else(|| place.clone(), |name| name.span.place(file)),
            },
            labels: texts(root.locate("/metadata/labels")),
            state: match root.field("state").and_then(Node::text) {
                Some("absent") => State::Absent,
                Some(_) | None => State::Present,
            },
            environments: addressed(&root, file),
            place,
            is_sound,
            file: file.clone(),
            root,
            schema: schema.clone(),
            uses_variables,
        })
    }

    /// The variables that an Environment document defines.
    pub fn variables(&self) -> Variables<'_> {
        let values = self.root.locate("/spec/vars").map_or(&[][..], Node::entries);
        Variables { environment: &self.name.value, values }
    }

    /// The variables that it uses and an environment does not define.
    pub fn undefined(&self, variables: Variables<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let (true, Some(spec)) = (self.uses_variables, self.root.field("spec")) {
            variables.put_into(spec, &self.file, &mut findings);
        }
        findings
    }

    /// Reads the spec, with an environment's variables put in.
    pub fn spec<S: DeserializeOwned>(&self, variables: Option<Variables<'_>>) -> Result<Read<S>, Vec<Finding>> {
        let mut root = self.root.clone();
        if let (true, Some(variables)) = (self.uses_variables, variables) {
            let mut findings = Vec::new();
            if let Content::Map(entries) = &mut root.content {
                for Entry { key, value, .. } in entries {
                    if key == "spec" {
                        *value = variables.put_into(value, &self.file, &mut findings);
                    }
                }
            }
            if findings.is_empty() {
                findings = shape::check(&root, self.kind, &self.schema, &self.file, Some(variables.environment));
            }
            if !findings.is_empty() {
                return Err(findings);
            }
        }
        let json = root.field("spec").map_or(Value::Null, Node::to_json);
        match serde_path_to_error::deserialize(json) {
            Ok(spec) => Ok(Read { spec, root, file: self.file.clone() }),
            Err(error) => {
                // The schema has let it through, so this is a bound that only the type knows.
                let span = root.nearest(&format!("/spec{}", pointer(error.path())));
                Err(vec![Finding::error(Rule::Shape, &span.place(&self.file), error.inner().to_string())])
            }
        }
    }
}

impl<S> Read<S> {
    /// Where a value of the spec stands; `pointer` begins below `/spec`.
    pub fn place(&self, pointer: &str) -> Place {
        self.root.nearest(&format!("/spec{pointer}")).place(&self.file)
    }

    /// Where a key of the spec stands; `pointer` begins below `/spec`.
    pub fn key_place(&self, pointer: &str) -> Place {
        let pointer = format!("/spec{pointer}");
        self.root.key(&pointer).unwrap_or_else(|| self.root.nearest(&pointer)).place(&self.file)
    }
}

fn read_kind(root: &Node, file: &Arc<str>, findings: &mut Vec<Finding>) -> Option<Kind> {
    let error = |span: Span, message: String| Finding::error(Rule::UnknownKind, &span.place(file), message);
    if !matches!(root.content, Content::Map(_)) {
        findings.push(error(
            root.span,
            format!("a document is a mapping with `apiVersion` and `kind`; this is {}", root.words()),
        ));
        return None;
    }
    let mut is_ours = true;
    match root.field("apiVersion") {
        Some(version) if version.text() == Some(ApiVersion::TEXT) => {}
        Some(version) => {
            let written = version.text().map_or_else(|| version.words().to_owned(), |text| format!("`{text}`"));
            let finding =
                error(version.span, format!("`apiVersion` is {written}, which this powergrant does not know"));
            findings.push(finding.hint(format!("write `apiVersion: {}`", ApiVersion::TEXT)));
            is_ours = false;
        }
        None => {
            let finding = error(begin(root), "the document has no `apiVersion`".to_owned());
            findings.push(finding.hint(format!("write `apiVersion: {}`", ApiVersion::TEXT)));
            is_ours = false;
        }
    }
    let words = Kind::ALL.map(Kind::word);
    let kinds = format!("there are {}", words.join(", "));
    let kind = match root.field("kind") {
        None => {
            findings.push(error(begin(root), "the document has no `kind`".to_owned()).hint(kinds));
            None
        }
        Some(kind) => kind.text().and_then(Kind::named).or_else(|| {
            let written = kind.text().map_or_else(|| kind.words().to_owned(), |text| format!("`{text}`"));
            let finding = error(kind.span, format!("`kind` is {written}, which is none that powergrant knows"));
            findings.push(match kind.text().and_then(|text| did_you_mean(text, words)) {
                Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
                None => finding.hint(kinds),
            });
            None
        }),
    };
    kind.filter(|_| is_ours)
}

/// An Environment document is for no environments and is never absent; says so better than "no such field".
fn without_foreign(mut root: Node, kind: Kind, file: &Arc<str>, findings: &mut Vec<Finding>) -> Node {
    if let (Kind::Environment, Content::Map(entries)) = (kind, &mut root.content) {
        entries.retain(|entry| {
            let reason = match entry.key.as_str() {
                "state" => "powergrant does not remove environments; remove the document to stop managing it",
                "environments" => "an Environment document is one environment",
                _ => return true,
            };
            let message = format!("an Environment document has no `{}`", entry.key);
            findings.push(Finding::error(Rule::Shape, &entry.span.place(file), message).hint(reason));
            false
        });
    }
    root
}

fn addressed(root: &Node, file: &Arc<str>) -> Option<Addressed> {
    let node = root.field("environments")?;
    match node.field("selector") {
        Some(labels) => Some(Addressed::Selector { labels: texts(Some(labels)), place: node.span.place(file) }),
        None => Some(Addressed::Names(
            node.items()
                .iter()
                .filter_map(|item| Some(Placed { value: item.text()?.to_owned(), place: item.span.place(file) }))
                .collect(),
        )),
    }
}

fn texts(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map_or(&[][..], Node::entries);
    entries.iter().filter_map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned()))).collect()
}

/// Where a document begins: its first key.
fn begin(root: &Node) -> Span {
    root.entries().first().map_or(root.span, |entry| entry.span)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().map_while(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", escape(key))),
        Segment::Enum { variant: _ } | Segment::Unknown => None,
    });
    segments.collect()
}
