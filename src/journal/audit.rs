//! Who changed something outside Git, and when, as far as the audit log says it.
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::inventory::Inventory;
use crate::inventory::audit::{Actor, Event, Record, Trail};
use crate::inventory::people::PrincipalRow;
use crate::problem::Problem;

/// What is known of who changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// The audit log says it.
    Known {
        /// The principal, in words; a live name.
        by: String,
        /// Who acted as that principal, if another did.
        called_by: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The history was read, and has nothing of it.
    NotLogged,
    /// The history could not be read.
    Unreadable(Problem),
    /// There is no audit log for it.
    NoLog,
}

impl Author {
    /// Looks for the last event on a trail.
    pub fn of(
        inventory: &Inventory,
        trail: Option<&Trail>,
        histories: &BTreeMap<Record, Result<Vec<Event>, Problem>>,
    ) -> Self {
        let history = trail.and_then(|trail| Some((trail, histories.get(&trail.record)?)));
        match history {
            None => Self::NoLog,
            Some((_, Err(problem))) => Self::Unreadable(problem.clone()),
            Some((trail, Ok(events))) => trail.last(events).map_or(Self::NotLogged, |event| Self::Known {
                by: words(inventory, &event.by),
                called_by: event.called_by.as_ref().map(|actor| words(inventory, actor)),
                at: event.at,
            }),
        }
    }

    /// Who and when in words; times are in UTC, to the minute.
    pub fn words(&self) -> String {
        match self {
            Self::Known { by, called_by, at } => {
                let caller = called_by.as_ref().map_or_else(String::new, |caller| format!(", called by {caller},"));
                format!("by {by}{caller} at {} (UTC)", at.strftime("%Y-%m-%d %H:%M"))
            }
            Self::NotLogged => "the audit log does not say by whom".to_owned(),
            Self::Unreadable(_) => "by whom could not be read".to_owned(),
            Self::NoLog => "no audit log says by whom".to_owned(),
        }
    }
}

/// A user as plans name it; else as the audit log does.
fn words(inventory: &Inventory, actor: &Actor) -> String {
    match inventory.principal_of(PrincipalRow::User(actor.row)) {
        (principal, None) if inventory.users.row(&actor.row).is_some() => principal.to_string(),
        (_, _) => match actor.name.as_deref() {
            // Dataverse makes an application's full name of its name and `#` as the first name (seen in the portal).
            Some(name) => {
                name.strip_prefix("# ").map_or_else(|| format!("user {name}"), |name| format!("application {name}"))
            }
            None => format!("user {}", actor.row),
        },
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::inventory::EnvironmentFacts;
    use crate::inventory::audit::{Audited, Deed};
    use crate::problem::Cause;

    fn event(called_by: Option<Uuid>) -> Event {
        let actor = |row: Uuid, name: Option<&str>| Actor { row, name: name.map(Into::into) };
        Event {
            at: "2026-05-13T22:06:27Z".parse().unwrap(),
            by: actor(Uuid::from_u128(1), Some("Ada Byron")),
            called_by: called_by.map(|row| actor(row, None)),
            deeds: [Deed::Share(Uuid::from_u128(9))].into(),
        }
    }

    fn said(history: Option<Result<Vec<Event>, Problem>>) -> String {
        let trail = Trail::new(Audited::Flow, Uuid::from_u128(7), [Deed::Share(Uuid::from_u128(9))]);
        let histories = history.map(|history| (trail.record, history)).into_iter().collect();
        Author::of(&Inventory::empty(EnvironmentFacts::default()), Some(&trail), &histories).words()
    }

    #[test]
    fn who_and_when_is_said_and_what_is_not_known_is_said_too() {
        assert_eq!(said(Some(Ok(vec![event(None)]))), "by user Ada Byron at 2026-05-13 22:06 (UTC)");
        let caller = said(Some(Ok(vec![event(Some(Uuid::nil()))])));
        assert_eq!(
            caller,
            "by user Ada Byron, called by user 00000000-0000-0000-0000-000000000000, at 2026-05-13 22:06 (UTC)"
        );
        assert_eq!(said(Some(Ok(Vec::new()))), "the audit log does not say by whom");
        assert_eq!(said(None), "no audit log says by whom");
        let refused = Problem::without_request(Cause::Forbidden, "Dataverse", "no", "ask");
        assert!(said(Some(Err(refused))).ends_with("could not be read"));
    }
}
