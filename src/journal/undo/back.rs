//! The changes of a run turned around, one after the other, and gathered by the document that says them.
use std::collections::{BTreeMap, BTreeSet};

use super::words::{member, on_table, principal, stated};
use crate::journal::history::Run;
use crate::journal::{Change, Deleted, Target};
use crate::kinds::flow::spec::{self as flow, Readers};
use crate::kinds::principals::{List, Member};
use crate::kinds::security_role::spec::{self as role, Grant, Inheritance, Operations, Removed, RoleName, Stated};
use crate::kinds::{
    EnvironmentMembers, EnvironmentRoles, FlowConnections, FlowShares, ReferenceReaders, RoleAssignments,
    RolePrivileges,
};
use crate::ledger::Ledger;
use crate::names::{ConnectionMode, Depth};

/// What is wanted back of one security role.
pub(super) struct RoleBack {
    /// Its name.
    pub(super) name: String,
    /// Whether the run made the role, so that all of it goes.
    pub(super) made: bool,
    /// What is wanted back of it.
    pub(super) spec: role::Spec,
}

/// What is wanted back in one environment, gathered by document.
pub(super) struct Back<'run> {
    run: &'run Run,
    pub(super) target: &'run Target,
    pub(super) roles: BTreeMap<String, RoleBack>,
    /// By role and business unit: the role's name, and the members.
    pub(super) holders: BTreeMap<(String, Option<String>), (String, Vec<Member>)>,
    pub(super) administrators: BTreeMap<String, Vec<Member>>,
    pub(super) flows: BTreeMap<String, flow::Spec>,
    /// By flow and the connection references that are meant.
    pub(super) readers: BTreeMap<(String, BTreeSet<String>), Readers>,
    /// Connection references by principal and whether he read them before: the principal's words, and id and name of each.
    pub(super) read: BTreeMap<(String, bool), (String, BTreeMap<String, String>)>,
    /// The roles that the run made.
    pub(super) made: BTreeSet<String>,
    /// The flows' names.
    pub(super) names: BTreeMap<String, String>,
    /// The roles that the run deleted, with what they had.
    pub(super) restored: Vec<&'run Deleted>,
    pub(super) cannot: Vec<String>,
}

impl<'run> Back<'run> {
    /// Turns the changes of a run in one environment around.
    pub(super) fn of(run: &'run Run, target: &'run Target) -> Self {
        let mut back = Self {
            run,
            target,
            roles: BTreeMap::new(),
            holders: BTreeMap::new(),
            administrators: BTreeMap::new(),
            flows: BTreeMap::new(),
            readers: BTreeMap::new(),
            read: BTreeMap::new(),
            made: BTreeSet::new(),
            names: BTreeMap::new(),
            restored: Vec::new(),
            cannot: Vec::new(),
        };
        back.turn();
        back
    }

    fn turn(&mut self) {
        let (run, target) = (self.run, self.target);
        let changes: Vec<&Change> =
            target.changes.iter().filter(|change| run.may_have_changed(target, change)).collect();
        self.made = changes
            .iter()
            .filter(|change| {
                change.goal.ledger == RolePrivileges::NAME && change.goal.entry == "role" && change.before.is_none()
            })
            .map(|change| change.goal.subject.clone())
            .collect();
        for change in changes {
            let turned = match change.goal.ledger.as_str() {
                RolePrivileges::NAME => self.role(change),
                EnvironmentMembers::NAME => {
                    Err("nobody is taken out of an environment; without roles and shares it gives nothing".to_owned())
                }
                RoleAssignments::NAME => self.holder(change),
                EnvironmentRoles::NAME => member(change).map(|member| {
                    self.administrators.entry(change.goal.subject.clone()).or_default().push(member);
                }),
                FlowConnections::NAME => self.connection(change),
                ReferenceReaders::NAME => {
                    self.reader(change);
                    Ok(())
                }
                FlowShares::NAME => self.share(change),
                other => Err(format!("this powergrant knows no ledger `{other}`")),
            };
            if let Err(why) = turned {
                self.cannot.push(format!("{}, {}, {}: {why}", target.name, change.heading, change.name));
            }
        }
        self.name_readers();
    }

    fn role(&mut self, change: &Change) -> Result<(), String> {
        let made = self.made.contains(&change.goal.subject);
        let is_role = change.goal.entry == "role";
        if made && !is_role {
            // It goes with the role.
            return Ok(());
        }
        if is_role && !made {
            return self.deleted_role(change);
        }
        let name = change.heading.strip_prefix("security role ").unwrap_or_default().to_owned();
        let back = self.roles.entry(change.goal.subject.clone()).or_insert_with(|| RoleBack {
            name,
            made,
            spec: empty_role(),
        });
        let spec = &mut back.spec;
        let before = change.before.as_deref();
        match (change.goal.entry.as_str(), before) {
            ("role", _) => {}
            ("isinherited", Some("direct")) => spec.member_privilege_inheritance = Some(Inheritance::Direct),
            ("isinherited", Some("teamOnly")) => spec.member_privilege_inheritance = Some(Inheritance::TeamOnly),
            ("description", text) => {
                let text = text.unwrap_or_default();
                spec.description = Some(text.strip_prefix("text:").unwrap_or(text).to_owned());
            }
            ("isinherited", _) => return Err("a manifest cannot unset it".to_owned()),
            (_, before) => {
                let grant = match before {
                    None => Grant::State(Stated { state: Removed::Absent }),
                    Some(depth) => Grant::Depth(
                        serde_json::from_value::<Depth>(depth.into())
                            .ok()
                            .filter(|depth| Depth::WRITABLE.contains(depth))
                            .ok_or_else(|| format!("a manifest cannot name the depth `{depth}`"))?,
                    ),
                };
                match on_table(&change.name) {
                    Some((operation, table)) => {
                        let Operations(operations) = spec.privileges.entry(table.to_owned()).or_default();
                        operations.insert(operation, grant);
                    }
                    None => _ = spec.miscellaneous.insert(change.name.clone(), grant),
                }
            }
        }
        Ok(())
    }

