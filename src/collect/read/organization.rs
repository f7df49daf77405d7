//! Who the caller is, how the organisation is set up, and its business units.
use std::collections::BTreeMap;

use uuid::Uuid;

use super::whole;
use crate::collect::decode::organization::{self, WhoAmI};
use crate::collect::decode::{Row, roles};
use crate::collect::source::{Set, Source};
use crate::inventory::people::BusinessUnit;
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::{Caller, Settings};
use crate::names::folded;
use crate::problem::{Cause, Problem};
use crate::request::Service;

const UNITS: Set<(Uuid, BusinessUnit)> =
    Set { name: "businessunits", select: organization::UNIT, decode: organization::unit };
const SETTINGS: Set<Settings> =
    Set { name: "organizations", select: organization::ORGANIZATION, decode: organization::settings };

/// The caller and its own privileges.
///
/// A caller who may not read its own privileges is known all the same: nobody then knows how much it sees.
pub(in crate::collect) async fn caller(source: Source<'_>) -> (Reading<Caller>, Option<Problem>) {
    let answer = source.one("WhoAmI").await.and_then(|value| organization::who_am_i(Row::dataverse("WhoAmI", &value)));
    let WhoAmI { user, unit, organization } = match answer {
        Ok(who) => who,
        Err(problem) => return (Reading::Unreadable(problem.clone()), Some(problem)),
    };
    let (privileges, problem) = match privileges(source, user).await {
        Ok(privileges) => (privileges, None),
        Err(problem) => (BTreeMap::new(), Some(problem)),
    };
    (Reading::Read(Caller { user, unit, organization, privileges }), problem)
}

/// The caller's privileges, those of its teams included (Learn: `RetrieveUserPrivileges` function).
async fn privileges(
    source: Source<'_>,
    user: Uuid,
) -> Result<BTreeMap<crate::names::Text, crate::names::Depth>, Problem> {
    let path = format!("systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()");
    let value = source.one(&path).await?;
    let answer = Row::dataverse("RetrieveUserPrivileges", &value);
    let mut privileges = BTreeMap::new();
    for value in answer.list("RolePrivileges")? {
        let (_, name, depth) = roles::listed_privilege(answer.within(value))?;
        // The name is in every recorded entry; one without it cannot be told to be the Read of a table.
        let Some(name) = name else { continue };
        let known = privileges.entry(folded(&name).into()).or_insert(depth);
        *known = roles::wider(*known, depth);
    }
    Ok(privileges)
}

/// The organisation's settings.
pub(in crate::collect) async fn settings(source: Source<'_>) -> Reading<Settings> {
    match source.all(SETTINGS, "").await {
        Ok(rows) => match rows.first() {
            Some(settings) => Reading::Read(*settings),
            None => Reading::Unreadable(Problem::without_request(
                Cause::Trimmed,
                Service::Dataverse.name(),
                "the organisation's own row is not shown to this identity",
                "give this identity Read on Organization (prvReadOrganization)",
            )),
        },
        Err(problem) => Reading::Unreadable(problem),
    }
}

/// Every business unit.
pub(in crate::collect) async fn units(source: Source<'_>) -> Section<Uuid, BusinessUnit> {
    whole(source.all(UNITS, "").await)
}
