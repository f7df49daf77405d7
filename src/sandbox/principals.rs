//! How users, applications and group teams come into an organisation, and who is in which team.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use super::access::joined;
use super::directory::{Directory, MembershipType};
use super::fault::Fault;
use super::odata::Row;
use super::organization::{Organization, derived, id, number, row_of};

/// Finds the user of an Entra object id.
pub fn user_of(organization: &Organization, object: Uuid) -> Option<Uuid> {
    let wanted = json!(object);
    organization.find("systemuser", "azureactivedirectoryobjectid", &wanted).map(|(key, _)| key).next()
}

/// Finds the user of an application.
pub fn application_user(organization: &Organization, application: Uuid) -> Option<Uuid> {
    let wanted = json!(application);
    organization.find("systemuser", "applicationid", &wanted).map(|(key, _)| key).next()
}

/// Finds the group team of an Entra group and membership type.
pub fn group_team(organization: &Organization, group: Uuid, membership: i64) -> Option<Uuid> {
    let wanted = json!(group);
    organization
        .find("team", "azureactivedirectoryobjectid", &wanted)
        .filter(|(_, row)| number(row, "membershiptype") == Some(membership))
        .map(|(key, _)| key)
        .next()
}

/// Brings an Entra user into the organisation, in the root business unit and without a role; returns the row's id.
pub fn add_user(organization: &mut Organization, directory: &Directory, object: Uuid) -> Result<Uuid, Fault> {
    if let Some(user) = user_of(organization, object) {
        return Ok(user);
    }
    let Some(person) = directory.users.get(&object) else {
        return Err(Fault::new(
            404,
            "0x80040217",
            format!("The user with object id {object} was not found in the directory."),
        ));
    };
    if !person.enabled {
        return Err(Fault::new(403, "0x80040225", format!("The user with object id {object} is disabled.")));
    }
    if !is_admitted(organization, directory, object) {
        return Err(not_a_member(object));
    }
    let (first, last) = person.display_name.split_once(' ').unwrap_or((&person.display_name, ""));
    let row = json!({
        "fullname": person.display_name, "firstname": first, "lastname": last, "domainname": person.upn,
        "internalemailaddress": person.mail, "azureactivedirectoryobjectid": object, "applicationid": null,
        "isdisabled": false, "islicensed": !person.plans.is_empty(), "accessmode": 0, "azurestate": 0, "deletedstate": 0,
        "issyncwithdirectory": true, "_businessunitid_value": organization.root_unit(),
        "organizationid": organization.id,
    });
    let key = derived(organization.id, &format!("systemuser:{object}"));
    organization.put("systemuser", key, with_owner(row_of(row), key));
    Ok(key)
}

/// Makes the application user of a service principal, without a role.
pub fn add_application(
    organization: &mut Organization,
    directory: &Directory,
    application: Uuid,
    unit: Uuid,
) -> Result<Uuid, Fault> {
    let Some((object, service_principal)) = directory.service_principal_by_app(application) else {
        return Err(Fault::malformed(format!("The application with id {application} was not found in the tenant.")));
    };
    if application_user(organization, application).is_some() {
        // Learn: web service error codes, DuplicateApplicationUser.
        return Err(Fault::new(
            400,
            "0x8004F511",
            format!("A user with application id {application} already exists in this organization."),
        ));
    }
    let row = json!({
        "fullname": format!("# {}", service_principal.display_name), "firstname": "#",
        "lastname": service_principal.display_name, "domainname": format!("{application}@applications"),
        "azureactivedirectoryobjectid": object, "applicationid": application, "isdisabled": false, "islicensed": false,
        "accessmode": 4, "azurestate": 0, "deletedstate": 0, "issyncwithdirectory": false,
        "_businessunitid_value": unit, "organizationid": organization.id,
    });
    let key = derived(organization.id, &format!("systemuser:{object}"));
    organization.put("systemuser", key, with_owner(row_of(row), key));
    Ok(key)
}