    /// A role that the run deleted: it is made again with what it had, under an id of its own.
    fn deleted_role(&mut self, change: &Change) -> Result<(), String> {
        let Some(deleted) = self.target.deleted.get(&change.goal.subject) else {
            return Err("the journal does not hold what the deleted role had".to_owned());
        };
        let left = deleted.left_out.iter().map(|what| format!("{}, {}, {what}", self.target.name, change.heading));
        self.cannot.extend(left);
        self.restored.push(deleted);
        Ok(())
    }

    /// Whether the run deleted a role; what it had and who held it comes back with it.
    fn deleted(&self, role: &str) -> bool {
        let of_role = |change: &&Change| change.goal.ledger == RolePrivileges::NAME && change.goal.subject == role;
        let mut gone = self.target.changes.iter().filter(of_role);
        gone.any(|change| {
            change.goal.entry == "role" && change.after.is_none() && self.run.may_have_changed(self.target, change)
        })
    }

    fn holder(&mut self, change: &Change) -> Result<(), String> {
        if self.deleted(&change.goal.subject) {
            return if self.target.deleted.contains_key(&change.goal.subject) {
                Ok(())
            } else {
                Err("its role was deleted with the same run, and the journal does not hold what it had".to_owned())
            };
        }
        let member = member(change)?;
        let unit = change.goal.entry.rsplit_once('@').map(|(_, unit)| unit.to_owned());
        // Its own unit goes without saying, and is not in the name.
        let unit = unit.filter(|_| change.name.contains(" @ "));
        let name = change.heading.strip_prefix("role assignment ").unwrap_or_default().to_owned();
        let (_, members) =
            self.holders.entry((change.goal.subject.clone(), unit)).or_insert_with(|| (name, Vec::new()));
        members.push(member);
        Ok(())
    }

    fn flow(&mut self, change: &Change) -> &mut flow::Spec {
        let name = change.heading.strip_prefix("flow ").and_then(|rest| rest.rsplit_once(", "));
        if let Some((name, _)) = name {
            self.names.insert(change.goal.subject.clone(), name.to_owned());
        }
        self.flows.entry(change.goal.subject.clone()).or_default()
    }

    fn connection(&mut self, change: &Change) -> Result<(), String> {
        let word = change.before.as_deref().unwrap_or_default();
        let mode = serde_json::from_value::<ConnectionMode>(word.into())
            .ok()
            .filter(|mode| *mode != ConnectionMode::Mixed)
            .ok_or_else(|| format!("a manifest cannot name the mode `{word}`"))?;
        let spec = self.flow(change);
        spec.connections.insert(change.goal.entry.clone(), mode);
        Ok(())
    }

    fn share(&mut self, change: &Change) -> Result<(), String> {
        let (run_only, owner) = match (change.before.as_deref(), change.after.as_deref()) {
            (None, Some("runOnly")) | (Some("runOnly"), None) => (true, false),
            (None, Some("coOwner")) | (Some("coOwner"), None | Some("runOnly")) => (false, true),
            // Absent from the owners, and so lowered to what the other list says.
            (Some("runOnly"), Some("coOwner")) => (true, true),
            (before, _) => return Err(format!("a manifest cannot name the share `{}`", before.unwrap_or("nothing"))),
        };
        let is_automated = self.target.automated.iter().any(|flow| flow.to_string() == change.goal.subject);
        if is_automated && run_only {
            return Err("nobody starts the flow by hand, so a manifest names no run-only users for it".to_owned());
        }
        let (principal, was_there) = (principal(&change.goal.entry, &change.name)?, change.before.is_some());
        let spec = self.flow(change);
        let list = |list: &'_ mut Option<List>, member| list.get_or_insert_with(List::default).members.push(member);
        if run_only {
            list(&mut spec.run_only_users, stated(principal.clone(), was_there));
        }
        if owner {
            list(&mut spec.owners, stated(principal, was_there && !run_only));
        }
        Ok(())
    }
}

fn empty_role() -> role::Spec {
    role::Spec {
        role: RoleName::Name(String::new()),
        description: None,
        member_privilege_inheritance: None,
        solution: None,
        allow_unmanaged_layer: false,
        extent: None,
        allow_empty: false,
        privileges: BTreeMap::new(),
        miscellaneous: BTreeMap::new(),
    }
}
