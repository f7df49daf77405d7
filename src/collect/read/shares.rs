//! With whom flows and connection references are shared.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
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
        Err(problem) if is_unknown_there(&problem) => match shares_one_by_one(source, table, rows).await {
            Ok(found) => Section::only(rows.clone(), found),
            Err(problem) => Section::Unreadable(problem),
        },
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The shares of rows, asked row by row in batches (recorded: `RetrieveSharedPrincipalsAndAccess` on a bot).
async fn shares_one_by_one(
    source: Source<'_>,
    table: Shared,
    rows: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, BTreeMap<PrincipalRow, Rights>>, Problem> {
    let rows: Vec<Uuid> = rows.iter().copied().collect();
    let batches = rows.chunks(ROWS_OF_A_BATCH).map(|part| async move {
        let paths = part.iter().map(|row| {
            let target = encoded(&format!("{{\"@odata.id\":\"{}({row})\"}}", table.names().1));
            format!("RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={target}")
        });
        part.iter().copied().zip(source.several(paths.collect()).await).collect::<Vec<_>>()
    });
    let mut shares = BTreeMap::new();
    for (row, answer) in join_all(batches).await.into_iter().flatten() {
        let value = match answer {
            Ok(value) => value,
            // The row went away between two reads; its other sections say so.
            Err(problem) if problem.cause == Cause::Gone => continue,
            Err(problem) => return Err(problem),
        };
        let answer = Row::dataverse("RetrieveSharedPrincipalsAndAccess", &value);
        let mut with = BTreeMap::new();
        for value in answer.list("PrincipalAccesses")? {
            let (principal, rights) = shares::principal_access(answer.within(value))?;
            if rights != Rights(0) {
                with.insert(principal, rights);
            }
        }
        shares.insert(row, with);
    }
    Ok(shares)
}
