//! The caller, the organisation's settings and its business units.
use uuid::Uuid;

use super::Row;
use crate::inventory::people::BusinessUnit;
use crate::inventory::things::Settings;
use crate::problem::Problem;

/// The columns of the organisation.
pub(in crate::collect) const ORGANIZATION: &str = "organizationid,orgdborgsettings";
/// The columns of a business unit.
pub(in crate::collect) const UNIT: &str = "businessunitid,name,_parentbusinessunitid_value";

/// What `WhoAmI` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct WhoAmI {
    /// The caller's `systemuser` row.
    pub(in crate::collect) user: Uuid,
    /// The caller's own business unit, which need not be the root.
    pub(in crate::collect) unit: Uuid,
    /// The organisation.
    pub(in crate::collect) organization: Uuid,
}

/// The answer of `WhoAmI` (Learn: `WhoAmI` function).
pub(in crate::collect) fn who_am_i(row: Row<'_>) -> Result<WhoAmI, Problem> {
    Ok(WhoAmI { user: row.id("UserId")?, unit: row.id("BusinessUnitId")?, organization: row.id("OrganizationId")? })
}

/// A business unit by its id; the root has no parent.
pub(in crate::collect) fn unit(row: Row<'_>) -> Result<(Uuid, BusinessUnit), Problem> {
    let unit = BusinessUnit { name: row.text("name")?, parent: row.optional_id("_parentbusinessunitid_value")? };
    Ok((row.id("businessunitid")?, unit))
}

/// The settings that `orgdborgsettings` holds as XML; a setting that is not in it is off
/// (Learn: organization settings; recorded `organizations` row).
pub(in crate::collect) fn settings(row: Row<'_>) -> Result<Settings, Problem> {
    let Some(text) = row.optional_text("orgdborgsettings")?.filter(|text| !text.trim().is_empty()) else {
        return Ok(Settings::default());
    };
    let document = roxmltree::Document::parse(&text)
        .map_err(|error| row.malformed(&format!("settings that are not XML: {error}")))?;
    let is_on = |name: &str| {
        let value = document.descendants().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
        // A public client reads `true` and `1` alike.
        value.is_some_and(|value| matches!(value.trim(), "1") || value.trim().eq_ignore_ascii_case("true"))
    };
    Ok(Settings {
        ownership_across_units: is_on("EnableOwnershipAcrossBusinessUnits"),
        roles_on_disabled_users: is_on("AllowRoleAssignmentOnDisabledUsers"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_from_xml_and_missing_ones_are_off() {
        let read = |xml: serde_json::Value| {
            let value = json!({"organizationid": Uuid::from_u128(1), "orgdborgsettings": xml});
            settings(Row::dataverse("organizations", &value))
        };
        let on = Settings { ownership_across_units: true, roles_on_disabled_users: false };
        let xml = "<OrgSettings><EnableOwnershipAcrossBusinessUnits>true</EnableOwnershipAcrossBusinessUnits>\
                   <AllowRoleAssignmentOnDisabledUsers>false</AllowRoleAssignmentOnDisabledUsers></OrgSettings>";
        assert_eq!(read(json!(xml)), Ok(on));
        assert_eq!(read(json!(null)), Ok(Settings::default()));
        assert!(read(json!("<OrgSettings>")).is_err());
    }

    #[test]
    fn the_root_unit_has_no_parent() {
        let value =
            json!({"businessunitid": Uuid::from_u128(1), "name": "Contoso", "_parentbusinessunitid_value": null});
        assert_eq!(unit(Row::dataverse("businessunits", &value)).unwrap().1.parent, None);
    }
}
