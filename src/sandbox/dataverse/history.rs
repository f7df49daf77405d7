//! The audit log as the Web API gives it: the history of one record, and the condition for listing records.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::request::{Annotations, FORMATTED, LOGICAL_NAME};
use super::request::{Preferences, Request};
use super::{Session, complex};
use crate::sandbox::access::{Authority, missing_privilege};
use crate::sandbox::answer::Answer;
use crate::sandbox::audit::{AUDIT, DETAIL};
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, id, number, text};
use crate::sandbox::rights::Verb;
use crate::sandbox::variants::AuditHistory;

/// What the service gives without `PagingInfo` (inferred).
const PAGE: usize = 5_000;

/// Refuses callers without the privilege of the audit summary, and lists without a condition on the kind of record
/// (Learn: retrieve audit data; recorded: the code; its words are inferred).
pub(super) fn may_list(organization: &Organization, authority: &Authority, query: &str) -> Result<(), Fault> {
    require(organization, authority, "prvReadAuditSummary")?;
    if query.contains("objecttypecode") {
        return Ok(());
    }
    Err(Fault::new(400, "0x80040256", "Audit records are listed for one kind of record: filter by objecttypecode."))
}

fn require(organization: &Organization, authority: &Authority, privilege: &str) -> Result<(), Fault> {
    if authority.holds(organization, privilege) {
        return Ok(());
    }
    Err(missing_privilege(organization, authority, privilege))
}

impl Session<'_> {
    /// Lists what was changed of a record, the newest first (inferred from the page of audit history in apps).
    pub(super) fn record_history(
        &self,
        request: &Request<'_>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Answer, Fault> {
        let (table, key) = self.target(parameters)?;
        let authority = self.authority()?;
        require(self.organization, &authority, "prvReadRecordAuditHistory")?;
        require(self.organization, &authority, "prvReadAuditSummary")?;
        authority.require_on(self.organization, self.table(&table)?, Verb::Read, key)?;
        let (page, size) = paging(parameters)?;
        let annotations = &Preferences::of(request).annotations;
        let mut records: Vec<(i64, &Row)> = self
            .organization
            .all(AUDIT)
            .filter(|(_, row)| id(row, "_objectid_value") == Some(key) && text(row, "objecttypecode") == Some(&table))
            .filter(|_| self.variants.audit_history != AuditHistory::Off)
            .filter_map(|(_, row)| Some((number(row, "versionnumber")?, row)))
            .collect();
        records.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        let total = records.len();
        let start = (page - 1).saturating_mul(size);
        let details: Vec<Value> =
            records.into_iter().skip(start).take(size).map(|(_, row)| self.detail(row, annotations)).collect();
        let more = start + details.len() < total;
        let body = json!({ "AuditDetailCollection": {
            "MoreRecords": more, "PagingCookie": if more { "<cookie page=\"1\" />" } else { "" },
            "TotalRecordCount": total, "AuditDetails": details,
        } });
        Ok(complex(request, "RetrieveRecordChangeHistoryResponse", body))
    }

    fn detail(&self, row: &Row, annotations: &Annotations) -> Value {
        let mut detail = row.get(DETAIL).cloned().unwrap_or_default();
        if self.variants.audit_history == AuditHistory::WithRecords
            && let Some(detail) = detail.as_object_mut()
        {
            detail.insert("AuditRecord".into(), Value::Object(self.record(row, annotations)));
        }
        detail
    }

    fn record(&self, row: &Row, annotations: &Annotations) -> Map<String, Value> {
        let mut record = Map::new();
        for (name, value) in row.iter().filter(|(name, _)| name.as_str() != DETAIL) {
            record.insert(name.clone(), value.clone());
            if annotations.is_any()
                && let Some(user) = value.as_str().filter(|_| name == "_userid_value" || name == "_callinguserid_value")
            {
                let row = Uuid::try_parse(user).ok().and_then(|user| self.organization.row("systemuser", user));
                let full = row.and_then(|row| text(row, "fullname")).unwrap_or_default();
                let all = [(FORMATTED, full), (LOGICAL_NAME, "systemuser")];
                for (annotation, value) in all.into_iter().filter(|(annotation, _)| annotations.wants(annotation)) {
                    record.insert(format!("{name}@{annotation}"), json!(value));
                }
            }
        }
        record
    }
}

/// The number of the page, from 1, and its size.
fn paging(parameters: &BTreeMap<String, String>) -> Result<(usize, usize), Fault> {
    let Some(written) = parameters.get("PagingInfo") else { return Ok((1, PAGE)) };
    let malformed =
        || Fault::malformed("The parameter 'PagingInfo' is not a JSON object with 'PageNumber' and 'Count'.");
    let value: Value = serde_json::from_str(written).map_err(|_| malformed())?;
    let of = |name: &str| value.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let (page, size) = of("PageNumber").zip(of("Count")).ok_or_else(malformed)?;
    if page == 0 || size == 0 { Err(malformed()) } else { Ok((page, size.min(PAGE))) }
}
