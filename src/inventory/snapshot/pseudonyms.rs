//! Pseudonyms: names and directory ids that a snapshot does not give away, and finds again when it is told them.
//!
//! Hidden are names of people, groups, teams, applications, business units, flows, solutions, agents and connection
//! references, addresses, descriptions, the sites of flows, and Entra ids of people, groups and applications. Not
//! hidden are security roles, tables, privileges, connectors, logical names, the environment, ids of rows in Dataverse, and
//! whether a name is an address or a guest's. A pseudonym is no anonymity: whoever guesses a name can see that it is there.
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Taken;
use super::renamed::{Renaming, renamed, renamed_principal};
use crate::names::{Text, folded};
use crate::principal::Principal;

/// What a reader knows already: names and ids from manifests and the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Names, addresses and descriptions.
    pub names: BTreeSet<String>,
    /// Entra ids.
    pub ids: BTreeSet<Uuid>,
}

impl Known {
    /// What somebody typed: a name, or an Entra id.
    pub fn typed<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let names: BTreeSet<String> = texts.into_iter().cloned().collect();
        let ids = names.iter().filter_map(|name| Uuid::try_parse(name).ok()).collect();
        Self { names, ids }
    }

    /// Adds what somebody else knows.
    pub fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
        self.ids.extend(other.ids);
    }
}

/// The pseudonyms of one snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Pseudonyms {
    salt: Uuid,
}

impl Pseudonyms {
    /// Makes the pseudonyms of a salt.
    pub fn new(salt: Uuid) -> Self {
        Self { salt }
    }

    /// The pseudonym of a name; names are compared without regard to case, and so are their pseudonyms.
    pub fn of_name(self, name: &str) -> Text {
        // What says that Copilot Studio keeps a team is its name, an agent's id: nobody's name, and needed to tell.
        let is_agents_team = name.strip_suffix("_1").is_some_and(|id| Uuid::try_parse(id).is_ok());
        if name.is_empty() || is_agents_team {
            return name.into();
        }
        let name = folded(name);
        let hex: String = self.hash(&name).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        // Whether an account is a guest's stands in its name alone, and decides who is in a team of members or of guests.
        let kind = match (name.contains("#ext#"), name.contains('@')) {
            (true, _) => "#ext#@hidden",
            (false, true) => "@hidden",
            (false, false) => "",
        };
        format!("p-{hex}{kind}").into()
    }

    /// The pseudonym of an id.
    pub fn of_id(self, id: Uuid) -> Uuid {
        Uuid::new_v5(&self.salt, id.as_bytes())
    }

    /// A principal under pseudonyms.
    pub fn of_principal(self, principal: Principal) -> Principal {
        renamed_principal(principal, &Hide(self))
    }

    /// Puts pseudonyms in the place of names.
    pub fn hide(self, taken: Taken) -> Taken {
        let mut hidden = renamed(taken, &Hide(self));
        hidden.inventory.environment.pseudonymous = true;
        hidden
    }

    /// Puts known names in the place of their pseudonyms; what nobody knows stays as it is.
    pub fn reveal(self, taken: Taken, known: &Known) -> Taken {
        let names = known.names.iter().map(|name| (self.of_name(name), Text::from(name.trim()))).collect();
        let ids = known.ids.iter().map(|id| (self.of_id(*id), *id)).collect();
        renamed(taken, &Reveal { names, ids })
    }

    fn hash(self, name: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update("powergrant.dev/pseudonym/v1");
        hash.update(self.salt.as_bytes());
        hash.update(name);
        hash.finalize().into()
    }
}

struct Hide(Pseudonyms);

impl Renaming for Hide {
    fn name(&self, name: &Text) -> Text {
        self.0.of_name(name)
    }

    fn id(&self, id: Uuid) -> Uuid {
        self.0.of_id(id)
    }

    fn hides_answers(&self) -> bool {
        true
    }
}

struct Reveal {
    names: BTreeMap<Text, Text>,
    ids: BTreeMap<Uuid, Uuid>,
}

impl Renaming for Reveal {
    fn name(&self, name: &Text) -> Text {
        self.names.get(name).unwrap_or(name).clone()
    }

    fn id(&self, id: Uuid) -> Uuid {
        self.ids.get(&id).copied().unwrap_or(id)
    }

    fn hides_answers(&self) -> bool {
        false
    }
}
