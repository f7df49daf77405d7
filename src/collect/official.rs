//! Asks Dataverse itself about the people of a question: at most ten questions each, in one batch.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::decode::Row;
use super::decode::roles::{listed_privilege, wider};
use super::questions::Flows;
use super::source::{Freshness, Source};
use super::waves::Waves;
use crate::inventory::official::Official;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::{Answer, Section};
use crate::inventory::things::Rights;
use crate::names::{ConnectionMode, Depth, Text};
use crate::principal::{Principal, PrincipalName};
use crate::problem::Problem;
use crate::tenant::filters::encoded;

/// Rows that are asked about beside roles and privileges: ten questions in all.
const ROWS: usize = 8;

impl Waves<'_> {
    /// What Dataverse itself says of the people who are asked about, their roles, their privileges, and their access to the
    /// flows and to the connection references that they bring connections to.
    pub(super) async fn of_dataverse_itself(&mut self) {
        let reader = self.reader.with_label("own answer");
        let source = Source::new(&reader, Freshness::Cached);
        let rows = self.rows_of_uses();
        let mut answers = BTreeMap::new();
        for name in &self.scope.memberships {
            let Some((object, row)) = self.person(name) else { continue };
            answers.insert(object, ask(source, object, row, &rows).await);
        }
        if !answers.is_empty() {
            self.inventory.official = Section::only(answers.keys().copied().collect(), answers);
        }
    }

    /// A person by the directory's id, with the row if there is one.
    fn person(&self, name: &PrincipalName) -> Option<(Uuid, Option<Uuid>)> {
        let Principal::User { name: _, id } = self.inventory.principal(name).one()? else { return None };
        let row = match self.inventory.row_of(&Principal::User { name: Text::default(), id }) {
            Answer::Found(PrincipalRow::User(row)) => Some(row),
            Answer::Found(PrincipalRow::Team(_) | PrincipalRow::Organization(_))
            | Answer::Absent
            | Answer::Unreadable(_)
            | Answer::NotAsked => None,
        };
        Some((id, row))
    }

    /// The flows whose use is asked about, and the references to which their callers link connections: set and id of each.
    fn rows_of_uses(&self) -> Vec<(&'static str, Uuid)> {
        let flows = Flows::of(&self.inventory).ids(&self.scope.uses);
        let facts = flows.iter().filter_map(|flow| self.inventory.definitions.row(flow));
        let names: BTreeSet<Text> = facts
            .flat_map(|facts| facts.connections.values())
            .filter(|connection| connection.mode == ConnectionMode::ProvidedByRunOnlyUser)
            .filter_map(|connection| connection.logical_name.clone())
            .collect();
        let references = names.iter().filter_map(|name| self.inventory.reference(name));
        let references = references.map(|(id, _)| ("connectionreferences", id));
        flows.into_iter().map(|flow| ("workflows", flow)).chain(references).take(ROWS).collect()
    }
}

async fn ask(source: Source<'_>, object: Uuid, row: Option<Uuid>, rows: &[(&'static str, Uuid)]) -> Official {
    let mut paths = vec![
        // Learn: RetrieveAadUserRoles function, which takes `$select`.
        format!("RetrieveAadUserRoles(DirectoryObjectId={object})?$select=roleid,_parentrootroleid_value"),
        format!("RetrieveAadUserPrivileges(DirectoryObjectId={object})"),
    ];
    // Who has no row has no access to ask about.
    let rows = if row.is_some() { rows } else { &[] };
    let user = row.unwrap_or_default();
    paths.extend(rows.iter().map(|(set, id)| {
        let target = encoded(&format!("{{\"@odata.id\":\"{set}({id})\"}}"));
        format!("systemusers({user})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)?@t={target}")
    }));
    let mut answers = source.several(paths).await.into_iter();
    let mut next = || answers.next().and_then(Result::ok);
    let roles = next().and_then(|value| roles(&value).ok());
    let privileges = next().and_then(|value| privileges(&value).ok());
    let rights = rows.iter().filter_map(|(_, id)| Some((*id, rights(&next()?).ok()?))).collect();
    Official { roles, privileges, rights }
}

/// The roots of the roles; a root is its own.
fn roles(value: &Value) -> Result<BTreeSet<Uuid>, Problem> {
    let answer = Row::dataverse("RetrieveAadUserRoles", value);
    let root = |value| {
        let row = answer.within(value);
        row.optional_id("_parentrootroleid_value")?.map_or_else(|| row.id("roleid"), Ok)
    };
    answer.list("value")?.iter().map(root).collect()
}

fn privileges(value: &Value) -> Result<BTreeMap<Uuid, Depth>, Problem> {
    let answer = Row::dataverse("RetrieveAadUserPrivileges", value);
    let mut held: BTreeMap<Uuid, Depth> = BTreeMap::new();
    for value in answer.list("RolePrivileges")? {
        let (id, _, depth) = listed_privilege(answer.within(value))?;
        let known = held.entry(id).or_insert(depth);
        *known = wider(*known, depth);
    }
    Ok(held)
}

fn rights(value: &Value) -> Result<Rights, Problem> {
    let answer = Row::dataverse("RetrievePrincipalAccess", value);
    let text = answer.text("AccessRights")?;
    Rights::parse(&text).ok_or_else(|| answer.malformed("rights that are not known"))
}
