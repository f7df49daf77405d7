//! What a `FetchXML` query is: tables that are joined, columns, conditions, orders.

use uuid::Uuid;

use crate::sandbox::dataverse::aggregate::{Group, Measure};
use crate::sandbox::odata::{Comparison, Filter, Row};
use crate::sandbox::schema::Table;

/// What is asked.
pub(super) struct Fetch<'a> {
    /// The table itself, and those that are joined, in the order of the document.
    pub(super) sources: Vec<Source<'a>>,
    pub(super) links: Vec<Link>,
    /// The condition on what the joins made.
    pub(super) filter: Option<Where>,
    pub(super) orders: Vec<Order>,
    pub(super) output: Output,
    pub(super) page: Page,
    pub(super) is_distinct: bool,
    /// Whether the number of all rows is asked for.
    pub(super) counts: bool,
}

/// A table that takes part.
pub(super) struct Source<'a> {
    pub(super) table: &'a Table,
    /// How conditions and orders name it; the table itself has none.
    pub(super) alias: String,
}

/// A column of one of the tables, under its wire name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) source: usize,
    pub(super) name: String,
}

/// A column of the answer.
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) column: Column,
}

/// What is answered.
pub(super) enum Output {
    /// Rows with these columns.
    Rows(Vec<Chosen>),
    /// One row per group.
    Aggregates { groups: Vec<Group<Column>>, measures: Vec<Measure<Column>>, limit: usize },
}

/// A join.
pub(super) struct Link {
    pub(super) source: usize,
    pub(super) parent: usize,
    /// The column of the joined table, and that of the other; wire names.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: LinkType,
    pub(super) filter: Option<Where>,
    pub(super) links: Vec<Link>,
}

/// What a join makes of rows (Learn: `link-entity` element, link types).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkType {
    /// A row for each counterpart.
    Inner,
    /// The same, and one without any where there is none.
    Outer,
    /// One row, with the first counterpart.
    First,
    /// One row, without the counterpart: `exists` and `in`.
    Exists,
    /// In a filter: there is a counterpart that satisfies the conditions (`any`, and `not all`, which means the same).
    Any,
    /// In a filter: there is none.
    NotAny,
    /// In a filter: there are counterparts, and none of them satisfies the conditions.
    All,
}

impl LinkType {
    /// Reads the attribute.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            // `natural` is a word for it that an older list has.
            "inner" | "natural" => Self::Inner,
            "outer" => Self::Outer,
            "matchfirstrowusingcrossapply" => Self::First,
            "exists" | "in" => Self::Exists,
            "any" | "not all" => Self::Any,
            "not any" => Self::NotAny,
            "all" => Self::All,
            _ => return None,
        })
    }

    /// Says whether it is a condition, which stands in a filter.
    pub(super) const fn is_condition(self) -> bool {
        matches!(self, Self::Any | Self::NotAny | Self::All)
    }

    /// Says whether columns of the joined table can be chosen.
    pub(super) const fn has_columns(self) -> bool {
        matches!(self, Self::Inner | Self::Outer | Self::First)
    }
}

/// A condition on rows that are joined.
pub(super) enum Where {
    All(Vec<Where>),
    Any(Vec<Where>),
    /// On the row of one table.
    Row {
        source: usize,
        filter: Filter,
    },
    /// On a text with wildcards.
    Like {
        column: Column,
        pattern: String,
        is_wanted: bool,
    },
    /// Two columns compared.
    Columns {
        left: Column,
        comparison: Comparison,
        right: Column,
    },
    /// On rows of another table.
    Linked(Box<Link>),
}

/// A criterion of the order.
pub(super) struct Order {
    pub(super) by: OrderBy,
    pub(super) is_descending: bool,
}

/// What is ordered by.
pub(super) enum OrderBy {
    Column(Column),
    /// A column of an aggregate's answer.
    Alias(String),
}

/// Which part of the rows is answered.
pub(super) struct Page {
    pub(super) top: Option<usize>,
    pub(super) count: Option<usize>,
    pub(super) number: usize,
    pub(super) has_cookie: bool,
    /// Choices are ordered by their numbers instead of their labels.
    pub(super) is_raw: bool,
}

/// The rows of the tables that belong together; nothing where an outer join found none.
pub(super) type Tuple<'a> = Vec<Option<(Uuid, &'a Row)>>;
