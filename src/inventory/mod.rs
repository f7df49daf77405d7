//! What was read of an environment, as one plain value, with what was not asked and what could not be read.
pub mod agents;
pub mod audit;
pub mod doubts;
mod flow_names;
mod held;
mod identity;
pub mod lookup;
mod nesting;
pub mod official;
mod pairs;
pub mod people;
mod rows;
pub mod scope;
pub mod section;
pub mod snapshot;
pub mod things;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clientdata::{Facts, Said};
use crate::inventory::agents::Agent;
use crate::inventory::official::Official;
use crate::inventory::people::{BusinessUnit, DirectoryEntry, PrincipalRow, Team, User};
use crate::inventory::section::{Answer, Reading, Section};
use crate::inventory::things::{
    Caller, ConnectionReference, Flow, Privilege, Relationship, Rights, Role, Settings, SharingLimits, Table,
};
use crate::names::{Depth, EnvironmentRole, Membership, Operation, TableName, Text, required};
use crate::principal::Principal;

pub use flow_names::FlowNames;
pub use lookup::Lookup;

/// What was read of one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Inventory {
    /// The environment.
    pub environment: EnvironmentFacts,
    /// Who powergrant is there.
    pub caller: Reading<Caller>,
    /// Settings of the organisation.
    pub settings: Reading<Settings>,
    /// What a managed environment allows to be shared.
    pub sharing: Reading<SharingLimits>,
    /// The Entra group whose members alone may be in the environment; none when everybody may.
    pub security_group: Reading<Option<Uuid>>,
    /// Business units.
    pub units: Section<Uuid, BusinessUnit>,
    /// Tables by logical name.
    pub tables: Section<TableName, Table>,
    /// For each table that was asked for, where its navigation properties lead.
    pub relationships: Section<TableName, BTreeMap<Text, Relationship>>,
    /// Privileges by lower-cased name: those that were named, and those that were met in roles.
    pub privileges: Section<Text, Privilege>,
    /// Security roles at the root business unit, by the root role's id.
    pub roles: Section<Uuid, Role>,
    /// For each root role, its copy in each business unit.
    pub copies: Section<Uuid, BTreeMap<Uuid, Uuid>>,
    /// For each root role, its privileges by id with their depths.
    pub role_privileges: Section<Uuid, BTreeMap<Uuid, Depth>>,
    /// For each root role, who holds a copy of it, and of which business unit.
    pub holders: Section<Uuid, BTreeSet<(PrincipalRow, Uuid)>>,
    /// For each principal of a share, the root roles that it holds itself.
    pub principal_roles: Section<PrincipalRow, BTreeSet<Uuid>>,
    /// `systemuser` rows that are named or were met.
    pub users: Section<Uuid, User>,
    /// `team` rows that are named or were met.
    pub teams: Section<Uuid, Team>,
    /// People, groups and applications of the directory that are named and not in Dataverse, by object id.
    pub directory: Section<Uuid, DirectoryEntry>,
    /// For each Entra group that was asked for, its people by object id, nested groups included.
    pub group_members: Section<Uuid, BTreeSet<Uuid>>,
    /// For each group team that was asked for, its present members by row.
    pub team_members: Section<Uuid, BTreeSet<Uuid>>,
    /// For each user of a share, the teams that the user is in: what a team's roles give reaches its members.
    pub user_teams: Section<Uuid, BTreeSet<Uuid>>,
    /// For each person of the directory that was asked for, the Entra groups that he is in, nested ones included.
    pub user_groups: Section<Uuid, BTreeSet<Uuid>>,
    /// For the person who was asked about, and for groups on the way up from there, the groups that each is in directly, with
    /// their names.
    pub nesting: Section<Uuid, BTreeMap<Uuid, Text>>,
    /// For each person who was asked for, the services of his plans that are enabled, as Microsoft Graph names them.
    pub plans: Section<Uuid, BTreeSet<Text>>,
    /// What Dataverse itself answers about the people who were asked about, by the directory's id.
    pub official: Section<Uuid, Official>,
    /// Cloud flows.
    pub flows: Section<Uuid, Flow>,
    /// What the text of each flow in scope says.
    pub definitions: Section<Uuid, Facts>,
    /// For each flow in scope, the flows that call it as their child.
    pub parents: Section<Uuid, BTreeSet<Uuid>>,
    /// For each solution's unique name in lower case, its flows.
    pub solutions: Section<Text, BTreeSet<Uuid>>,
    /// For each agent's name in lower case, the flows that its components call.
    pub agents: Section<Text, BTreeSet<Uuid>>,
    /// Agents of Copilot Studio, where flows were asked about as their users see them.
    pub bots: Section<Uuid, Agent>,
    /// What environment variables hold that flows name, by schema name in lower case; nothing for one without a value.
    pub variables: Section<Text, Option<Text>>,
    /// Names of flows that exist only outside Dataverse, in lower case.
    pub outside_flows: Section<Text, Text>,
    /// Connection references.
    pub references: Section<Uuid, ConnectionReference>,
    /// For each flow and connection reference in scope, with whom it is shared and how.
    pub shares: Section<Uuid, BTreeMap<PrincipalRow, Rights>>,
    /// Environment roles, where there is no Dataverse: for each principal the assignment's own id.
    #[serde(with = "pairs")]
    pub environment_roles: Reading<BTreeMap<EnvironmentRole, BTreeMap<Principal, Text>>>,
}

