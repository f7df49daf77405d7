//! Joins rows, and says which of what they make is wanted.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::like::is_like;
use super::query::{Column, Link, LinkType, Source, Tuple, Where};
use super::words::refused;
use crate::sandbox::dataverse::sight::Sight;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Filter, Operand, Path, Row};

/// How many rows joins may make before the service gives up (inferred; `unManagedidssqltimeouterror`). Fifteen joins of a few rows each
/// would be millions.
const LARGEST_JOIN: usize = 200_000;

/// Rows of a table by what stands in the column that they are joined by.
type Index<'a> = HashMap<String, Vec<(Uuid, &'a Row)>>;

/// The rows of an organisation, ready to be joined.
pub(super) struct Joiner<'a, 'x> {
    sight: &'x Sight<'a>,
    sources: &'x [Source<'a>],
    indexes: RefCell<BTreeMap<usize, Rc<Index<'a>>>>,
    made: Cell<usize>,
}

impl<'a, 'x> Joiner<'a, 'x> {
    pub(super) fn new(sight: &'x Sight<'a>, sources: &'x [Source<'a>]) -> Self {
        Self { sight, sources, indexes: RefCell::default(), made: Cell::default() }
    }

    /// Refuses tables of which the caller may not read a single row.
    pub(super) fn require(&self) -> Result<(), Fault> {
        self.sources.iter().try_for_each(|source| self.sight.require(source.table))
    }

    /// Refuses what would take the service too long; what was joined is not whole then.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        if self.is_too_large() { Err(refused("0x80044151", "SQL timeout expired.")) } else { Ok(()) }
    }

    const fn is_too_large(&self) -> bool {
        self.made.get() >= LARGEST_JOIN
    }

    /// Lists what a row becomes: nothing where an inner join finds no row, several rows where joins find several.
    pub(super) fn joined(&self, links: &[Link], key: Uuid, row: &'a Row) -> Vec<Tuple<'a>> {
        let mut first: Tuple<'a> = vec![None; self.sources.len()];
        first[0] = Some((key, row));
        self.with(links, first)
    }

    fn with(&self, links: &[Link], tuple: Tuple<'a>) -> Vec<Tuple<'a>> {
        let mut tuples = vec![tuple];
        for link in links {
            tuples = tuples.into_iter().flat_map(|tuple| self.followed(link, tuple)).collect();
        }
        tuples
    }

    fn followed(&self, link: &Link, tuple: Tuple<'a>) -> Vec<Tuple<'a>> {
        let mut found = self.counterparts(link, &tuple);
        match link.kind {
            LinkType::Outer if found.is_empty() => vec![tuple],
            LinkType::First => {
                found.truncate(1);
                found
            }
            LinkType::Exists => {
                if found.is_empty() {
                    Vec::new()
                } else {
                    vec![tuple]
                }
            }
            LinkType::Inner | LinkType::Outer | LinkType::Any | LinkType::NotAny | LinkType::All => found,
        }
    }

    /// Lists what a tuple becomes with each row that a join finds for it.
    fn counterparts(&self, link: &Link, tuple: &Tuple<'a>) -> Vec<Tuple<'a>> {
        let mut found = Vec::new();
        for (key, row) in self.candidates(link, tuple) {
            let mut longer = tuple.clone();
            longer[link.source] = Some((key, row));
            if self.is_too_large() {
                break;
            }
            self.made.set(self.made.get() + 1);
            if link.filter.as_ref().is_none_or(|filter| self.holds(filter, &longer)) {
                found.extend(self.with(&link.links, longer));
            }
        }
        found
    }

    /// Lists the rows whose column has the value, and that the caller sees.
    fn candidates(&self, link: &Link, tuple: &Tuple<'a>) -> Vec<(Uuid, &'a Row)> {
        let value = tuple[link.parent].and_then(|(_, row)| row.get(&link.to)).and_then(comparable);
        value.and_then(|value| self.index(link).get(&value).cloned()).unwrap_or_default()
    }

    fn index(&self, link: &Link) -> Rc<Index<'a>> {
        if let Some(known) = self.indexes.borrow().get(&link.source) {
            return Rc::clone(known);
        }
        let table = self.sources[link.source].table;
        let mut index = Index::new();
        for (key, row) in self.sight.organization.all(&table.logical_name) {
            if let Some(value) = row.get(&link.from).and_then(comparable)
                && self.sight.sees(table, key, row)
            {
                index.entry(value).or_default().push((key, row));
            }
        }
        let index = Rc::new(index);
        self.indexes.borrow_mut().insert(link.source, Rc::clone(&index));
        index
    }

    /// Says whether what was joined satisfies a condition.
    pub(super) fn holds(&self, condition: &Where, tuple: &Tuple<'a>) -> bool {
        match condition {
            Where::All(all) => all.iter().all(|one| self.holds(one, tuple)),
            Where::Any(all) => all.iter().any(|one| self.holds(one, tuple)),
            Where::Row { source, filter } => match tuple[*source] {
                Some((_, row)) => filter.matches(row),
                None => filter.matches(&Row::new()),
            },
            Where::Like { column, pattern, is_wanted } => {
                // A row without a value is unlike every pattern, as it is different from every value.
                value(tuple, column).as_str().is_some_and(|text| is_like(text, pattern)) == *is_wanted
            }
            Where::Columns { left, comparison, right } => {
                let side = |name: &str| Operand::Property(Path(vec![name.to_owned()]));
                let row = Row::from_iter([
                    ("left".to_owned(), value(tuple, left)),
                    ("right".to_owned(), value(tuple, right)),
                ]);
                Filter::Compare { left: side("left"), comparison: *comparison, right: side("right") }.matches(&row)
            }
            Where::Linked(link) => {
                let is_any = !self.counterparts(link, tuple).is_empty();
                match link.kind {
                    LinkType::NotAny => !is_any,
                    // Learn: filter rows, `all`: there are rows, and none of them satisfies the filters.
                    LinkType::All => !is_any && !self.candidates(link, tuple).is_empty(),
                    LinkType::Any | LinkType::Inner | LinkType::Outer | LinkType::First | LinkType::Exists => is_any,
                }
            }
        }
    }
}

/// Returns the value of a column; nothing where a join found no row.
pub(super) fn value(tuple: &Tuple<'_>, column: &Column) -> Value {
    tuple[column.source].and_then(|(_, row)| row.get(&column.name)).cloned().unwrap_or(json!(null))
}

/// Writes a value so that equal ones are equal, texts without regard to case.
fn comparable(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
