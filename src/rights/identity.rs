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
    /// The names of the roles of its own.
    pub roles: Result<Vec<Text>, Problem>,
    /// The names of the teams that it is in.
    pub teams: Result<Vec<Text>, Problem>,
}
