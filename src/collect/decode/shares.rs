//! With whom a row is shared, in the two spellings that Dataverse has for it.
use uuid::Uuid;

use super::Row;
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::Rights;
use crate::problem::Problem;

/// The columns of a share (Learn: principalobjectaccess table reference).
pub(in crate::collect) const SHARE: &str = "objectid,principalid,principaltypecode,accessrightsmask";

/// One share of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Share {
    /// The shared row.
    pub(in crate::collect) object: Uuid,
    /// Whom it is shared with.
    pub(in crate::collect) principal: PrincipalRow,
    /// What it gives.
    pub(in crate::collect) rights: Rights,
}

/// A row of `principalobjectaccessset`; none for an empty mask, which a revoked share leaves behind until it is cleaned
/// up (field notes of a production organisation, 2026-08). Inherited rights are not this row's own share.
pub(in crate::collect) fn share(row: Row<'_>) -> Result<Option<Share>, Problem> {
    let mask = row.number("accessrightsmask")?;
    let rights = Rights(u32::try_from(mask).map_err(|_| row.malformed(&format!("the unknown rights {mask}")))?);
    let principal = principal(row, &row.text("principaltypecode")?, row.id("principalid")?)?;
    let share = Share { object: row.id("objectid")?, principal, rights };
    Ok((rights != Rights(0)).then_some(share))
}

/// One of the `PrincipalAccesses` of `RetrieveSharedPrincipalsAndAccess`: the principal's id is its `ownerid`, its type
/// stands in `@odata.type` (recorded: `RetrieveSharedPrincipalsAndAccess` on a bot).
pub(in crate::collect) fn principal_access(row: Row<'_>) -> Result<(PrincipalRow, Rights), Problem> {
    let words = row.text("AccessMask")?;
    let rights = Rights::parse(&words).ok_or_else(|| row.malformed(&format!("the unknown rights `{words}`")))?;
    let object = row.object("Principal")?;
    let kind = object.text("@odata.type")?;
    let kind = kind.rsplit('.').next().unwrap_or_default();
    Ok((principal(row, kind, object.id("ownerid")?)?, rights))
}

fn principal(row: Row<'_>, kind: &str, id: Uuid) -> Result<PrincipalRow, Problem> {
    match kind {
        "systemuser" => Ok(PrincipalRow::User(id)),
        "team" => Ok(PrincipalRow::Team(id)),
        // Learn: RetrieveSharedPrincipalsAndAccess returns "users, teams, or organizations".
        "organization" => Ok(PrincipalRow::Organization(id)),
        other => Err(row.malformed(&format!("a share with the unknown kind of principal `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_share_is_the_same_in_both_spellings() {
        let flow = Uuid::from_u128(1);
        let team = Uuid::from_u128(2);
        let set =
            json!({"objectid": flow, "principalid": team, "principaltypecode": "team", "accessrightsmask": 786_487});
        let listed = json!({
            "AccessMask": "ReadAccess, WriteAccess, AppendAccess, AppendToAccess, CreateAccess, ShareAccess, AssignAccess",
            "Principal": {"@odata.type": "#Microsoft.Dynamics.CRM.team", "ownerid": team}
        });
        let share = share(Row::dataverse("principalobjectaccessset", &set)).unwrap().unwrap();
        let access = principal_access(Row::dataverse("PrincipalAccesses", &listed)).unwrap();
        assert_eq!((share.principal, share.rights), access);
        assert_eq!(share.object, flow);
    }

    #[test]
    fn a_revoked_share_that_was_not_cleaned_up_is_no_share() {
        let value = json!({
            "objectid": Uuid::from_u128(1), "principalid": Uuid::from_u128(2), "principaltypecode": "systemuser", "accessrightsmask": 0
        });
        assert_eq!(share(Row::dataverse("principalobjectaccessset", &value)), Ok(None));
    }

    #[test]
    fn a_share_with_nobody_we_know_is_malformed() {
        let value = json!({
            "objectid": Uuid::from_u128(1), "principalid": Uuid::from_u128(2), "principaltypecode": "position", "accessrightsmask": 1
        });
        assert!(share(Row::dataverse("principalobjectaccessset", &value)).is_err());
    }
}
