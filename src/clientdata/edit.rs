//! One edit into a flow's text: the modes of its connections, and no other byte.
use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::outline::{Outline, Value};
use super::{Malformed, facts, shape};
use crate::names::{ConnectionMode, Text};
use crate::request::{Edit, ModeEdit, ModeTarget};

/// A text that an edit does not fit, because the flow is not what it was when the edit was planned.
#[derive(Debug, Error)]
pub enum Conflict {
    /// The text is not a flow's.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No person starts the flow; an automated flow's `impersonation` belongs to its trigger's *Run as*.
    #[error("the flow is {trigger}, so it has no run-only users whose connections it could use")]
    NotInteractive {
        /// What starts the flow, in words.
        trigger: String,
    },
    /// No entry is what the edit means.
    #[error("the flow has no connection reference {target}")]
    Absent {
        /// What the edit means.
        target: String,
    },
    /// Two modes for one entry.
    #[error("connection reference `{key}` is given both modes at once")]
    Contradiction {
        /// The entry's key.
        key: String,
    },
    /// A member stands twice where readers disagree on which one counts.
    #[error("`{member}` stands more than once in `{within}`")]
    Repeated {
        /// The member's name.
        member: String,
        /// The object that holds it.
        within: String,
    },
    /// A member is not of the kind that it has everywhere else.
    #[error("`{member}` of connection reference `{key}` is not an object")]
    OddShape {
        /// The entry's key.
        key: String,
        /// The member's name.
        member: &'static str,
    },
    /// The edited text does not say what it should, so it is thrown away.
    #[error("the edited text would change more than the modes")]
    NotProven,
}

impl Conflict {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.hint(),
            Self::NotInteractive { .. } | Self::Absent { .. } => "the flow was changed meanwhile: plan again",
            Self::Contradiction { .. } => "the flow's references were bound anew meanwhile: plan again",
            Self::Repeated { .. } | Self::OddShape { .. } => {
                "open the flow in the designer and save it, which writes its text anew, then plan again"
            }
            Self::NotProven => "set the mode in the flow's run-only users pane, and report this flow's shape",
        }
    }
}

/// Writes an edit's modes into a flow's text; nothing when the text says so already.
///
/// Only the tokens that decide a mode change: numbers, spacing, key order, escapes and a byte order mark stay as they are.
pub fn edit(text: &str, edit: &Edit) -> Result<Option<String>, Conflict> {
    let outline = Outline::read(text)?;
    let mut expected = facts::read(&outline)?;
    if !expected.trigger.is_interactive() {
        return Err(Conflict::NotInteractive { trigger: expected.trigger.words() });
    }
    let mut splices = Vec::new();
    for (key, (entry, by_run_only_user)) in targets(&outline, edit)? {
        let connection = expected.connections.get_mut(&key).expect("the facts hold every key of the same outline");
        splices.extend(shape::encode(&connection.connector, &key, entry, by_run_only_user)?);
        connection.mode = mode(by_run_only_user);
    }
    if splices.is_empty() {
        return Ok(None);
    }
    let edited = outline.splice(splices);
    match super::facts(&edited) {
        Ok(facts) if facts == expected => Ok(Some(edited)),
        Ok(_) | Err(_) => Err(Conflict::NotProven),
    }
}

fn mode(by_run_only_user: bool) -> ConnectionMode {
    if by_run_only_user { ConnectionMode::ProvidedByRunOnlyUser } else { ConnectionMode::UseThisConnection }
}

/// The entries that an edit means, by key, and whether each becomes the run-only user's.
fn targets<'outline>(
    outline: &'outline Outline<'outline>,
    edit: &Edit,
) -> Result<BTreeMap<Text, (Value<'outline>, bool)>, Conflict> {
    let root = outline.root();
    once(root, "properties", "the flow's text")?;
    let properties = facts::object(root, &["properties"])?;
    once(properties, "connectionReferences", "properties")?;
    once(properties, "definition", "properties")?;
    let references = facts::references(properties)?;
    let entries: Vec<_> = references.into_iter().flat_map(Value::members).collect();
    let mut targets: BTreeMap<Text, (Value<'outline>, bool)> = BTreeMap::new();
    for ModeEdit { target, by_run_only_user } in &edit.modes {
        let mut found = false;
        for (name, entry) in entries.iter().filter(|(name, entry)| is_meant(target, *name, *entry)) {
            let key = Text::from(&*name.string().ok_or(Malformed::UnreadableKey)?);
            if entries.iter().filter(|(name, _)| name.is(&key)).count() > 1 {
                return Err(Conflict::Repeated { member: key.to_string(), within: "connectionReferences".to_owned() });
            }
            unambiguous(*entry, &key)?;
            if let Some((_, other)) = targets.insert(key.clone(), (*entry, *by_run_only_user))
                && other != *by_run_only_user
            {
                return Err(Conflict::Contradiction { key: key.to_string() });
            }
            found = true;
        }
        if !found {
            return Err(Conflict::Absent { target: words(target) });
        }
    }
    Ok(targets)
}

fn is_meant(target: &ModeTarget, key: Value<'_>, entry: Value<'_>) -> bool {
    match target {
        ModeTarget::LogicalName(name) => facts::logical_name(entry).is_some_and(|own| own.as_str() == name),
        ModeTarget::Key(name) => key.is(name),
    }
}

fn words(target: &ModeTarget) -> String {
    match target {
        ModeTarget::LogicalName(name) => format!("`{name}`"),
        ModeTarget::Key(key) => format!("under the key `{key}`"),
    }
}

/// Refuses an object that names a member more than once.
fn once(object: Value<'_>, member: &str, within: &str) -> Result<(), Conflict> {
    if object.count(member) > 1 {
        return Err(Conflict::Repeated { member: member.to_owned(), within: within.to_owned() });
    }
    Ok(())
}

/// Refuses an entry in which any name is repeated, in itself or in the objects that it holds.
fn unambiguous(entry: Value<'_>, key: &Text) -> Result<(), Conflict> {
    let mut names = BTreeSet::new();
    for (name, value) in entry.members() {
        // A name that is no text at all is nobody's member.
        let Some(name) = name.string() else { continue };
        if value.is_object() {
            unambiguous(value, key)?;
        }
        if !names.insert(name.clone()) {
            return Err(Conflict::Repeated { member: name.into_owned(), within: key.to_string() });
        }
    }
    Ok(())
}
