//! What a flow's text says about its trigger, its connections and its children.
use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use uuid::Uuid;

use super::outline::{Outline, Value};
use super::{Connection, Facts, Part, Trigger, operations, shape};
use crate::names::Text;

/// A text that is not a flow's.
#[derive(Debug, Error)]
pub enum Malformed {
    /// It is not JSON, or not all of it arrived.
    #[error("the flow's text is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// It nests deeper than any flow does.
    #[error("the flow's text nests deeper than {deepest} levels")]
    TooDeep {
        /// How deep it may nest.
        deepest: usize,
    },
    /// An object that every flow has is missing, or is something else.
    #[error("`{path}` is not an object in the flow's text")]
    NotAnObject {
        /// Where it should be.
        path: String,
    },
    /// The names of the connections cannot be read.
    #[error("a key of `connectionReferences` is not a text")]
    UnreadableKey,
    /// An entry that does not say which connector it is for, so that its mode cannot be read.
    #[error("connection reference `{key}` names no connector")]
    NoConnector {
        /// The entry's key.
        key: String,
    },
}

impl Malformed {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotJson(_) | Self::TooDeep { .. } | Self::NotAnObject { .. } | Self::UnreadableKey => {
                "open the flow in the designer and save it, which writes its text anew"
            }
            Self::NoConnector { .. } => "remove the unused connection in the designer and save the flow",
        }
    }
}

/// Reads the facts from a flow's text (`clientdata`), with or without a byte order mark.
pub fn facts(text: &str) -> Result<Facts, Malformed> {
    read(&Outline::read(text)?)
}

/// Reads the facts from an outline, which an edit needs as well.
pub(super) fn read(outline: &Outline<'_>) -> Result<Facts, Malformed> {
    let properties = object(outline.root(), &["properties"])?;
    let definition = object(outline.root(), &["properties", "definition"])?;
    let mut connections = BTreeMap::new();
    if let Some(references) = references(properties)? {
        for (key, entry) in references.members() {
            let key = key.string().ok_or(Malformed::UnreadableKey)?;
            connections.insert(Text::from(&*key), connection(&key, entry)?);
        }
    }
    let (mut children, mut operations) = (BTreeSet::new(), BTreeSet::new());
    let triggers = definition.get("triggers").into_iter().flat_map(Value::members).map(|(_, trigger)| trigger);
    operations.extend(triggers.filter_map(|trigger| operations::read(trigger, Part::Trigger, &connections)));
    for action in Actions::of(definition) {
        children.extend(child(action));
        if let Some(operation) = operations::read(action, Part::Action, &connections) {
            if operation.name.ends_with("WithOrganization")
                && let Some(connection) = operation.connection.as_ref().and_then(|key| connections.get_mut(key))
            {
                connection.with_organization = true;
            }
            operations.insert(operation);
        }
    }
    Ok(Facts { trigger: trigger(definition), connections, children, operations })
}

/// The object with the connection references; a flow without connections may lack it.
pub(super) fn references(properties: Value<'_>) -> Result<Option<Value<'_>>, Malformed> {
    match properties.get("connectionReferences") {
        Some(references) if !references.is_null() => object(properties, &["connectionReferences"]).map(Some),
        Some(_) | None => Ok(None),
    }
}

/// The object at the end of a path that every flow has.
pub(super) fn object<'outline>(value: Value<'outline>, path: &[&str]) -> Result<Value<'outline>, Malformed> {
    let found = value.path(path).filter(|found| found.is_object());
    found.ok_or_else(|| Malformed::NotAnObject { path: path.join(".") })
}

/// The logical name of the reference behind an entry; an entry without a connection, `{}`, has none.
pub(super) fn logical_name(entry: Value<'_>) -> Option<Text> {
    let nested = entry.path(&["connection", "connectionReferenceLogicalName"]);
    let name = nested.or_else(|| entry.get("connectionReferenceLogicalName"))?.string()?;
    (!name.is_empty()).then(|| Text::from(&*name))
}

fn connection(key: &str, entry: Value<'_>) -> Result<Connection, Malformed> {
    let connector = connector(entry).ok_or_else(|| Malformed::NoConnector { key: key.to_owned() })?;
    let mode = shape::mode(&connector, entry);
    Ok(Connection { logical_name: logical_name(entry), connector, mode, with_organization: false })
}

/// The connector: `api.name`, or what an id such as `/providers/Microsoft.PowerApps/apis/shared_office365` ends with
/// (package exports).
fn connector(entry: Value<'_>) -> Option<Text> {
    [&["api", "name"][..], &["api", "id"], &["id"]].iter().find_map(|path| {
        let name = entry.path(path)?.string()?;
        let last = name.rsplit('/').find(|segment| !segment.is_empty())?;
        Some(Text::from(last))
    })
}

/// What starts the flow; flows have one trigger.
fn trigger(definition: Value<'_>) -> Trigger {
    let Some((_, trigger)) = definition.get("triggers").and_then(|triggers| triggers.members().next()) else {
        return Trigger::Automated("nothing".into());
    };
    let word = |name: &str| trigger.get(name).and_then(Value::string);
    let type_ = word("type").unwrap_or_default();
    if !type_.eq_ignore_ascii_case("Request") {
        return Trigger::Automated(operations::operation(trigger).unwrap_or_else(|| Text::from(&*type_)));
    }
    // Learn: share a cloud flow; that these five kinds and no other run with the caller's connections is counted in
    // public solutions.
    let kind = word("kind").unwrap_or("unspecified".into());
    match kind.to_ascii_lowercase().as_str() {
        "button" => Trigger::Button,
        "powerapp" => Trigger::PowerApp,
        "powerappv2" => Trigger::PowerAppV2,
        "apiconnection" => Trigger::SelectedRow,
        "skills" => Trigger::Agent,
        _ => Trigger::OtherRequest(Text::from(&*kind)),
    }
}

/// The flow that an action calls as its child.
fn child(action: Value<'_>) -> Option<Uuid> {
    let calls = action.get("type").is_some_and(|type_| type_.is_word("Workflow"));
    let flow = calls.then(|| action.path(&["inputs", "host", "workflowReferenceName"])).flatten()?.string()?;
    Uuid::parse_str(&flow).ok()
}

/// Every action, however deep in scopes, loops, conditions and switches.
struct Actions<'outline> {
    waiting: Vec<Value<'outline>>,
}

impl<'outline> Actions<'outline> {
    fn of(definition: Value<'outline>) -> Self {
        let mut actions = Self { waiting: Vec::new() };
        actions.add(Some(definition));
        actions
    }

    /// Adds the actions that a branch holds.
    fn add(&mut self, branch: Option<Value<'outline>>) {
        let actions = branch.and_then(|branch| branch.get("actions"));
        self.waiting.extend(actions.into_iter().flat_map(Value::members).map(|(_, action)| action));
    }
}

impl<'outline> Iterator for Actions<'outline> {
    type Item = Value<'outline>;

    fn next(&mut self) -> Option<Self::Item> {
        let action = self.waiting.pop()?;
        self.add(Some(action));
        self.add(action.get("else"));
        self.add(action.get("default"));
        for (_, case) in action.get("cases").into_iter().flat_map(Value::members) {
            self.add(Some(case));
        }
        Some(action)
    }
}
