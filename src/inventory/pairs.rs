//! How environment roles are written and read as JSON: principals are no keys of JSON, so they are written as pairs.
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::inventory::section::Reading;
use crate::names::{EnvironmentRole, Text};
use crate::principal::Principal;

type Roles = Reading<BTreeMap<EnvironmentRole, BTreeMap<Principal, Text>>>;
type Written<P> = Reading<BTreeMap<EnvironmentRole, Vec<(P, Text)>>>;

pub(super) fn serialize<S: Serializer>(roles: &Roles, serializer: S) -> Result<S::Ok, S::Error> {
    let written: Written<&Principal> = match roles {
        Reading::NotAsked => Reading::NotAsked,
        Reading::Unreadable(problem) => Reading::Unreadable(problem.clone()),
        Reading::Read(roles) => Reading::Read(
            roles
                .iter()
                .map(|(role, holders)| (*role, holders.iter().map(|(who, id)| (who, id.clone())).collect()))
                .collect(),
        ),
    };
    written.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Roles, D::Error> {
    match Written::<Principal>::deserialize(deserializer)? {
        Reading::NotAsked => Ok(Reading::NotAsked),
        Reading::Unreadable(problem) => Ok(Reading::Unreadable(problem)),
        Reading::Read(written) => {
            let mut roles = BTreeMap::new();
            for (role, pairs) in written {
                let count = pairs.len();
                let holders: BTreeMap<Principal, Text> = pairs.into_iter().collect();
                if holders.len() < count {
                    return Err(D::Error::custom("a principal holds an environment role twice"));
                }
                roles.insert(role, holders);
            }
            Ok(Reading::Read(roles))
        }
    }
}
