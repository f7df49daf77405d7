//! The Entra directory of the embedded tenant: people, groups, service principals.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything that sign-in, Graph and group teams know about principals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// People by object id.
    pub users: BTreeMap<Uuid, Person>,
    /// Groups by object id.
    pub groups: BTreeMap<Uuid, Group>,
    /// Service principals by object id, which is not the application id.
    pub service_principals: BTreeMap<Uuid, ServicePrincipal>,
    /// Who may read through Graph; nothing means everybody.
    pub graph_readers: Option<BTreeSet<Uuid>>,
}

/// A user of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The user principal name; of a guest it has `#EXT#` in it.
    pub upn: String,
    /// The name that people see.
    pub display_name: String,
    /// The address, if there is one.
    #[serde(default)]
    pub mail: Option<String>,
    /// Whether the account can sign in.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Whether the user was invited from elsewhere.
    #[serde(default)]
    pub guest: bool,
    /// The service plans of the user's licences, by name.
    #[serde(default)]
    pub plans: BTreeSet<String>,
}

/// A group of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The name that people see; nothing makes it unique.
    pub display_name: String,
    /// The address of a Microsoft 365 group.
    #[serde(default)]
    pub mail: Option<String>,
    /// Whether it can be given access.
    #[serde(default = "enabled")]
    pub security: bool,
    /// Users, groups and service principals in it.
    #[serde(default)]
    pub members: BTreeSet<Uuid>,
    /// Who administers it; an owner need not be a member.
    #[serde(default)]
    pub owners: BTreeSet<Uuid>,
}

/// An application's presence in the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePrincipal {
    /// The application (client) id.
    pub app_id: Uuid,
    /// The name that people see.
    pub display_name: String,
    /// The client secret.
    pub secret: String,
}

/// What an object id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object<'a> {
    /// A user.
    User(&'a Person),
    /// A group.
    Group(&'a Group),
    /// A service principal.
    ServicePrincipal(&'a ServicePrincipal),
}

/// Which of a group's people a group team holds (Learn: manage group teams, membership type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MembershipType {
    /// 0: members and guests.
    MembersAndGuests,
    /// 1: members.
    Members,
    /// 2: owners.
    Owners,
    /// 3: guests.
    Guests,
}

impl MembershipType {
    /// Returns the type with the number of the column `membershiptype`.
    pub fn of_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::MembersAndGuests),
            1 => Some(Self::Members),
            2 => Some(Self::Owners),
            3 => Some(Self::Guests),
            _ => None,
        }
    }
}

impl Directory {
    /// Returns what an object id stands for.
    pub fn object(&self, id: Uuid) -> Option<Object<'_>> {
        let user = || self.users.get(&id).map(Object::User);
        let group = || self.groups.get(&id).map(Object::Group);
        let service_principal = || self.service_principals.get(&id).map(Object::ServicePrincipal);
        user().or_else(group).or_else(service_principal)
    }

    /// Finds a user by user principal name, which has no case.
    pub fn user_by_upn(&self, upn: &str) -> Option<(Uuid, &Person)> {
        let wanted = upn.to_lowercase();
        self.users.iter().find(|(_, person)| person.upn.to_lowercase() == wanted).map(|(id, person)| (*id, person))
    }

    /// Finds a service principal by its application id.
    pub fn service_principal_by_app(&self, app_id: Uuid) -> Option<(Uuid, &ServicePrincipal)> {
        self.service_principals
            .iter()
            .find(|(_, service_principal)| service_principal.app_id == app_id)
            .map(|(id, service_principal)| (*id, service_principal))
    }

    /// Lists everything in a group and in the groups inside it, these groups included.
    pub fn transitive_members(&self, group: Uuid) -> BTreeSet<Uuid> {
        let mut found = BTreeSet::new();
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            let members = self.groups.get(&group).into_iter().flat_map(|group| &group.members);
            for member in members {
                if found.insert(*member) && self.groups.contains_key(member) {
                    open.push(*member);
                }
            }
        }
        found
    }

    /// Lists the groups that a principal is in, directly or through other groups.
    pub fn transitive_groups(&self, principal: Uuid) -> BTreeSet<Uuid> {
        let mut found = BTreeSet::new();
        let mut open = vec![principal];
        while let Some(member) = open.pop() {
            for (id, group) in &self.groups {
                if group.members.contains(&member) && found.insert(*id) {
                    open.push(*id);
                }
            }
        }
        found
    }

    /// Lists the users that a group team of one membership type stands for; people in nested groups count as members
    /// (Learn: manage group teams).
    pub fn members_by_type(&self, group: Uuid, membership: MembershipType) -> BTreeSet<Uuid> {
        let people = match membership {
            MembershipType::Owners => self.groups.get(&group).map(|group| group.owners.clone()).unwrap_or_default(),
            MembershipType::MembersAndGuests | MembershipType::Members | MembershipType::Guests => {
                self.transitive_members(group)
            }
        };
        people
            .into_iter()
            .filter(|id| {
                self.users.get(id).is_some_and(|person| match membership {
                    MembershipType::MembersAndGuests | MembershipType::Owners => true,
                    MembershipType::Members => !person.guest,
                    MembershipType::Guests => person.guest,
                })
            })
            .collect()
    }
}