/// Makes the group team of an Entra group; its members appear at their first access or by a sync.
pub fn add_group_team(
    organization: &mut Organization,
    directory: &Directory,
    group: Uuid,
    membership: i64,
    columns: Row,
) -> Result<Uuid, Fault> {
    let Some(entra) = directory.groups.get(&group) else {
        return Err(Fault::malformed(format!("The group with object id {group} was not found in the directory.")));
    };
    if MembershipType::of_number(membership).is_none() {
        return Err(Fault::malformed(format!("The value '{membership}' is not a membership type.")));
    }
    if group_team(organization, group, membership).is_some() {
        // Learn: the pair is an alternate key of the table team.
        return Err(Fault::new(
            412,
            "0x80060892",
            "A record that has the attribute values azureactivedirectoryobjectid, membershiptype already exists. The entity key \
             Group team requires that this set of attributes contains unique values. Select unique values and try again.",
        ));
    }
    // Learn, manage group teams: with a security group on the environment the team's group has to be a member of it.
    if organization
        .security_group
        .is_some_and(|security| security != group && !directory.transitive_members(security).contains(&group))
    {
        return Err(not_a_member(group));
    }
    let mut row = row_of(json!({
        "name": entra.display_name, "teamtype": if entra.security { 2 } else { 3 }, "isdefault": false, "systemmanaged": false,
        "_businessunitid_value": organization.root_unit(), "organizationid": organization.id, "description": null,
    }));
    row.extend(columns);
    row.insert("azureactivedirectoryobjectid".into(), json!(group));
    row.insert("membershiptype".into(), json!(membership));
    let key = row
        .remove("teamid")
        .and_then(|given| given.as_str().and_then(|given| given.parse().ok()))
        .unwrap_or_else(|| derived(organization.id, &format!("team:{group}:{membership}")));
    organization.put("team", key, with_owner(row, key));
    Ok(key)
}

/// Makes a group team's members those people of the group who are in the organisation.
pub fn sync_team(organization: &mut Organization, directory: &Directory, team: Uuid) {
    let Some((group, membership)) = organization.row("team", team).and_then(|row| {
        Some((id(row, "azureactivedirectoryobjectid")?, MembershipType::of_number(number(row, "membershiptype")?)?))
    }) else {
        return;
    };
    let wanted: BTreeSet<Uuid> = directory
        .members_by_type(group, membership)
        .into_iter()
        .filter_map(|object| user_of(organization, object))
        .collect();
    let held: BTreeSet<Uuid> =
        joined(organization, "teammembership", ("teamid", team), "systemuserid").into_iter().collect();
    for user in held.difference(&wanted) {
        let joint = organization.joint_id("teammembership", team, *user);
        organization.remove("teammembership", joint);
    }
    for user in wanted.difference(&held) {
        add_member(organization, team, *user);
    }
}

/// Puts a user into a team.
pub fn add_member(organization: &mut Organization, team: Uuid, user: Uuid) {
    let joint = organization.joint_id("teammembership", team, user);
    organization.put("teammembership", joint, row_of(json!({ "teamid": team, "systemuserid": user })));
}

/// Does what a person's access does: the memberships in group teams follow the directory (Learn: manage group teams).
pub fn access(organization: &mut Organization, directory: &Directory, object: Uuid) {
    let Some(user) = user_of(organization, object) else { return };
    let teams: Vec<(Uuid, Uuid, MembershipType)> = organization
        .all("team")
        .filter_map(|(key, row)| {
            let group = id(row, "azureactivedirectoryobjectid")?;
            Some((key, group, MembershipType::of_number(number(row, "membershiptype")?)?))
        })
        .collect();
    for (team, group, membership) in teams {
        let joint = organization.joint_id("teammembership", team, user);
        let is_member = organization.row("teammembership", joint).is_some();
        match (directory.members_by_type(group, membership).contains(&object), is_member) {
            (true, false) => add_member(organization, team, user),
            (false, true) => {
                organization.remove("teammembership", joint);
            }
            (true, true) | (false, false) => {}
        }
    }
}

/// Says whether a user may be in the environment at all: with a security group, its members, also through nested groups
/// (Learn: control user access to environments).
pub fn is_admitted(organization: &Organization, directory: &Directory, object: Uuid) -> bool {
    organization.security_group.is_none_or(|group| directory.transitive_members(group).contains(&object))
}

/// Says that a principal is not in the environment (Learn: web service error codes, `UserNotMemberOfOrg`).
pub fn not_a_member(object: Uuid) -> Fault {
    Fault::new(403, "0x80072560", format!("The user is not a member of the organization. (object id {object})"))
}

// Users and teams are their own principals: their key in `$metadata` is `ownerid` (recorded).
fn with_owner(mut row: Row, key: Uuid) -> Row {
    row.insert("ownerid".into(), json!(key));
    row
}
