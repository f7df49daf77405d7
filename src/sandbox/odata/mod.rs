//! Reads query strings (`$select`, `$filter`, …) as clients of Dataverse and Graph send them.

mod cursor;
mod dialect;
mod evaluate;
mod filter;
mod lexer;
mod parser;
mod query_function;
#[cfg(test)]
mod tests;

use std::cmp;
use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
pub use dialect::Dialect;
use evaluate::Scalar;
pub use filter::{Comparison, Filter, Literal, Operand, Path, Quantifier, Row, TextFunction, Within, WithinForm};
pub(super) use lexer::moment;
pub(super) use parser::{CONDITIONS, parse as filter_of, too_many_conditions};

/// A query string, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// The properties asked for; nothing means all.
    pub select: Option<Vec<String>>,
    /// The condition on rows.
    pub filter: Option<Filter>,
    /// Related rows to embed.
    pub expand: Vec<Expand>,
    /// The order, most significant first.
    pub orderby: Vec<OrderBy>,
    /// At most so many rows in all.
    pub top: Option<usize>,
    /// Whether the number of rows is asked for.
    pub count: bool,
    /// Where the page begins, as an earlier answer said.
    pub skiptoken: Option<String>,
    /// An aggregation, unread.
    pub apply: Option<String>,
    /// Parameters `@name=value`, without the `@`, as written.
    pub aliases: BTreeMap<String, String>,
    /// Parameters without `$` or `@`, such as `fetchXml` or `api-version`; it is the service's part to refuse them.
    pub other: BTreeMap<String, String>,
}

/// A navigation property to embed, and what of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// The navigation property.
    pub property: String,
    /// The options in its parentheses.
    pub query: Query,
}

/// One criterion of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The property.
    pub property: Path,
    /// Whether the greatest value comes first.
    pub is_descending: bool,
}

impl Query {
    /// Reads the part of an address behind its `?`: split first, then decoded (`+` and `%20` are both a space), then parsed.
    pub fn parse(query_string: &str, dialect: Dialect) -> Result<Self, Fault> {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query_string.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self::of_pairs(&pairs, dialect)
    }

    /// Lists every property that select, filter and order name, so that unknown ones can be refused.
    pub fn properties(&self) -> BTreeSet<String> {
        let selected = self.select.iter().flatten().cloned();
        let filtered = self.filter.iter().flat_map(Filter::properties).map(|path| path.to_string());
        let ordered = self.orderby.iter().map(|criterion| criterion.property.to_string());
        selected.chain(filtered).chain(ordered).collect()
    }

    /// Says whether a row satisfies the filter, if there is one.
    pub fn matches(&self, row: &Row) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(row))
    }

    /// Orders two rows as asked; rows that are equal in that keep their places in a stable sort.
    pub fn order(&self, left: &Row, right: &Row) -> cmp::Ordering {
        self.orderby
            .iter()
            .map(|criterion| criterion.order(left, right))
            .find(|order| order.is_ne())
            .unwrap_or(cmp::Ordering::Equal)
    }

    fn of_pairs(pairs: &[(String, String)], dialect: Dialect) -> Result<Self, Fault> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let target = match name.strip_prefix('@') {
                Some(alias) => Some((&mut query.aliases, alias)),
                None if name.starts_with('$') || name.is_empty() => None,
                None => Some((&mut query.other, name.as_str())),
            };
            if let Some((parameters, name)) = target
                && parameters.insert(name.to_owned(), value.clone()).is_some()
            {
                return Err(given_twice(name));
            }
        }
        let mut seen = BTreeSet::new();
        for (name, value) in pairs.iter().filter(|(name, _)| name.starts_with('$')) {
            if !seen.insert(name) {
                return Err(given_twice(name));
            }
            query.set(name, value, dialect)?;
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str, dialect: Dialect) -> Result<(), Fault> {
        dialect.admit(name)?;
        match name {
            "$select" => self.select = Some(names(value)?),
            "$filter" => {
                let filter = parser::parse(value, &self.aliases)?;
                dialect.admit_filter(&filter)?;
                self.filter = Some(filter);
            }
            "$expand" => self.expand = expansions(value, &self.aliases, dialect)?,
            "$orderby" => self.orderby = criteria(value)?,
            "$top" => self.top = Some(value.parse().map_err(|_| not_a_count("$top", value))?),
            "$count" => self.count = flag(value)?,
            "$skiptoken" => self.skiptoken = Some(value.to_owned()),
            "$apply" => self.apply = Some(value.to_owned()),
            _ => {
                return Err(Fault::malformed(format!("The query parameter {name} is not supported.")));
            }
        }
        Ok(())
    }
}

