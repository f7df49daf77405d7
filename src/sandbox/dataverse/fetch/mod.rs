//! `FetchXML` in place of query options (Learn: query data using `FetchXML`).
//!
//! What needs the service's clock, a fiscal calendar, a language or retained data is refused by name.

mod answer;
mod choose;
mod condition;
mod join;
mod like;
mod link;
mod parse;
mod query;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use super::aggregate;
use super::read::Set;
use super::request::Request;
use super::sight::Sight;
use crate::sandbox::access::{Authority, reports};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::id;
use answer::{Sorter, Written};
use join::Joiner;
use query::{Output, Tuple};
pub(super) use words::Caller;

/// Answers a GET of a set with `fetchXml=`, and perhaps `$count`.
pub(super) fn list(
    sight: &Sight<'_>,
    request: &Request<'_>,
    set: &Set<'_>,
    (xml, counts): (&str, bool),
    caller: &Caller,
) -> Result<Answer, Fault> {
    let mut fetch = parse::parse(sight, set.table, xml, caller)?;
    fetch.counts |= counts;
    let joiner = Joiner::new(sight, &fetch.sources);
    joiner.require()?;
    let mut tuples: Vec<Tuple<'_>> = Vec::new();
    for key in &set.keys {
        let Some(row) = sight.organization.row(&set.table.logical_name, *key) else { continue };
        if sight.sees(set.table, *key, row) {
            tuples.extend(joiner.joined(&fetch.links, *key, row));
        }
    }
    tuples.retain(|tuple| fetch.filter.as_ref().is_none_or(|filter| joiner.holds(filter, tuple)));
    joiner.finish()?;
    let written = Written::new(sight, request, &fetch);
    let mut values: Vec<Value> = match &fetch.output {
        Output::Rows(columns) => {
            Sorter::new(sight, &fetch).sort(&mut tuples);
            tuples.iter().map(|tuple| written.row(columns, tuple)).collect()
        }
        Output::Aggregates { groups, measures, limit } => {
            let mut found = aggregate::summarize(&tuples, groups, measures, *limit, join::value)?;
            answer::sort_groups(&fetch, &mut found);
            found.iter().map(|summary| written.group((groups, measures), summary, &tuples)).collect()
        }
    };
    if fetch.is_distinct {
        let mut seen = BTreeSet::new();
        values.retain(|value| seen.insert(value.to_string()));
    }
    written.page(set, values)
}

/// Who asks, for the operators that mean him.
pub(super) fn caller_of(sight: &Sight<'_>, authority: &Authority) -> Caller {
    let unit = sight.organization.row("systemuser", authority.user).and_then(|row| id(row, "_businessunitid_value"));
    Caller {
        user: authority.user,
        unit: unit.unwrap_or_default(),
        teams: authority.teams.iter().copied().collect(),
        reports: reports(sight.organization, authority).into_iter().collect(),
    }
}