fn enabled() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const GUEST: Uuid = Uuid::from_u128(2);
    const BOB: Uuid = Uuid::from_u128(3);
    const OUTER: Uuid = Uuid::from_u128(10);
    const INNER: Uuid = Uuid::from_u128(11);
    const APP: Uuid = Uuid::from_u128(20);

    fn person(upn: &str, guest: bool) -> Person {
        Person {
            upn: upn.to_owned(),
            display_name: upn.to_owned(),
            mail: None,
            enabled: true,
            guest,
            plans: BTreeSet::new(),
        }
    }

    fn group(members: &[Uuid], owners: &[Uuid]) -> Group {
        Group {
            display_name: "SG".to_owned(),
            mail: None,
            security: true,
            members: members.iter().copied().collect(),
            owners: owners.iter().copied().collect(),
        }
    }

    fn directory() -> Directory {
        Directory {
            users: BTreeMap::from([
                (ADA, person("ada@contoso.com", false)),
                (GUEST, person("eve_fabrikam.com#EXT#@contoso.com", true)),
                (BOB, person("bob@contoso.com", false)),
            ]),
            groups: BTreeMap::from([
                // The groups contain each other, which the directory allows.
                (OUTER, group(&[ADA, INNER, APP], &[BOB])),
                (INNER, group(&[GUEST, OUTER], &[])),
            ]),
            service_principals: BTreeMap::from([(
                APP,
                ServicePrincipal {
                    app_id: Uuid::from_u128(21),
                    display_name: "pipeline".to_owned(),
                    secret: "s".to_owned(),
                },
            )]),
            graph_readers: None,
        }
    }

    #[test]
    fn membership_reaches_through_groups_and_ends_at_circles() {
        let directory = directory();
        assert_eq!(directory.transitive_members(OUTER), BTreeSet::from([ADA, GUEST, OUTER, INNER, APP]));
        assert_eq!(directory.transitive_groups(GUEST), BTreeSet::from([OUTER, INNER]));
        assert_eq!(directory.transitive_groups(BOB), BTreeSet::new());
    }

    #[test]
    fn a_group_team_holds_the_people_of_its_membership_type() {
        let of = |membership| directory().members_by_type(OUTER, membership);
        assert_eq!(of(MembershipType::MembersAndGuests), BTreeSet::from([ADA, GUEST]));
        assert_eq!(of(MembershipType::Members), BTreeSet::from([ADA]));
        assert_eq!(of(MembershipType::Guests), BTreeSet::from([GUEST]));
        assert_eq!(of(MembershipType::Owners), BTreeSet::from([BOB]));
    }

    #[test]
    fn principals_are_found_by_name_and_by_id() {
        let directory = directory();
        assert_eq!(directory.user_by_upn("ADA@Contoso.com").unwrap().0, ADA);
        assert_eq!(directory.service_principal_by_app(Uuid::from_u128(21)).unwrap().0, APP);
        assert!(matches!(directory.object(INNER), Some(Object::Group(_))));
        assert!(directory.object(Uuid::from_u128(99)).is_none());
    }

    #[test]
    fn a_directory_survives_being_written_and_read() {
        let text = serde_json::to_string(&directory()).unwrap();
        assert_eq!(serde_json::from_str::<Directory>(&text).unwrap(), directory());
    }
}