impl OrderBy {
    fn order(&self, left: &Row, right: &Row) -> cmp::Ordering {
        let [left, right] = [left, right].map(|row| self.property.value(row).map_or(Scalar::Null, Scalar::of));
        // No value comes before every value, as in the database below.
        let order = left.order(&right).unwrap_or_else(|| (left != Scalar::Null).cmp(&(right != Scalar::Null)));
        if self.is_descending { order.reverse() } else { order }
    }
}

fn names(value: &str) -> Result<Vec<String>, Fault> {
    let names: Vec<String> = value.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| {
        !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || "_.@/*-".contains(character))
    };
    match names.iter().find(|name| !is_name(name)) {
        Some(name) => Err(Fault::malformed(format!("The selected property '{name}' is not a name."))),
        None => Ok(names),
    }
}

fn criteria(value: &str) -> Result<Vec<OrderBy>, Fault> {
    value
        .split(',')
        .map(|criterion| {
            let mut words = criterion.split_whitespace();
            let property = words.next().unwrap_or_default();
            let is_descending = match words.next() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(lexer::syntax_error(0, value)),
            };
            if words.next().is_some() {
                return Err(lexer::syntax_error(0, value));
            }
            let names = names(property)?;
            Ok(OrderBy {
                property: Path(names.iter().flat_map(|name| name.split('/')).map(str::to_owned).collect()),
                is_descending,
            })
        })
        .collect()
}

fn expansions(value: &str, aliases: &BTreeMap<String, String>, dialect: Dialect) -> Result<Vec<Expand>, Fault> {
    split_outside(value, ',')
        .map(|item| {
            let item = item.trim();
            let (property, options) = match item.split_once('(') {
                None => (item, ""),
                Some((property, rest)) => {
                    let inner = rest.strip_suffix(')').ok_or_else(|| lexer::syntax_error(0, value))?;
                    (property, inner)
                }
            };
            let property = names(property)?.remove(0);
            let mut pairs = Vec::new();
            for option in split_outside(options, ';').map(str::trim).filter(|option| !option.is_empty()) {
                let (name, text) = option.split_once('=').ok_or_else(|| lexer::syntax_error(0, value))?;
                if !name.starts_with('$') {
                    return Err(lexer::syntax_error(0, value));
                }
                pairs.push((name.trim().to_owned(), text.trim().to_owned()));
            }
            // Aliases of the request are known inside parentheses too.
            pairs.extend(aliases.iter().map(|(name, text)| (format!("@{name}"), text.clone())));
            Ok(Expand { property, query: Query::of_pairs(&pairs, dialect)? })
        })
        .collect()
}

/// Splits at a mark that stands outside of parentheses and quotes.
fn split_outside(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut is_quoted) = (0_i32, false);
    text.split(move |character| {
        match character {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        character == mark && depth == 0 && !is_quoted
    })
}

fn flag(value: &str) -> Result<bool, Fault> {
    value.parse().map_err(|_| {
        Fault::malformed(format!(
            "Invalid value '{value}' for $count query option found. Valid values are 'true' or 'false'."
        ))
    })
}

fn not_a_count(name: &str, value: &str) -> Fault {
    Fault::malformed(format!(
        "Invalid value '{value}' for {name} query option found. The {name} query option requires a non-negative integer value."
    ))
}

fn given_twice(name: &str) -> Fault {
    Fault::malformed(format!(
        "Query option '{name}' was specified more than once, but it must be specified at most once."
    ))
}
