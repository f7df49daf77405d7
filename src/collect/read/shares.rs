//! With whom flows and connection references are shared.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::grouped;
use crate::collect::decode::Row;
use crate::collect::decode::shares::{self, Share};
use crate::collect::source::{Column, Set, Source, is_unknown_there};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Section;
use crate::inventory::things::Rights;
use crate::problem::{Cause, Problem};
use crate::tenant::filters::encoded;

const SHARES: Set<Option<Share>> =
    Set { name: "principalobjectaccessset", select: shares::SHARE, decode: shares::share };

/// How many rows one batch asks for. A service runs a batch's parts one after the other (Learn: execute batch operations).
const ROWS_OF_A_BATCH: usize = 100;

/// A table whose rows are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) enum Shared {
    /// Cloud flows.
    Flows,
    /// Connection references.
    References,
}

impl Shared {
    /// The table's logical name, and the name of its set.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Flows => ("workflow", "workflows"),
            Self::References => ("connectionreference", "connectionreferences"),
        }
    }
}

/// The shares of rows of one table.
///
/// Never by table alone: shares are the largest table of many organisations.
pub(in crate::collect) async fn shares(
    source: Source<'_>,
    table: Shared,
    rows: &BTreeSet<Uuid>,
) -> Section<Uuid, BTreeMap<PrincipalRow, Rights>> {
    let condition = format!("objecttypecode%20eq%20'{}'", table.names().0);
    match source.by_keys(SHARES, Column::Attribute("objectid"), rows, &condition).await {
        Ok(found) => {
            let pairs = found.into_iter().flatten().map(|share| (share.object, (share.principal, share.rights)));
            Section::only(rows.clone(), grouped(rows, pairs))
        }
        // Learn documents the set; organisations that refuse it still answer the function, row by row.
        Err(problem) if is_unknown_there(&problem) => {
            let mut answers = shares_by_function(source, table, rows).await;
            // A row went away between two reads; its other sections say so.
            answers.retain(|_, answer| !matches!(answer, Err(problem) if problem.cause == Cause::Gone));
            match answers.into_iter().map(|(row, with)| Ok((row, with?))).collect() {
                Ok(found) => Section::only(rows.clone(), found),
                Err(problem) => Section::Unreadable(problem),
            }
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The shares of rows, asked row by row in batches (recorded: `RetrieveSharedPrincipalsAndAccess` on a bot).
pub(in crate::collect) async fn shares_by_function(
    source: Source<'_>,
    table: Shared,
    rows: &BTreeSet<Uuid>,
) -> BTreeMap<Uuid, Result<BTreeMap<PrincipalRow, Rights>, Problem>> {
    let rows: Vec<Uuid> = rows.iter().copied().collect();
    let batches = rows.chunks(ROWS_OF_A_BATCH).map(|part| async move {
        let paths = part.iter().map(|row| {
            let target = encoded(&format!("{{\"@odata.id\":\"{}({row})\"}}", table.names().1));
            format!("RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={target}")
        });
        part.iter().copied().zip(source.several(paths.collect()).await).collect::<Vec<_>>()
    });
    let answers = join_all(batches).await.into_iter().flatten();
    answers.map(|(row, answer)| (row, answer.and_then(|value| listed(&value)))).collect()
}

/// The shares in an answer of `RetrieveSharedPrincipalsAndAccess`.
fn listed(answer: &Value) -> Result<BTreeMap<PrincipalRow, Rights>, Problem> {
    let row = Row::dataverse("RetrieveSharedPrincipalsAndAccess", answer);
    let mut with = BTreeMap::new();
    for value in row.list("PrincipalAccesses")? {
        let (principal, rights) = shares::principal_access(row.within(value))?;
        if rights != Rights(0) {
            with.insert(principal, rights);
        }
    }
    Ok(with)
}
