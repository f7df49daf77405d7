//! What the Power Platform admin API and the Flow service know of an environment.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::only;
use crate::collect::decode::Row;
use crate::collect::decode::admin::{self, EnvironmentRoles};
use crate::collect::source::Source;
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::SharingLimits;
use crate::names::{Text, folded};
use crate::problem::Problem;
use crate::request::Service;
use crate::tenant::filters::encoded;

/// The version of the admin API whose environments and role assignments are recorded.
const VERSION: &str = "api-version=2021-04-01";

fn environment(id: &str) -> String {
    format!("providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}", encoded(id))
}

/// The address of what the service knows of an environment.
pub(in crate::collect) fn address(id: &str) -> String {
    format!("{}?{VERSION}", environment(id))
}

/// The limits that a managed environment puts on sharing, and the group whose members alone may be in it.
pub(in crate::collect) async fn limits(
    source: Source<'_>,
    id: &str,
) -> (Reading<SharingLimits>, Reading<Option<Uuid>>) {
    match source.one_of(Service::Admin, &address(id)).await {
        Ok(value) => {
            let row = Row::admin("environments", &value);
            (reading(admin::sharing_limits(row)), reading(admin::security_group(row)))
        }
        Err(problem) => (Reading::Unreadable(problem.clone()), Reading::Unreadable(problem)),
    }
}

/// Who is administrator or maker of an environment without Dataverse; with Dataverse the service refuses
/// (Learn: environment role assignments).
pub(in crate::collect) async fn environment_roles(source: Source<'_>, id: &str) -> Reading<EnvironmentRoles> {
    reading(read_roles(source, id).await)
}

async fn read_roles(source: Source<'_>, id: &str) -> Result<EnvironmentRoles, Problem> {
    let rows = source.rows_of(Service::Admin, &format!("{}/roleAssignments?{VERSION}", environment(id))).await?;
    let mut roles = EnvironmentRoles::new();
    for value in &rows {
        if let Some((role, principal, assignment)) = admin::role_assignment(Row::admin("roleAssignments", value))? {
            roles.entry(role).or_default().insert(principal, assignment);
        }
    }
    Ok(roles)
}

/// Flows that exist only outside Dataverse, among those that are named: they have no `workflowEntityId`
/// (recorded: admin list of flows).
pub(in crate::collect) async fn outside_flows(
    source: Source<'_>,
    id: &str,
    names: BTreeSet<Text>,
) -> Section<Text, Text> {
    let rows = source.rows_of(Service::Flow, &flows_address(id)).await.map(|rows| {
        let outside = rows.iter().filter_map(|flow| {
            let properties = flow.get("properties")?;
            let is_in_dataverse = properties.get("workflowEntityId").is_some_and(|id| !id.is_null());
            let name = properties.get("displayName")?.as_str()?;
            let key = Text::from(folded(name));
            (!is_in_dataverse && names.contains(&key)).then(|| (key, Text::from(name)))
        });
        outside.collect::<BTreeMap<_, _>>().into_iter().collect()
    });
    only(names, rows)
}

/// The address of an environment's flows as administrators list them (recorded).
pub(in crate::collect) fn flows_address(id: &str) -> String {
    format!(
        "providers/Microsoft.ProcessSimple/scopes/admin/environments/{}/v2/flows?api-version=2016-11-01",
        encoded(id)
    )
}

fn reading<T>(answer: Result<T, Problem>) -> Reading<T> {
    answer.map_or_else(Reading::Unreadable, Reading::Read)
}
