//! What was written, seen by another way than the one that plans: functions that answer for one row, instead of sets of rows.
//!
//! A judge that reads what the plan was made from proves little: both would be wrong, or stale, together.
use std::collections::BTreeMap;

use uuid::Uuid;

use super::read::roles::privileges_by_function;
use super::read::shares::{Shared, shares_by_function};
use super::source::{Freshness, Source, is_unknown_there};
use crate::inventory::Inventory;
use crate::inventory::scope::Touched;
use crate::inventory::section::Section;
use crate::problem::Problem;
use crate::tenant::Reader;

/// Reads the privileges of roles and the shares of flows and connection references that were written, by
/// `RetrieveRolePrivilegesRole` and `RetrieveSharedPrincipalsAndAccess`; the rest is as in `fresh`.
///
/// Where a service has no such function, or no such row any more, `fresh` stands: there is no other way. What could not be
/// read for any other reason is unreadable.
pub async fn confirm(reader: &Reader, fresh: &Inventory, written: &Touched) -> Inventory {
    let reader = reader.with_label("confirmation");
    let source = Source::new(&reader, Freshness::Strong);
    let (privileges, flows, references) = tokio::join!(
        privileges_by_function(source, &written.roles),
        shares_by_function(source, Shared::Flows, &written.flows),
        shares_by_function(source, Shared::References, &written.references),
    );
    let mut seen = fresh.clone();
    take_over(&mut seen.role_privileges, privileges);
    take_over(&mut seen.shares, flows);
    take_over(&mut seen.shares, references);
    seen
}

/// Puts answers in the place of what was read before.
fn take_over<Row: Clone>(section: &mut Section<Uuid, Row>, answers: BTreeMap<Uuid, Result<Row, Problem>>) {
    for (key, answer) in answers {
        match answer {
            Ok(row) => _ = section.rows_mut().insert(key, row),
            Err(problem) if is_unknown_there(&problem) => {}
            Err(problem) => {
                *section = Section::Unreadable(problem);
                return;
            }
        }
    }
}
