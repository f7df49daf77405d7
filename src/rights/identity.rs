//! Who the caller is, service by service, as plain values.
use uuid::Uuid;

use crate::inventory::things::Caller;
use crate::names::Text;
use crate::problem::Problem;
use crate::request::Service;

/// The caller in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The environment's name in the manifests.
    pub environment: Text,
    /// The organisation's address, where there is one.
    pub url: Option<Text>,
    /// The way in which it signs in.
    pub way: String,
    /// What the token of each service says of it, or why there is none.
    pub bearers: Vec<(Service, Result<Bearer, Problem>)>,
    /// Who it is in Dataverse; none without an organisation.
    pub dataverse: Option<Result<Member, Problem>>,
    /// Whether the admin API lets it in; none where the environment's id there is not known.
    pub admin: Option<Result<(), Problem>>,
    /// Whether Power Automate lets it list the environment's flows; none where the environment's id there is not known.
    pub flow: Option<Result<(), Problem>>,
    /// For each permission of Microsoft Graph that is of use, whether Graph lets it read that.
    pub graph: Vec<(&'static str, Result<(), Problem>)>,
}

impl Identity {
    /// Whom the first token is of that there is one for, in the order of services.
    pub fn bearer(&self) -> Option<&Bearer> {
        self.bearers.iter().find_map(|(_, bearer)| bearer.as_ref().ok())
    }
}

impl Bearer {
    /// Whether a person signed in, through whichever application, and not an application as itself.
    pub fn is_person(&self) -> bool {
        self.user.is_some()
    }
}

/// Whom a token is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bearer {
    /// The Entra object id.
    pub object: Option<Uuid>,
    /// The application's id.
    pub application: Option<String>,
    /// The user principal name of a person.
    pub user: Option<String>,
    /// The tenant.
    pub tenant: Option<Uuid>,
}

/// A user of a Dataverse organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its row and privileges.
    pub caller: Caller,
    /// Why its own privileges could not be read, if so.
    pub doubt: Option<Problem>,
    /// Its name, where its own row can be read.
    pub name: Option<Text>,
    /// The name of its business unit.
    pub unit: Option<Text>,
    /// The security roles of its own.
    pub roles: Result<Vec<Row>, Problem>,
    /// The teams that it is in.
    pub teams: Result<Vec<Team>, Problem>,
}

/// A row of Dataverse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Its name.
    pub name: Text,
    /// Its id.
    pub id: Uuid,
}

/// A team that the caller is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Team {
    /// The team.
    pub row: Row,
    /// The security roles that its members have through it.
    pub roles: Vec<Row>,
}
