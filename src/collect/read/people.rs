//! Users and teams: by what a manifest calls them, and by the ids that were met.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join, try_join5};
use uuid::Uuid;

use super::grouped;
use crate::collect::decode::people;
use crate::collect::source::{Column, Set, Source};
use crate::inventory::people::{Team, User};
use crate::inventory::section::Section;
use crate::names::folded;
use crate::principal::PrincipalName;
use crate::problem::Problem;

const USERS: Set<(Uuid, User)> = Set { name: "systemusers", select: people::USER, decode: people::user };
const TEAMS: Set<(Uuid, Team)> = Set { name: "teams", select: people::TEAM, decode: people::team };
const MEMBERSHIPS: Set<(Uuid, Uuid)> =
    Set { name: "teammemberships", select: people::MEMBERSHIP, decode: people::membership };

/// Users by row.
pub(in crate::collect) type Users = BTreeMap<Uuid, User>;
/// Teams by row.
pub(in crate::collect) type Teams = BTreeMap<Uuid, Team>;

/// What rows are looked up by. Always by `$filter`: a GET by alternate key would add the user or team
/// (Learn: use Microsoft Entra ID group teams with the Web API).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::collect) struct Wanted {
    /// Users by Entra object id.
    pub(in crate::collect) objects: BTreeSet<Uuid>,
    /// Users by user principal name.
    pub(in crate::collect) names: BTreeSet<String>,
    /// Users by main address.
    pub(in crate::collect) addresses: BTreeSet<String>,
    /// Users by client id.
    pub(in crate::collect) applications: BTreeSet<Uuid>,
    /// Users by row.
    pub(in crate::collect) users: BTreeSet<Uuid>,
    /// Teams by Entra group.
    pub(in crate::collect) groups: BTreeSet<Uuid>,
    /// Teams by name.
    pub(in crate::collect) team_names: BTreeSet<String>,
    /// Teams by row.
    pub(in crate::collect) teams: BTreeSet<Uuid>,
}

impl Wanted {
    /// What finds these principals; groups without an id are found by nobody here.
    pub(in crate::collect) fn named<'a>(names: impl IntoIterator<Item = &'a PrincipalName>) -> Self {
        let mut wanted = Self::default();
        for name in names {
            match name {
                PrincipalName::User { id: Some(id), .. } => _ = wanted.objects.insert(*id),
                PrincipalName::User { name: Some(name), id: None } => _ = wanted.names.insert(folded(name)),
                PrincipalName::Group { id: Some(id), .. } => _ = wanted.groups.insert(*id),
                PrincipalName::Application { id, .. } => _ = wanted.applications.insert(*id),
                PrincipalName::Team { id: Some(id), .. } => _ = wanted.teams.insert(*id),
                PrincipalName::Team { name: Some(name), id: None, .. } => _ = wanted.team_names.insert(folded(name)),
                PrincipalName::User { name: None, id: None }
                | PrincipalName::Group { id: None, .. }
                | PrincipalName::Team { name: None, id: None, .. } => {}
            }
        }
        wanted
    }
}

/// Looks up users.
pub(in crate::collect) async fn users(source: Source<'_>, wanted: &Wanted) -> Result<Users, Problem> {
    let Wanted { objects, names, addresses, applications, users, .. } = wanted;
    let by = |column, keys: Vec<String>| source.by_keys(USERS, Column::Attribute(column), keys, "");
    let (objects, names, addresses, applications, users) = try_join5(
        by("azureactivedirectoryobjectid", texts(objects)),
        by("domainname", texts(names)),
        by("internalemailaddress", texts(addresses)),
        by("applicationid", texts(applications)),
        by("systemuserid", texts(users)),
    )
    .await?;
    Ok([objects, names, addresses, applications, users].into_iter().flatten().collect())
}

/// Looks up teams.
pub(in crate::collect) async fn teams(source: Source<'_>, wanted: &Wanted) -> Result<Teams, Problem> {
    let Wanted { groups, team_names, teams, .. } = wanted;
    let by = |column, keys: Vec<String>| source.by_keys(TEAMS, Column::Attribute(column), keys, "");
    let (groups, rest) = try_join(
        by("azureactivedirectoryobjectid", texts(groups)),
        try_join(by("name", texts(team_names)), by("teamid", texts(teams))),
    )
    .await?;
    Ok([groups, rest.0, rest.1].into_iter().flatten().collect())
}

fn texts(keys: &BTreeSet<impl ToString>) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

/// The members of teams.
pub(in crate::collect) async fn members(source: Source<'_>, teams: &BTreeSet<Uuid>) -> Section<Uuid, BTreeSet<Uuid>> {
    match source.by_keys(MEMBERSHIPS, Column::Attribute("teamid"), teams, "").await {
        Ok(pairs) => Section::only(teams.clone(), grouped(teams, pairs)),
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The teams that users are in.
pub(in crate::collect) async fn teams_of(source: Source<'_>, users: &BTreeSet<Uuid>) -> Section<Uuid, BTreeSet<Uuid>> {
    match source.by_keys(MEMBERSHIPS, Column::Attribute("systemuserid"), users, "").await {
        Ok(pairs) => Section::only(users.clone(), grouped(users, pairs.into_iter().map(|(team, user)| (user, team)))),
        Err(problem) => Section::Unreadable(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Membership;

    #[test]
    fn an_id_decides_and_a_group_without_one_is_not_asked_for_here() {
        let ada = PrincipalName::User { name: Some("Ada@Contoso.com".into()), id: None };
        let bob = PrincipalName::User { name: Some("bob@contoso.com".into()), id: Some(Uuid::from_u128(1)) };
        let group = PrincipalName::Group { name: Some("SG".into()), id: None, membership: Membership::default() };
        let wanted = Wanted::named([&ada, &bob, &group]);
        let expected = Wanted {
            names: ["ada@contoso.com".into()].into(),
            objects: [Uuid::from_u128(1)].into(),
            ..Wanted::default()
        };
        assert_eq!(wanted, expected);
    }
}
