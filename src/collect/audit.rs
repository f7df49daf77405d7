//! Asks the audit log for the histories of records, all of them in one batch.
use std::collections::{BTreeMap, BTreeSet};

use super::decode::Row;
use super::decode::history::{Detail, details, record};
use crate::inventory::audit::{Event, Record};
use crate::problem::{Cause, Problem};
use crate::request::{Read, Service};
use crate::tenant::Reader;
use crate::tenant::filters::encoded;

/// Records that are asked about in one run: what one batch takes.
pub const MOST: usize = 100;
/// Events of one record that are read; the newest come first (inferred from the page of audit history in apps).
const EVENTS: usize = 250;

/// What the audit log says of each record.
pub type Histories = BTreeMap<Record, Result<Vec<Event>, Problem>>;

/// Reads the histories of at most [`MOST`] records in one batch; what is beyond is unreadable, and so is what the service refuses.
///
/// The service may leave out who and when (Learn: retrieve audit data); then a second batch asks for the records themselves.
pub async fn histories(reader: &Reader, records: &BTreeSet<Record>) -> Histories {
    let reader = reader.with_label("audit log");
    let asked: Vec<Record> = records.iter().copied().take(MOST).collect();
    let answers = reader.many(asked.iter().map(|record| read(history(*record))).collect()).await;
    let found = asked.iter().copied().zip(answers);
    let mut found: BTreeMap<Record, Result<Vec<Detail>, Problem>> =
        found.map(|(record, answer)| (record, of_record(answer.and_then(|answer| details(&answer))))).collect();
    anonymous(&reader, &mut found).await;
    let events = found
        .into_iter()
        .map(|(record, details)| (record, details.map(|all| all.into_iter().filter_map(Detail::event).collect())));
    let beyond = records.iter().skip(MOST).map(|record| (*record, Err(too_many())));
    events.chain(beyond).collect()
}

/// A record that is not there has no history: a role that is only wanted, one that somebody deleted.
fn of_record(details: Result<Vec<Detail>, Problem>) -> Result<Vec<Detail>, Problem> {
    match details {
        Err(problem) if problem.cause == Cause::Gone => Ok(Vec::new()),
        details => details,
    }
}

/// Completes the details that say neither who nor when by the records of the audit log, where the two fit together.
async fn anonymous(reader: &Reader, found: &mut BTreeMap<Record, Result<Vec<Detail>, Problem>>) {
    let without: Vec<Record> = found
        .iter()
        .filter(|(_, details)| {
            details.as_ref().is_ok_and(|details| details.iter().any(|detail| detail.record.is_none()))
        })
        .map(|(record, _)| *record)
        .collect();
    if without.is_empty() {
        return;
    }
    let answers = reader.many(without.iter().map(|record| read(audits(*record))).collect()).await;
    for (key, answer) in without.into_iter().zip(answers) {
        let Some(Ok(details)) = found.get_mut(&key) else { continue };
        let records = answer.and_then(|answer| {
            let answer = Row::dataverse("audits", &answer);
            answer.list("value")?.iter().map(|value| record(answer.within(value))).collect::<Result<Vec<_>, _>>()
        });
        match records {
            // The newest first on both sides; a count or a kind that differs means that they are not the same events.
            Ok(records)
                if records.len() == details.len()
                    && details.iter().zip(&records).all(|(detail, record)| detail.may_be(record)) =>
            {
                for (detail, record) in details.iter_mut().zip(records) {
                    detail.record = Some(record);
                }
            }
            Ok(_) => _ = found.insert(key, Err(apart())),
            Err(problem) => _ = found.insert(key, Err(problem)),
        }
    }
}

fn read(path: String) -> Read {
    Read::get(Service::Dataverse, path).annotated()
}

/// Learn: retrieve audit data.
fn history(record: Record) -> String {
    let (set, _) = record.table.names();
    let target = encoded(&format!("{{\"@odata.id\":\"{set}({})\"}}", record.id));
    let paging = encoded(&format!("{{\"PageNumber\":1,\"Count\":{EVENTS},\"ReturnTotalRecordCount\":false}}"));
    format!("RetrieveRecordChangeHistory(Target=@t,PagingInfo=@p)?@t={target}&@p={paging}")
}

/// Without a condition on `objecttypecode` the service answers 0x80040256 (recorded).
fn audits(record: Record) -> String {
    let (_, table) = record.table.names();
    let filter = encoded(&format!("_objectid_value eq {} and objecttypecode eq '{table}'", record.id));
    format!(
        "audits?$select=createdon,action,_userid_value,_callinguserid_value&$filter={filter}&$orderby=createdon%20desc&$top={EVENTS}"
    )
}

fn too_many() -> Problem {
    problem(
        &format!("the audit log is asked about {MOST} records in one run, and this is beyond"),
        "bring fewer lines into question with `--environment` or by applying",
    )
}

fn apart() -> Problem {
    problem(
        "the audit log gives neither who nor when, and its records are not those of its details",
        "look at the audit history in the Power Platform admin center",
    )
}

fn problem(says: &str, next: &str) -> Problem {
    Problem::without_request(Cause::Incomplete, Service::Dataverse.name(), says, next)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::inventory::audit::Audited;

    #[test]
    fn a_history_is_asked_for_as_the_documentation_does() {
        let flow = Record { table: Audited::Flow, id: Uuid::from_u128(7) };
        assert_eq!(
            history(flow),
            "RetrieveRecordChangeHistory(Target=@t,PagingInfo=@p)?@t=%7B%22%40odata.id%22%3A%22workflows%2800000000-0000-0000-0000-000000000007%29%22%7D\
             &@p=%7B%22PageNumber%22%3A1%2C%22Count%22%3A250%2C%22ReturnTotalRecordCount%22%3Afalse%7D"
        );
        assert!(audits(flow).contains("objecttypecode%20eq%20%27workflow%27"), "{}", audits(flow));
    }
}