/// What is known of an environment before anything in it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EnvironmentFacts {
    /// Its name in the manifests.
    pub name: Text,
    /// The Entra tenant.
    #[serde(deserialize_with = "required")]
    pub tenant: Option<Uuid>,
    /// The organisation; none without Dataverse.
    #[serde(deserialize_with = "required")]
    pub organization: Option<Uuid>,
    /// The environment's id in the admin API.
    #[serde(deserialize_with = "required")]
    pub environment_id: Option<Text>,
    /// The organisation's address, for absolute links in requests.
    #[serde(deserialize_with = "required")]
    pub url: Option<Text>,
    /// Whether users come in by the admin API's `addUser`.
    pub add_users_by_admin_api: bool,
    /// Whether flows are edited as their owners.
    pub act_as_owner: bool,
    /// The membership type of group teams where a manifest does not name one.
    pub group_membership: Membership,
    /// The business unit of group teams that are made; none is the root.
    #[serde(deserialize_with = "required")]
    pub group_unit: Option<Uuid>,
    /// The unmanaged solution that writes of a role go through, where its document names one.
    pub role_solutions: BTreeMap<Uuid, Text>,
    /// Whether names and directory ids are pseudonyms, so that what is planned from them stands for nothing outside.
    pub pseudonymous: bool,
}

impl EnvironmentFacts {
    /// The environment's identity: its organisation's id, or its own without Dataverse.
    pub fn id(&self) -> String {
        match (self.organization, &self.environment_id) {
            (Some(organization), _) => organization.to_string(),
            (None, Some(id)) => id.to_string(),
            (None, None) => self.name.to_string(),
        }
    }
}

impl Inventory {
    /// An inventory of which nothing was asked.
    pub fn empty(environment: EnvironmentFacts) -> Self {
        Self {
            environment,
            caller: Reading::NotAsked,
            settings: Reading::NotAsked,
            sharing: Reading::NotAsked,
            security_group: Reading::NotAsked,
            units: Section::NotAsked,
            tables: Section::NotAsked,
            relationships: Section::NotAsked,
            privileges: Section::NotAsked,
            roles: Section::NotAsked,
            copies: Section::NotAsked,
            role_privileges: Section::NotAsked,
            holders: Section::NotAsked,
            principal_roles: Section::NotAsked,
            users: Section::NotAsked,
            teams: Section::NotAsked,
            directory: Section::NotAsked,
            group_members: Section::NotAsked,
            team_members: Section::NotAsked,
            user_teams: Section::NotAsked,
            user_groups: Section::NotAsked,
            nesting: Section::NotAsked,
            plans: Section::NotAsked,
            official: Section::NotAsked,
            flows: Section::NotAsked,
            definitions: Section::NotAsked,
            parents: Section::NotAsked,
            solutions: Section::NotAsked,
            agents: Section::NotAsked,
            bots: Section::NotAsked,
            variables: Section::NotAsked,
            outside_flows: Section::NotAsked,
            references: Section::NotAsked,
            shares: Section::NotAsked,
            environment_roles: Reading::NotAsked,
        }
    }

    /// The table of a set's name or a logical name.
    pub fn table_of_set(&self, name: &str) -> Option<(&TableName, &Table)> {
        let wanted = crate::names::folded(name);
        let by_set = self.tables.rows().find(|(_, table)| crate::names::is_named(&table.set, &wanted));
        by_set.or_else(|| self.tables.rows().find(|(logical, _)| crate::names::is_named(logical, &wanted)))
    }

    /// What a parameter says, in words, with an environment variable's value beside its name.
    pub fn resolved(&self, said: &Said) -> String {
        match said {
            Said::Literal(text) => text.to_string(),
            Said::Variable(name) => match self.variables.get(&crate::names::folded(name).into()) {
                Answer::Found(Some(value)) => format!("{value}, from environment variable {name}"),
                Answer::Found(None) => format!("environment variable {name}, which holds nothing that may be shown"),
                Answer::Absent => format!("environment variable {name}, which is not there"),
                Answer::Unreadable(_) | Answer::NotAsked => format!("environment variable {name}, which was not read"),
            },
            Said::Expression => "computed by the run".to_owned(),
        }
    }

    /// Where a navigation property leads of the table of a set's name or a logical name.
    pub fn relationship(&self, table: &str, property: &str) -> Option<&Relationship> {
        let (table, _) = self.table_of_set(table)?;
        self.relationships.row(table)?.get(&Text::from(property))
    }

    /// The privilege for an operation on a table, by its logical name.
    pub fn privilege(&self, table: &str, operation: Operation) -> Option<&Privilege> {
        self.tables.row(&table.into())?.privileges.as_ref()?.get(&operation)
    }

    /// A connection reference by its logical name.
    pub fn reference(&self, name: &str) -> Option<(Uuid, &ConnectionReference)> {
        let wanted = crate::names::folded(name);
        let mut named = self.references.rows().filter(|(_, row)| crate::names::is_named(&row.logical_name, &wanted));
        named.next().map(|(id, reference)| (*id, reference))
    }
}
