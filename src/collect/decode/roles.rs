//! Security roles, their copies, their privileges and their holders.
use uuid::Uuid;

use super::Row;
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::Role;
use crate::names::Depth;
use crate::problem::Problem;

/// The columns of a root role (Learn: role table reference; recorded role list).
pub(in crate::collect) const ROLE: &str = "roleid,name,description,isinherited,isautoassigned,ismanaged,iscustomizable,_businessunitid_value,_roletemplateid_value";
/// The columns of a role's copy.
pub(in crate::collect) const COPY: &str = "roleid,_parentrootroleid_value,_businessunitid_value";
/// The columns of a role's privilege.
pub(in crate::collect) const PRIVILEGE: &str = "roleid,privilegeid,privilegedepthmask";

/// A root role by its id.
pub(in crate::collect) fn role(row: Row<'_>) -> Result<(Uuid, Role), Problem> {
    let role = Role {
        name: row.text("name")?,
        template: row.optional_id("_roletemplateid_value")?,
        description: row.text_or_empty("description")?,
        // 1 is "Direct User (Basic) access level and Team privileges" (Learn: security roles and privileges).
        reaches_members: row.optional_number("isinherited")? == Some(1),
        managed: row.flag("ismanaged")?,
        customizable: row.managed_flag("iscustomizable")?,
        auto_assigned: row.optional_number("isautoassigned")? == Some(1),
        unit: row.id("_businessunitid_value")?,
    };
    Ok((row.id("roleid")?, role))
}

/// One copy of a root role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Copy {
    /// The root role.
    pub(in crate::collect) root: Uuid,
    /// The copy's business unit.
    pub(in crate::collect) unit: Uuid,
    /// The copy; the root role's own row is its copy in the root business unit.
    pub(in crate::collect) row: Uuid,
}

/// A role's copy. A root role carries its own id as `_parentrootroleid_value` (recorded role list).
pub(in crate::collect) fn copy(row: Row<'_>) -> Result<Copy, Problem> {
    Ok(Copy {
        root: row.id("_parentrootroleid_value")?,
        unit: row.id("_businessunitid_value")?,
        row: row.id("roleid")?,
    })
}

/// A privilege of a role with its depth; none for an empty mask, which gives nothing.
pub(in crate::collect) fn privilege(row: Row<'_>) -> Result<Option<(Uuid, Uuid, Depth)>, Problem> {
    let (role, privilege) = (row.id("roleid")?, row.id("privilegeid")?);
    let mask = row.number("privilegedepthmask")?;
    let depth = match mask {
        0 => return Ok(None),
        1 => Depth::User,
        2 => Depth::BusinessUnit,
        4 => Depth::ParentChildBusinessUnits,
        8 => Depth::Organization,
        // Learn lists record filters; that their mask is 16 is inferred from the series.
        16 => Depth::RecordFilter,
        _ => return Err(row.malformed(&format!("the unknown depth mask {mask}"))),
    };
    Ok(Some((role, privilege, depth)))
}

/// A privilege by its id, name and depth, as `RetrieveRolePrivilegesRole` and `RetrieveUserPrivileges` list it.
pub(in crate::collect) fn listed_privilege(row: Row<'_>) -> Result<(Uuid, Option<crate::names::Text>, Depth), Problem> {
    let word = row.text("Depth")?;
    // Learn: PrivilegeDepth; answers carry the member's name, never its number.
    let depth = match word.as_str() {
        "Basic" => Depth::User,
        "Local" => Depth::BusinessUnit,
        "Deep" => Depth::ParentChildBusinessUnits,
        "Global" => Depth::Organization,
        "RecordFilter" => Depth::RecordFilter,
        other => return Err(row.malformed(&format!("the unknown depth `{other}`"))),
    };
    Ok((row.id("PrivilegeId")?, row.loose_text("PrivilegeName").map(Into::into), depth))
}

/// The wider of two depths; a record filter is the narrowest, for it never shows a table whole.
pub(in crate::collect) fn wider(one: Depth, other: Depth) -> Depth {
    match (one, other) {
        (Depth::RecordFilter, depth) | (depth, Depth::RecordFilter) => depth,
        (one, other) => one.max(other),
    }
}

/// A user and a role copy that he holds (`systemuserroles`).
pub(in crate::collect) fn user_role(row: Row<'_>) -> Result<(PrincipalRow, Uuid), Problem> {
    Ok((PrincipalRow::User(row.id("systemuserid")?), row.id("roleid")?))
}

/// A team and a role copy that it holds (`teamroles`).
pub(in crate::collect) fn team_role(row: Row<'_>) -> Result<(PrincipalRow, Uuid), Problem> {
    Ok((PrincipalRow::Team(row.id("teamid")?), row.id("roleid")?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn basic_user() -> Value {
        json!({
            "@odata.etag": "W/\"1397640\"", "roleid": "11111111-0000-0000-0000-000000000001", "name": "Basic User",
            "description": null, "isinherited": 1, "isautoassigned": 0, "ismanaged": true,
            "iscustomizable": {"Value": false, "CanBeChanged": false, "ManagedPropertyLogicalName": "iscustomizableanddeletable"},
            "_businessunitid_value": "22222222-0000-0000-0000-000000000001",
            "_roletemplateid_value": "236750cd-45ae-4939-ab12-b24b920ced93"
        })
    }

    #[test]
    fn a_role_is_read_with_its_managed_property() {
        let value = basic_user();
        let (id, role) = role(Row::dataverse("roles", &value)).unwrap();
        assert_eq!(id, Uuid::from_u128(0x11111111_0000_0000_0000_000000000001));
        assert!(role.managed && !role.customizable && role.reaches_members && !role.auto_assigned);
        assert_eq!(role.template, Some(Uuid::from_u128(0x236750cd_45ae_4939_ab12_b24b920ced93)));
        assert_eq!(role.description.as_str(), "");
    }

    #[test]
    fn a_role_without_a_column_that_was_asked_for_is_malformed() {
        for column in ROLE.split(',') {
            let mut value = basic_user();
            value.as_object_mut().unwrap().remove(column);
            let problem = role(Row::dataverse("roles", &value)).unwrap_err();
            assert!(problem.says.contains(column), "{problem}");
        }
    }

    #[test]
    fn depths_have_two_spellings_and_an_unknown_one_is_refused() {
        let ids = json!({"roleid": Uuid::from_u128(1), "privilegeid": Uuid::from_u128(2), "privilegedepthmask": 4});
        let read = privilege(Row::dataverse("roleprivilegescollection", &ids)).unwrap().unwrap();
        assert_eq!(read.2, Depth::ParentChildBusinessUnits);
        let odd = json!({"roleid": Uuid::from_u128(1), "privilegeid": Uuid::from_u128(2), "privilegedepthmask": 3});
        assert!(privilege(Row::dataverse("roleprivilegescollection", &odd)).is_err());
        let listed = json!({"Depth": "Global", "PrivilegeId": Uuid::from_u128(2), "PrivilegeName": "prvReadWorkflow"});
        let (_, name, depth) = listed_privilege(Row::dataverse("RolePrivileges", &listed)).unwrap();
        assert_eq!((name.as_deref(), depth), (Some("prvReadWorkflow"), Depth::Organization));
    }

    #[test]
    fn a_record_filter_is_narrower_than_any_other_depth() {
        assert_eq!(wider(Depth::RecordFilter, Depth::Organization), Depth::Organization);
        assert_eq!(wider(Depth::User, Depth::BusinessUnit), Depth::BusinessUnit);
    }
}
