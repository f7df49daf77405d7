//! Sets and rows as they are asked for: whole, or by keys in as few requests as addresses allow.
use futures_util::future::try_join_all;
use serde_json::Value;

use super::decode::Row;
use crate::problem::{Cause, Problem};
use crate::request::{Read, Service};
use crate::tenant::Reader;
use crate::tenant::filters::{self, LONGEST_URL};

/// Room in an address for everything but the list of keys.
const AROUND: usize = 1024;
/// Rows of a page: the most that Dataverse gives (Learn: page results).
const PAGE: u32 = 5_000;

/// A set of Dataverse's rows: its name, the columns that are read, and what a row becomes.
#[derive(Debug)]
pub(super) struct Set<T> {
    /// The set's name in addresses.
    pub(super) name: &'static str,
    /// The columns that are asked for.
    pub(super) select: &'static str,
    /// What a row becomes.
    pub(super) decode: fn(Row<'_>) -> Result<T, Problem>,
}

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<T> {}

/// A column that keys are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    /// An ordinary column, asked for with the query function `In`.
    Attribute(&'static str),
    /// A lookup's value column (`_x_value`), asked for with `eq` and `or`: `In` takes attribute names alone
    /// (reported answer: `entity doesn't contain attribute with Name = '_opportunityid_value'`).
    Lookup(&'static str),
    /// A property of table metadata, which knows no query functions (Learn: query table definitions).
    Metadata(&'static str),
}

/// Whether caches of the service are good enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Freshness {
    /// They are.
    #[default]
    Cached,
    /// What was just written is read back, past them.
    Strong,
}

/// Where rows come from: one environment's services.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    reader: &'a Reader,
    freshness: Freshness,
}

impl<'a> Source<'a> {
    /// The services of one environment.
    pub(super) fn new(reader: &'a Reader, freshness: Freshness) -> Self {
        Self { reader, freshness }
    }

    /// A read of Dataverse.
    fn read(&self, path: String) -> Read {
        let read = Read::get(Service::Dataverse, path);
        match self.freshness {
            Freshness::Cached => read,
            Freshness::Strong => read.strong(),
        }
    }

    /// Every row of a set, or every row that a condition selects. The condition is encoded already.
    pub(super) async fn all<T>(&self, set: Set<T>, condition: &str) -> Result<Vec<T>, Problem> {
        let filter = if condition.is_empty() { String::new() } else { format!("&$filter={condition}") };
        self.pages(set, format!("{}?$select={}{filter}", set.name, set.select), PAGE).await
    }

    /// The rows whose column has one of the keys, and that a further condition selects.
    pub(super) async fn by_keys<T>(
        &self,
        set: Set<T>,
        column: Column,
        keys: impl IntoIterator<Item = impl ToString>,
        condition: &str,
    ) -> Result<Vec<T>, Problem> {
        let paths = paths(set, column, keys.into_iter().map(|key| key.to_string()), condition);
        let parts = try_join_all(paths.into_iter().map(|path| self.pages(set, path, PAGE))).await?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// One answer.
    pub(super) async fn one(&self, path: &str) -> Result<Value, Problem> {
        self.reader.one(&self.read(path.to_owned())).await
    }

    /// One answer of another service.
    pub(super) async fn one_of(&self, service: Service, path: &str) -> Result<Value, Problem> {
        self.reader.one(&Read::get(service, path)).await
    }

    /// Every row of a set of another service.
    pub(super) async fn rows_of(&self, service: Service, path: &str) -> Result<Vec<Value>, Problem> {
        let rows = self.reader.rows(&Read::get(service, path)).await?;
        Ok(rows.into_iter().map(Value::Object).collect())
    }

    /// Several answers in as few requests as `$batch` allows, each on its own.
    pub(super) async fn several(&self, paths: Vec<String>) -> Vec<Result<Value, Problem>> {
        self.reader.many(paths.into_iter().map(|path| self.read(path)).collect()).await
    }

    /// Every row behind an address, decoded as its pages arrive.
    pub(super) async fn pages<T>(&self, set: Set<T>, path: String, page: u32) -> Result<Vec<T>, Problem> {
        let mut rows = Vec::new();
        let mut refused = None;
        let read = if page == 0 { self.read(path) } else { self.read(path).page(page) };
        self.reader
            .pages(&read, |values| {
                for value in values {
                    let value = Value::Object(value);
                    match (set.decode)(Row::dataverse(set.name, &value)) {
                        Ok(row) => rows.push(row),
                        Err(problem) => refused = refused.take().or(Some(problem)),
                    }
                }
            })
            .await?;
        refused.map_or(Ok(rows), Err)
    }
}

/// The addresses that ask for rows by keys: none for no keys.
pub(super) fn paths<T>(
    set: Set<T>,
    column: Column,
    keys: impl Iterator<Item = String>,
    condition: &str,
) -> Vec<String> {
    let budget = LONGEST_URL - AROUND - condition.len();
    let start = format!("{}?$select={}&$filter=", set.name, set.select);
    let and = |filter: &str| {
        if condition.is_empty() { filter.to_owned() } else { format!("{condition}%20and%20({filter})") }
    };
    match column {
        Column::Attribute(name) => filters::chunks(keys, budget)
            .iter()
            .map(|part| {
                let clause = filters::in_clause(name, part, 1);
                format!("{start}{}{}", and(&clause.filter), clause.parameters)
            })
            .collect(),
        Column::Lookup(name) => filters::or_chunks(name, keys, budget)
            .iter()
            .map(|part| format!("{start}{}", and(&filters::or_filter(name, part))))
            .collect(),
        Column::Metadata(name) => filters::or_chunks(name, keys.map(|key| filters::quoted(&key)), budget)
            .iter()
            .map(|part| format!("{start}{}", and(&filters::or_filter(name, part))))
            .collect(),
    }
}

/// Whether a service says that it does not know what was asked for, so that another way may be tried.
pub(super) fn is_unknown_there(problem: &Problem) -> bool {
    matches!(problem.cause, Cause::Gone | Cause::Refused)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn set() -> Set<()> {
        Set { name: "roles", select: "roleid", decode: |_| Ok(()) }
    }

    #[test]
    fn a_lookup_is_compared_with_eq_and_an_attribute_with_in() {
        let keys = || [Uuid::from_u128(1), Uuid::from_u128(2)].into_iter().map(|id| id.to_string());
        let lookup = paths(set(), Column::Lookup("_parentrootroleid_value"), keys(), "");
        assert_eq!(
            lookup,
            [
                "roles?$select=roleid&$filter=_parentrootroleid_value%20eq%2000000000-0000-0000-0000-000000000001%20or%20\
              _parentrootroleid_value%20eq%2000000000-0000-0000-0000-000000000002"
            ]
        );
        let attribute = paths(set(), Column::Attribute("roleid"), keys(), "ismanaged%20eq%20true");
        assert!(attribute[0].starts_with("roles?$select=roleid&$filter=ismanaged%20eq%20true%20and%20(Microsoft."));
        assert!(attribute[0].ends_with("%5D"));
    }

    #[test]
    fn no_keys_are_no_requests_and_many_keys_are_few() {
        assert!(paths(set(), Column::Attribute("roleid"), std::iter::empty(), "").is_empty());
        let ids = (0..1_000_u128).map(|id| Uuid::from_u128(id).to_string());
        let paths = paths(set(), Column::Attribute("roleid"), ids, "");
        assert_eq!(paths.len(), 2);
        assert!(paths.iter().all(|path| path.len() < LONGEST_URL));
    }
}
