//! What Dataverse itself answers about one person: evidence above whatever is worked out of roles, teams and shares.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::inventory::things::Rights;
use crate::names::{Depth, required};

/// Dataverse's own answers about one person. What it did not answer is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Official {
    /// The root roles, own and through teams (`RetrieveAadUserRoles`).
    #[serde(deserialize_with = "required")]
    pub roles: Option<BTreeSet<Uuid>>,
    /// The privileges by id, at their greatest depth, own and through teams (`RetrieveAadUserPrivileges`).
    #[serde(deserialize_with = "required")]
    pub privileges: Option<BTreeMap<Uuid, Depth>>,
    /// What the person may do with single rows as the rows stand now (`RetrievePrincipalAccess`).
    pub rights: BTreeMap<Uuid, Rights>,
}
