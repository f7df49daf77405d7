//! What manifests want of each environment: names and places, nothing resolved.
use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::names::{ConnectionMode, Depth, EnvironmentRole, Membership, Operation, Text};
use crate::place::Place;

pub use crate::kinds::environment::spec::{ActAs, AddUsers, Cloud, UnmanagedLayer};
pub use crate::kinds::policy::risk::Risk;
pub use crate::kinds::policy::spec::{RuleName as PolicyRule, Rules as PolicyRules, Weight};
pub use crate::kinds::principals::State;
pub use crate::ledger::Extent;
pub use crate::names::{FlowName, RoleName};
pub use crate::principal::PrincipalName;

/// A value and where a manifest says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// What the manifests want, environment by environment, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// One entry per Environment document that was selected.
    pub environments: Vec<DesiredEnvironment>,
}

/// What the manifests want of one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredEnvironment {
    /// The day on which the documents were read: what expires is counted from it.
    pub today: Date,
    /// The Environment document.
    pub environment: Environment,
    /// What `SecurityRole` documents say, in the order of their places.
    pub roles: Vec<Role>,
    /// What `RoleAssignment` documents with `role:` say.
    pub assignments: Vec<Assignment>,
    /// What `RoleAssignment` documents with `environmentRole:` say.
    pub environment_roles: Vec<EnvironmentRoles>,
    /// What Flow documents say.
    pub flows: Vec<Flow>,
    /// What Policy documents say.
    pub policies: Vec<Policy>,
}

impl DesiredEnvironment {
    /// Nothing is wanted of an environment yet.
    pub fn nothing_of(environment: Environment, today: Date) -> Self {
        let (roles, assignments, environment_roles) = (Vec::new(), Vec::new(), Vec::new());
        Self { today, environment, roles, assignments, environment_roles, flows: Vec::new(), policies: Vec::new() }
    }
}

/// One Policy document in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Where the document begins.
    pub place: Place,
    /// The rules that are switched on.
    pub rules: PolicyRules,
    /// Groups that stand for everyone.
    pub everyone: Vec<Member>,
    /// Who may break a rule.
    pub exceptions: Vec<(PolicyRule, Member)>,
    /// How changes are graded.
    pub risk: Risk,
}

/// One Environment document.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Its name in the manifests.
    pub name: Text,
    /// Where the document begins.
    pub place: Place,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The organisation's address, `https://contoso.crm4.dynamics.com`, without a slash at the end.
    pub url: Option<Placed<String>>,
    /// The environment's id in the admin API; not always a GUID (`Default-…`).
    pub environment_id: Option<Placed<String>>,
    /// The Entra tenant, which the token must be for.
    pub tenant: Option<Uuid>,
    /// Microsoft's cloud.
    pub cloud: Cloud,
    /// Prefix of the names of the variables that hold this environment's credentials.
    pub credentials: Option<String>,
    /// How users come in.
    pub add_users: AddUsers,
    /// As whom flows are edited.
    pub act_as: ActAs,
    /// What a group team is made as.
    pub group_teams: GroupTeams,
    /// Limits of one run.
    pub rails: Rails,
}

/// What a group team is made as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupTeams {
    /// The membership type where a member does not name one.
    pub membership: Membership,
    /// The business unit; none is the root.
    pub business_unit: Option<Placed<String>>,
}

/// Limits of one run in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Rails {
    /// How many removals are allowed.
    pub max_removals: MaxRemovals,
    /// How many enabled human administrators must be left.
    pub min_admins: u32,
    /// Who must stay an administrator.
    pub required_admins: Vec<Member>,
    /// How many people may be able to run a flow that lends a connection.
    pub max_audience: u32,
    /// Whose permissions are never taken away.
    pub protected: Vec<Member>,
    /// Which security roles nobody loses, and which lose nothing.
    pub protected_roles: Vec<Placed<RoleName>>,
    /// Who may gain an administrator's role.
    pub privileged_grant: Vec<Member>,
    /// Whether managed objects may get a layer where a document says so.
    pub unmanaged_layer: UnmanagedLayer,
}

impl Default for Rails {
    fn default() -> Self {
        Self {
            max_removals: MaxRemovals::default(),
            min_admins: 2,
            required_admins: Vec::new(),
            max_audience: 200,
            protected: Vec::new(),
            protected_roles: Vec::new(),
            privileged_grant: Vec::new(),
            unmanaged_layer: UnmanagedLayer::Refused,
        }
    }
}

