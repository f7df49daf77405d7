//! Users, teams and who is in which team.
use uuid::Uuid;

use super::Row;
use crate::inventory::people::{Team, TeamKind, User, UserKind};
use crate::names::Membership;
use crate::problem::Problem;

/// The columns of a user (Learn: user table reference).
pub(in crate::collect) const USER: &str = "systemuserid,fullname,domainname,internalemailaddress,azureactivedirectoryobjectid,applicationid,accessmode,isdisabled,_businessunitid_value";
/// The columns of a team (Learn: team table reference).
pub(in crate::collect) const TEAM: &str =
    "teamid,name,teamtype,membershiptype,azureactivedirectoryobjectid,isdefault,_businessunitid_value";
/// The columns of a team's member.
pub(in crate::collect) const MEMBERSHIP: &str = "teamid,systemuserid";

/// A user by the row's id.
pub(in crate::collect) fn user(row: Row<'_>) -> Result<(Uuid, User), Problem> {
    let full_name = row.text_or_empty("fullname")?;
    let application = row.optional_id("applicationid")?;
    let kind = if application.is_some() {
        UserKind::Application
    } else {
        match row.optional_number("accessmode")? {
            // Learn, `accessmode`: 3 is a support user, 5 a delegated administrator.
            Some(3 | 5) => UserKind::Platform,
            // Two rows that every organisation has; their full names are not translated (recorded user list).
            _ if matches!(full_name.as_str(), "SYSTEM" | "INTEGRATION") => UserKind::Platform,
            _ => UserKind::Person,
        }
    };
    let user = User {
        upn: row.text_or_empty("domainname")?,
        mail: row.text_or_empty("internalemailaddress")?,
        object: row.optional_id("azureactivedirectoryobjectid")?,
        application,
        kind,
        disabled: row.flag("isdisabled")?,
        unit: row.id("_businessunitid_value")?,
        full_name,
    };
    Ok((row.id("systemuserid")?, user))
}

/// A team by the row's id.
pub(in crate::collect) fn team(row: Row<'_>) -> Result<(Uuid, Team), Problem> {
    // Recorded team metadata: 0 owner, 1 access, 2 security group, 3 Office group.
    let kind = match row.number("teamtype")? {
        0 => TeamKind::Owner,
        1 => TeamKind::Access,
        2 => TeamKind::SecurityGroup,
        3 => TeamKind::OfficeGroup,
        other => return Err(row.malformed(&format!("the unknown team type {other}"))),
    };
    // Recorded team metadata: 0 members and guests, 1 members, 2 owners, 3 guests; empty on teams of no group.
    let membership = match row.optional_number("membershiptype")? {
        None | Some(0) => Membership::MembersAndGuests,
        Some(1) => Membership::Members,
        Some(2) => Membership::Owners,
        Some(3) => Membership::Guests,
        Some(other) => return Err(row.malformed(&format!("the unknown membership type {other}"))),
    };
    let team = Team {
        name: row.text_or_empty("name")?,
        kind,
        membership,
        group: row.optional_id("azureactivedirectoryobjectid")?,
        unit: row.id("_businessunitid_value")?,
        is_default: row.flag("isdefault")?,
    };
    Ok((row.id("teamid")?, team))
}

/// A team and one of its members.
pub(in crate::collect) fn membership(row: Row<'_>) -> Result<(Uuid, Uuid), Problem> {
    Ok((row.id("teamid")?, row.id("systemuserid")?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ada() -> Value {
        json!({
            "systemuserid": "31111111-0000-0000-0000-000000000001", "fullname": "Ada Example", "domainname": "ada@contoso.com",
            "internalemailaddress": "ada@contoso.com", "azureactivedirectoryobjectid": "41111111-0000-0000-0000-000000000001",
            "applicationid": null, "accessmode": 0, "isdisabled": false,
            "_businessunitid_value": "21111111-0000-0000-0000-000000000001"
        })
    }

    fn with(mut value: Value, column: &str, other: Value) -> Value {
        value[column] = other;
        value
    }

    #[test]
    fn what_a_user_row_is_follows_from_its_application_and_its_access_mode() {
        let kind = |value: Value| user(Row::dataverse("systemusers", &value)).unwrap().1.kind;
        assert_eq!(kind(ada()), UserKind::Person);
        assert_eq!(kind(with(ada(), "accessmode", json!(4))), UserKind::Person);
        assert_eq!(kind(with(ada(), "applicationid", json!(Uuid::from_u128(9)))), UserKind::Application);
        assert_eq!(kind(with(ada(), "accessmode", json!(3))), UserKind::Platform);
        assert_eq!(kind(with(ada(), "fullname", json!("SYSTEM"))), UserKind::Platform);
    }

    #[test]
    fn a_user_row_without_a_column_that_was_asked_for_is_malformed() {
        for column in USER.split(',') {
            let mut value = ada();
            value.as_object_mut().unwrap().remove(column);
            assert!(user(Row::dataverse("systemusers", &value)).is_err(), "{column}");
        }
    }

    #[test]
    fn a_group_team_has_a_group_and_a_membership_type() {
        let value = json!({
            "teamid": Uuid::from_u128(5), "name": "SG-Expense", "teamtype": 2, "membershiptype": 1,
            "azureactivedirectoryobjectid": Uuid::from_u128(6), "isdefault": false, "_businessunitid_value": Uuid::from_u128(7)
        });
        let (_, read) = team(Row::dataverse("teams", &value)).unwrap();
        assert_eq!((read.kind, read.membership), (TeamKind::SecurityGroup, Membership::Members));
        assert!(team(Row::dataverse("teams", &with(value, "teamtype", json!(7)))).is_err());
    }
}
