//! Which part of an environment is read: subjects by name, or everything.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{FlowName, RoleName};
use crate::principal::{Principal, PrincipalName};

/// Which subjects of one kind are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "N: Ord + Deserialize<'de>"))]
pub enum Subjects<N: Ord> {
    /// Every one there is.
    All,
    /// These alone.
    Named(BTreeSet<N>),
}

impl<N: Ord> Default for Subjects<N> {
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

impl<N: Ord> Subjects<N> {
    /// These and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Named(mut names), Self::Named(more)) => {
                names.extend(more);
                Self::Named(names)
            }
        }
    }

    /// Whether none is meant.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::All => false,
            Self::Named(names) => names.is_empty(),
        }
    }

    /// Adds one name.
    pub fn add(&mut self, name: N) {
        match self {
            Self::All => {}
            Self::Named(names) => {
                names.insert(name);
            }
        }
    }
}

/// What is read of one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scope {
    /// Security roles whose privileges are read.
    pub role_privileges: Subjects<RoleName>,
    /// Security roles whose holders are read.
    pub holders: Subjects<RoleName>,
    /// Tables whose privileges are read, by display name or logical name.
    pub tables: BTreeSet<String>,
    /// Privileges that are looked up by their own names.
    pub privileges: BTreeSet<String>,
    /// Flows whose text is read.
    pub definitions: Subjects<FlowName>,
    /// Flows whose parents are looked for: a child flow cannot run with its caller's connections.
    pub parents: Subjects<FlowName>,
    /// Flows whose owners' own roles are read: their owners may have to act on behalf of others.
    pub delegates: Subjects<FlowName>,
    /// Flows whose shares are read.
    pub shares: Subjects<FlowName>,
    /// Flows whose connection references' shares are read.
    pub readers: Subjects<FlowName>,
    /// Principals that are looked up.
    pub principals: BTreeSet<PrincipalName>,
    /// Principals whose own roles are read: a share has no effect without Read on its table.
    pub principal_roles: BTreeSet<PrincipalName>,
    /// People whose teams are read and whose groups and plans are asked of the directory: what their teams can do, they can.
    pub memberships: BTreeSet<PrincipalName>,
    /// Flows whose child flows' texts and whose actions' tables are read.
    pub uses: Subjects<FlowName>,
    /// Groups whose people are asked of the directory, and whose teams' members are read.
    pub groups: BTreeSet<PrincipalName>,
    /// Whether the people of every Entra group are asked of the directory that has a team here, and of the environment's
    /// security group: memberships follow the directory with each access.
    pub team_groups: bool,
    /// Whether environment roles are read.
    pub environment_roles: bool,
    /// Whether the limits of a managed environment are read.
    pub sharing_limits: bool,
}

impl Scope {
    /// Everything of an environment: every role, flow and share. Principals are those that are met.
    pub fn everything() -> Self {
        Self {
            role_privileges: Subjects::All,
            holders: Subjects::All,
            tables: BTreeSet::new(),
            privileges: BTreeSet::new(),
            definitions: Subjects::All,
            parents: Subjects::All,
            delegates: Subjects::All,
            shares: Subjects::All,
            readers: Subjects::All,
            principals: BTreeSet::new(),
            principal_roles: BTreeSet::new(),
            memberships: BTreeSet::new(),
            uses: Subjects::All,
            groups: BTreeSet::new(),
            team_groups: false,
            environment_roles: true,
            sharing_limits: true,
        }
    }

