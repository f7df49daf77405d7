//! Whether what a run requires holds, by the tenant's own access decision.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::actions::{self, Deeds};
use super::requirements::{Fact, Needs, Requirement};
use crate::sandbox::access::{Authority, Reach, missing_privilege, no_role};
use crate::sandbox::directory::Directory;
use crate::sandbox::fault::Fault;
use crate::sandbox::flow_text::{DATAVERSE, RUNNING_TEXT, Text, child_with_callers_connection, flow_error};
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, id, is_set, number, text};
use crate::sandbox::principals;
use crate::sandbox::rights::{Depth, Verb};

/// A person who runs a flow.
pub(super) struct Scene<'a> {
    pub(super) organization: &'a Organization,
    directory: &'a Directory,
    /// The Entra object id.
    object: Uuid,
    /// The row of the person; nothing for who is not in the environment.
    row: Option<&'a Row>,
    authority: Authority,
    /// What the flow's owner holds, once it was asked.
    owner: OnceCell<Authority>,
    flow: (Uuid, &'a Row),
    text: Text,
    agent: Option<(Uuid, &'a Row)>,
    /// What the flow does in Dataverse as its caller.
    pub(super) deeds: Deeds,
}

impl<'a> Scene<'a> {
    /// Puts a person, a flow and perhaps an agent together.
    pub(super) fn of(
        organization: &'a Organization,
        directory: &'a Directory,
        object: Uuid,
        flow: (Uuid, &'a Row),
        agent: Option<(Uuid, &'a Row)>,
    ) -> Result<Self, Fault> {
        let user = principals::user_of(organization, object);
        let runs = text(flow.1, RUNNING_TEXT).or_else(|| text(flow.1, "clientdata"));
        let text = Text::parse(runs.unwrap_or_default())?;
        let deeds = actions::as_caller(organization, &text);
        Ok(Self {
            organization,
            directory,
            object,
            row: user.and_then(|user| organization.row("systemuser", user)),
            authority: Authority::of(organization, user.unwrap_or_default()),
            owner: OnceCell::new(),
            flow,
            text,
            agent,
            deeds,
        })
    }

    /// Says whether the person has a connection to link.
    pub(super) fn has_link(&self) -> bool {
        self.text.has_callers_connection()
    }

    /// Returns the refusals for a requirement; none when it holds.
    pub(super) fn refusals(&self, requirement: &Requirement) -> Vec<Fault> {
        match &requirement.needs {
            Needs::Privilege { privilege, depth } => {
                let held = self.authority.own_depth(self.organization.privilege_id(privilege));
                let lacking = held.is_none_or(|held| held < depth.depth());
                lacking.then(|| self.lacks(privilege)).into_iter().collect()
            }
            Needs::Fact { fact } => self.refusals_of(*fact),
        }
    }

    fn refusals_of(&self, fact: Fact) -> Vec<Fault> {
        let one = |refusal: Option<Fault>| refusal.into_iter().collect();
        match fact {
            Fact::Member => {
                one(self.row.is_none_or(|row| number(row, "deletedstate") == Some(1)).then(|| self.stranger()))
            }
            Fact::Enabled => one(self.disabled()),
            Fact::InSecurityGroup => {
                one((!principals::is_admitted(self.organization, self.directory, self.object)).then(|| self.stranger()))
            }
            Fact::HasRole => {
                one((self.authority.roles == 0).then(|| no_role("user", self.authority.user, Some("prvReadWorkflow"))))
            }
            Fact::FlowOn => one((number(self.flow.1, "statecode") != Some(1)).then(|| not_on(self.flow))),
            Fact::Instant => one((!self.text.has_request_trigger()).then(|| {
                // The words are inferred.
                Fault::new(400, "WorkflowTriggerNotFound", "The flow has no trigger that can be called.")
            })),
            Fact::FlowShared => one(self.unreadable("workflow", self.flow.0)),
            Fact::AgentShared => one(self.agent.and_then(|agent| self.closed(agent))),
            Fact::ChildEmbedded => self
                .children()
                .into_iter()
                .filter(|(_, _, text)| text.has_callers_connection())
                .map(|(key, row, _)| child_with_callers_connection(key, row))
                .collect(),
            Fact::ChildOn => self
                .children()
                .into_iter()
                .filter(|(_, row, _)| number(row, "statecode") != Some(1))
                .map(|(key, row, _)| not_on((key, row)))
                .collect(),
            Fact::ConnectionsBound => self.unbound(),
            Fact::ReferenceReadable => self.unreadable_references(),
            Fact::ActionsAllowed => self.forbidden(&self.authority),
            Fact::SameEnvironment => self
                .deeds
                .elsewhere
                .iter()
                .map(|operation| {
                    let text = format!("The operation '{operation}' does not support connections of the invoker.");
                    flow_error(400, "InvokerConnectionNotAllowed", &text)
                })
                .collect(),
            Fact::OwnerDelegates => one(self.impersonating_owner().and_then(|owner| {
                let name = "prvActOnBehalfOfAnotherUser";
                let authority = self.authority_of_owner(owner);
                let is_user = self.organization.row("systemuser", owner).is_some();
                let is_allowed = is_user && authority.holds_directly(self.organization, name);
                (!is_allowed).then(|| missing_privilege(self.organization, authority, name))
            })),
            Fact::OwnerEnabled => one(self.impersonating_owner().and_then(|owner| {
                let row = self.organization.row("systemuser", owner)?;
                is_set(row, "isdisabled").then(|| Authority::disabled(owner))
            })),
            Fact::OwnerActionsAllowed => match self.impersonating_owner() {
                Some(owner) => self.forbidden(self.authority_of_owner(owner)),
                None => Vec::new(),
            },
        }
    }

    fn stranger(&self) -> Fault {
        principals::not_a_member(self.object)
    }

    fn disabled(&self) -> Option<Fault> {
        let in_directory = self.directory.users.get(&self.object).is_some_and(|person| !person.enabled);
        let is_disabled = in_directory || self.row.is_some_and(|row| is_set(row, "isdisabled"));
        is_disabled.then(|| Authority::disabled(self.authority.user))
    }

    fn lacks(&self, privilege: &str) -> Fault {
        missing_privilege(self.organization, &self.authority, privilege)
    }

    /// Says why the person may not read a row.
    fn unreadable(&self, table: &str, key: Uuid) -> Option<Fault> {
        let definition = self.organization.table(table)?;
        let row = self.organization.row(table, key)?;
        let reach = Reach::of(self.organization, &self.authority, definition, Verb::Read);
        let no_access = || self.authority.no_access(self.organization, definition, Verb::Read, key, row);
        (!reach.covers(key, row)).then(no_access)
    }

    /// Says why the person may not talk to an agent (Learn: share agents; a public client's meaning of the policies).
    fn closed(&self, (key, row): (Uuid, &Row)) -> Option<Fault> {
        let is_reader = self.unreadable("bot", key).is_none();
        let is_in_group = || {
            let groups = text(row, "authorizedsecuritygroupids").unwrap_or_default();
            groups
                .split(',')
                .filter_map(|group| Uuid::try_parse(group.trim()).ok())
                .any(|group| self.directory.transitive_members(group).contains(&self.object))
        };
        let is_open = match number(row, "accesscontrolpolicy") {
            Some(0 | 3) => true,
            Some(2) => is_reader || is_in_group(),
            Some(_) | None => is_reader,
        };
        if is_open { None } else { self.unreadable("bot", key) }
    }

    /// Lists the flows that it calls, directly or through others, with their texts.
    fn children(&self) -> Vec<(Uuid, &'a Row, Text)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([self.flow.0]);
        let mut open = self.text.children();
        while let Some(key) = open.pop() {
            if !seen.insert(key) {
                continue;
            }
            let Some(row) = self.organization.row("workflow", key) else { continue };
            let Ok(text) = Text::parse(text(row, "clientdata").unwrap_or_default()) else { continue };
            open.extend(text.children());
            found.push((key, row, text));
        }
        found.sort_by_key(|(key, ..)| *key);
        found
    }

    fn reference(&self, reference: &Value) -> Option<Uuid> {
        let name = reference["connection"].get("connectionReferenceLogicalName")?;
        self.organization.find("connectionreference", "connectionreferencelogicalname", name).map(|(key, _)| key).next()
    }

    fn unbound(&self) -> Vec<Fault> {
        let lent = self.text.references().filter(|(_, reference)| !Text::is_callers(reference));
        lent.filter(|(_, reference)| {
            let row = self.reference(reference).and_then(|key| self.organization.row("connectionreference", key));
            row.and_then(|row| text(row, "connectionid")).is_none()
        })
        .map(|(key, _)| {
            let text = format!("The connection reference of '{key}' has no connection.");
            flow_error(400, "InvalidOpenApiFlow", &text)
        })
        .collect()
    }

    fn unreadable_references(&self) -> Vec<Fault> {
        let callers = self.text.references().filter(|(_, reference)| Text::is_callers(reference));
        let keys: BTreeSet<Uuid> = callers.filter_map(|(_, reference)| self.reference(reference)).collect();
        keys.into_iter().filter_map(|key| self.unreadable("connectionreference", key)).collect()
    }

    /// Returns the owner of the flow, when a Dataverse connection of it acts for the caller.
    fn impersonating_owner(&self) -> Option<Uuid> {
        let acts = self
            .text
            .references()
            .any(|(_, reference)| reference["api"]["name"] == DATAVERSE && Text::is_callers(reference));
        acts.then(|| id(self.flow.1, "_ownerid_value"))?
    }

    /// Reads what the flow's owner, a user or a team, holds.
    fn authority_of_owner(&self, owner: Uuid) -> &Authority {
        self.owner.get_or_init(|| {
            if self.organization.row("team", owner).is_some() {
                Authority::of_team(self.organization, owner)
            } else {
                Authority::of(self.organization, owner)
            }
        })
    }

    /// Lists what an authority lacks for what the flow does as its caller.
    fn forbidden(&self, authority: &Authority) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, verb) in &self.deeds.known {
            let Some(privilege) = self.organization.table(name).and_then(|table| table.privilege(*verb)) else {
                continue;
            };
            if authority.widest(self.organization.privilege_id(&privilege)).is_none() {
                faults.push(missing_privilege(self.organization, authority, &privilege));
            }
        }
        let unknown = self.deeds.unknown_tables.iter().map(|set| {
            let text = format!("The entity with a name = '{set}' was not found in the MetadataCache.");
            Fault::new(400, "0x80041102", text)
        });
        faults.extend(unknown);
        faults
    }
}

impl Authority {
    /// Returns the widest depth at which a privilege is held for the user's own rows. User level of a team's role that members
    /// do not inherit is for rows of the team alone (Learn: security roles and privileges).
    pub(super) fn own_depth(&self, privilege: Uuid) -> Option<Depth> {
        self.grants.get(&privilege)?.iter().filter(|grant| grant.is_own()).map(|grant| grant.depth).max()
    }
}

fn not_on((key, row): (Uuid, &Row)) -> Fault {
    // The code is that of the engine below Power Automate; the words are inferred.
    let name = text(row, "name").unwrap_or_default();
    Fault::new(400, "WorkflowTriggerIsNotEnabled", format!("The flow '{name}' with id '{key}' is turned off."))
}