/// How many removals one run may make: more than `floor`, and more than `absolute` or than `share` of what is held, is too many.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxRemovals {
    /// At most so many.
    pub absolute: u32,
    /// At most this share of the entries of a list, 0 to 1.
    pub share: f64,
    /// So many are always allowed.
    pub floor: u32,
}

impl Default for MaxRemovals {
    fn default() -> Self {
        Self { absolute: 20, share: 0.25, floor: 10 }
    }
}

/// One `SecurityRole` document in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Where the document begins.
    pub place: Place,
    /// The role.
    pub role: Placed<RoleName>,
    /// Whether it shall exist.
    pub state: State,
    /// Its description, if managed.
    pub description: Option<Placed<String>>,
    /// Whether its privileges reach members of a team that holds it (`isinherited` 1), if managed.
    pub member_inheritance: Option<Placed<bool>>,
    /// The unmanaged solution that it is made in.
    pub solution: Option<String>,
    /// Whether a managed role may get an unmanaged layer.
    pub allow_unmanaged_layer: bool,
    /// What happens to privileges that are not named.
    pub extent: Option<Placed<Extent>>,
    /// Whether an exact list may be empty.
    pub allow_empty: bool,
    /// Privileges on tables.
    pub privileges: Vec<TablePrivilege>,
    /// Privileges that no table has, by their own names.
    pub miscellaneous: Vec<NamedPrivilege>,
}

/// A privilege on a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePrivilege {
    /// The table, by display name or logical name, and where its key stands.
    pub table: Placed<String>,
    /// What it lets do.
    pub operation: Operation,
    /// How far, or none when it shall not be held.
    pub depth: Option<Depth>,
    /// The day from which it is not wanted any more, if one is named.
    pub expires: Option<Date>,
    /// Where it stands.
    pub place: Place,
}

/// A privilege by its own name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPrivilege {
    /// The name, such as `prvFlow`.
    pub name: Placed<String>,
    /// How far, or none when it shall not be held.
    pub depth: Option<Depth>,
    /// The day from which it is not wanted any more, if one is named.
    pub expires: Option<Date>,
    /// Where it stands.
    pub place: Place,
}

/// One `RoleAssignment` document with `role:` in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Where the document begins.
    pub place: Place,
    /// The role.
    pub role: Placed<RoleName>,
    /// The business unit whose copy is assigned, where it is not the principal's own.
    pub business_unit: Option<Placed<String>>,
    /// Who holds it.
    pub members: List,
}

/// One `RoleAssignment` document with `environmentRole:` in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentRoles {
    /// Where the document begins.
    pub place: Place,
    /// The role.
    pub role: Placed<EnvironmentRole>,
    /// Who holds it.
    pub members: List,
}

/// A list of principals with its extent.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Where the list stands.
    pub place: Place,
    /// What happens to principals that are not named; none is `named`.
    pub extent: Option<Placed<Extent>>,
    /// Whether an exact list may be empty.
    pub allow_empty: bool,
    /// The principals.
    pub members: Vec<Member>,
}

/// A principal in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The principal.
    pub principal: PrincipalName,
    /// Where it stands (where the variable stands that became it).
    pub place: Place,
    /// Whether it shall be there; `Absent` too when `expires` has passed.
    pub state: State,
    /// The last day it is wanted, if one is named.
    pub expires: Option<Date>,
    /// Whether a group's members are brought in and its team is synchronised.
    pub sync: bool,
}

/// One Flow document in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Where the document begins.
    pub place: Place,
    /// Which flows.
    pub flow: Placed<FlowName>,
    /// Whether a managed flow may get an unmanaged layer.
    pub allow_unmanaged_layer: bool,
    /// The modes of its connections.
    pub connections: Vec<Connection>,
    /// Who may run it.
    pub run_only_users: Option<List>,
    /// Who may edit it.
    pub owners: Option<List>,
    /// Who may read its connection references.
    pub reference_readers: Option<List>,
}

/// The mode of one or several connections of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Which connections.
    pub target: ConnectionTarget,
    /// The mode.
    pub mode: ConnectionMode,
    /// Where it stands.
    pub place: Place,
}

/// Which connections of a flow a line speaks of; the most specific line wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionTarget {
    /// Every connection that no other line reaches (`"*"`).
    All,
    /// Every connection of a connector (`"connector:shared_x"`).
    Connector(String),
    /// Every key that carries this logical name.
    LogicalName(String),
    /// One key (`"key:shared_x_1"`).
    Key(String),
}