    /// This scope and another one in one reading.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let Self {
            role_privileges,
            holders,
            mut tables,
            mut privileges,
            definitions,
            parents,
            delegates,
            shares,
            readers,
            mut principals,
            mut principal_roles,
            mut memberships,
            uses,
            mut groups,
            team_groups,
            environment_roles,
            sharing_limits,
        } = other;
        tables.extend(self.tables);
        privileges.extend(self.privileges);
        principals.extend(self.principals);
        principal_roles.extend(self.principal_roles);
        memberships.extend(self.memberships);
        groups.extend(self.groups);
        Self {
            role_privileges: self.role_privileges.and(role_privileges),
            holders: self.holders.and(holders),
            tables,
            privileges,
            definitions: self.definitions.and(definitions),
            parents: self.parents.and(parents),
            delegates: self.delegates.and(delegates),
            shares: self.shares.and(shares),
            readers: self.readers.and(readers),
            principals,
            principal_roles,
            memberships,
            uses: self.uses.and(uses),
            groups,
            team_groups: self.team_groups || team_groups,
            environment_roles: self.environment_roles || environment_roles,
            sharing_limits: self.sharing_limits || sharing_limits,
        }
    }

    /// The flows that anything is asked of; all of them if one list says all.
    pub fn flows(&self) -> Subjects<FlowName> {
        let mut names = BTreeSet::new();
        for subjects in [&self.definitions, &self.parents, &self.delegates, &self.shares, &self.readers, &self.uses] {
            match subjects {
                Subjects::All => return Subjects::All,
                Subjects::Named(more) => names.extend(more.iter().cloned()),
            }
        }
        Subjects::Named(names)
    }
}

/// What writes have touched, by identity: what is read again before the next round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Security roles, by the root role's id.
    pub roles: BTreeSet<Uuid>,
    /// Flows.
    pub flows: BTreeSet<Uuid>,
    /// Connection references.
    pub references: BTreeSet<Uuid>,
    /// Principals.
    pub principals: BTreeSet<Principal>,
    /// Whether environment roles were written.
    pub environment_roles: bool,
}

impl Touched {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        let Self { roles, flows, references, principals, environment_roles } = self;
        roles.is_empty() && flows.is_empty() && references.is_empty() && principals.is_empty() && !environment_roles
    }

    /// The principals as they are looked up: by identity. Those without one a manifest could name are left out.
    pub fn names(&self) -> BTreeSet<PrincipalName> {
        self.principals.iter().filter_map(name_of).collect()
    }
}

/// The name that finds a principal again by its identity.
fn name_of(principal: &Principal) -> Option<PrincipalName> {
    let named = |name: &str| Some(name.to_owned());
    match principal {
        Principal::User { name, id } => Some(PrincipalName::User { name: named(name), id: Some(*id) }),
        Principal::Group { name, id, membership } => {
            Some(PrincipalName::Group { name: named(name), id: Some(*id), membership: *membership })
        }
        Principal::Application { name, id } => Some(PrincipalName::Application { name: named(name), id: *id }),
        Principal::Team { name, id } => {
            Some(PrincipalName::Team { name: named(name), id: Some(*id), business_unit: None })
        }
        Principal::Everyone | Principal::Unnamed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_list_of_all_flows_makes_it_all_flows() {
        let mut scope = Scope::default();
        scope.shares.add(FlowName::Name("Expense intake".into()));
        assert_eq!(scope.flows(), scope.shares);
        scope.parents = Subjects::All;
        assert_eq!(scope.flows(), Subjects::All);
    }

    #[test]
    fn two_scopes_in_one_ask_for_what_either_asks() {
        let mut named = Scope { sharing_limits: true, ..Scope::default() };
        named.tables.insert("Account".into());
        named.shares.add(FlowName::Name("Expense intake".into()));
        let mut other = Scope::default();
        other.tables.insert("Contact".into());
        other.shares.add(FlowName::Name("Payroll".into()));
        let both = named.clone().and(other.clone());
        assert_eq!(both, other.and(named.clone()));
        assert_eq!(both.tables, ["Account".to_owned(), "Contact".to_owned()].into());
        let names = ["Expense intake", "Payroll"].map(|name| FlowName::Name(name.to_owned()));
        assert_eq!(both.shares, Subjects::Named(names.into()));
        let everything = Scope::everything().and(named);
        assert_eq!((everything.shares, everything.tables.len()), (Subjects::All, 1));
    }

    #[test]
    fn a_touched_principal_is_found_again_by_its_identity() {
        let ada = Principal::User { name: "ada@contoso.com".into(), id: Uuid::from_u128(7) };
        let touched = Touched { principals: BTreeSet::from([ada, Principal::Everyone]), ..Touched::default() };
        let name = PrincipalName::User { name: Some("ada@contoso.com".into()), id: Some(Uuid::from_u128(7)) };
        assert_eq!(touched.names(), BTreeSet::from([name]));
    }
}
