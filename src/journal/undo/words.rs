//! Words of a journal as manifests say them: principals, names, ids.
use uuid::Uuid;

use crate::journal::Change;
use crate::kinds::principals::{Application, Group, KnownUser, Member, Principal, State, Team, User};
use crate::names::Operation;

/// `Read     Process` is an operation on a table; anything else is the privilege's own name.
pub(super) fn on_table(name: &str) -> Option<(Operation, &str)> {
    let (word, table) = name.split_once(' ')?;
    let operation = Operation::ALL.into_iter().find(|operation| operation.word() == word)?;
    Some((operation, table.trim_start()))
}

/// The principal of a change as a member: there if it was there before, absent if not.
pub(super) fn member(change: &Change) -> Result<Member, String> {
    let identity = change.goal.entry.split('@').next().unwrap_or_default();
    let name = change.name.split(" @ ").next().unwrap_or_default();
    Ok(stated(principal(identity, name)?, change.before.is_some()))
}

pub(super) fn stated(principal: Principal, held: bool) -> Member {
    let state = if held { State::Present } else { State::Absent };
    let expires = None;
    match principal {
        Principal::User { user } => Member::User { user, expires, state },
        Principal::Group { group } => Member::Group { group, expires, state },
        Principal::Application { application } => Member::Application { application, expires, state },
        Principal::Team { team } => Member::Team { team, expires, state },
    }
}

/// A principal from its identity (`group:…:members`) and its words (`group SG-Expense-Prod`).
pub(super) fn principal(identity: &str, words: &str) -> Result<Principal, String> {
    let mut parts = identity.split(':');
    let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let name = words.strip_prefix(kind).map(str::trim_start).unwrap_or_default();
    Ok(match kind {
        "user" => Principal::User { user: User::Known(KnownUser { id: parsed(id)?, name: usable(name) }) },
        "group" => {
            let word = parts.next().unwrap_or_default();
            let membership = serde_json::from_value(word.into())
                .map_err(|_| format!("the journal names the membership `{word}`, which there is not"))?;
            let name = name.strip_suffix(&format!(" ({word})")).unwrap_or(name);
            let group = Group { id: Some(parsed(id)?), name: usable(name), membership: Some(membership), sync: false };
            Principal::Group { group }
        }
        "application" => {
            Principal::Application { application: Application { app_id: parsed(id)?, name: usable(name) } }
        }
        "team" => Principal::Team { team: Team { id: Some(parsed(id)?), name: usable(name), business_unit: None } },
        _ => return Err("a manifest cannot name it".to_owned()),
    })
}

pub(super) fn parsed(id: &str) -> Result<Uuid, String> {
    id.parse().map_err(|_| format!("the journal names `{id}`, which is no id"))
}

/// A name as a manifest may check it; one that was escaped cannot be checked.
pub(super) fn usable(name: &str) -> Option<String> {
    (!name.is_empty() && !name.contains("\\u{")).then(|| name.to_owned())
}
