//! Reads conditions: operators and values.

use jiff::{SignedDuration, Timestamp};
use roxmltree::Node;
use uuid::Uuid;

use super::link::link;
use super::parse::Reader;
use super::query::{Column, Where};
use super::words::{invalid_node, needed, not_served, only, refused};
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Comparison, Filter, Literal, Operand, Path, moment};
use crate::sandbox::schema::{Kind, Table};

/// Operators that need the service's clock, a fiscal calendar or a language (Learn: condition operator values).
const NOT_SERVED: [&str; 14] = [
    "today",
    "yesterday",
    "tomorrow",
    "last-",
    "this-",
    "next-",
    "olderthan-",
    "in-fiscal-",
    "in-or-",
    "eq-userlanguage",
    "eq-fiscal",
    "ne-fiscal",
    "over-",
    "under-fiscal",
];

/// Reads a filter; one without conditions holds always.
pub(super) fn filter(reader: &mut Reader<'_, '_>, source: usize, node: Node<'_, '_>) -> Result<Option<Where>, Fault> {
    only(node, &["type", "isquickfindfields", "hint", "overridequickfindrecordlimitenabled"])?;
    let mut all = Vec::new();
    for child in node.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "filter" => all.extend(filter(reader, source, child)?),
            "condition" => all.push(condition(reader, source, child)?),
            "link-entity" => all.push(Where::Linked(Box::new(link(reader, source, child, true)?))),
            _ => return Err(invalid_node()),
        }
    }
    let is_any = match node.attribute("type").unwrap_or("and") {
        "and" => false,
        "or" => true,
        _ => return Err(refused("0x80041122", "Unsupported filter type. Valid values are 'and', or 'or'.")),
    };
    Ok(match (all.is_empty(), is_any) {
        (true, _) => None,
        (false, true) => Some(Where::Any(all)),
        (false, false) => Some(Where::All(all)),
    })
}

fn condition(reader: &Reader<'_, '_>, source: usize, node: Node<'_, '_>) -> Result<Where, Fault> {
    // The last three are what apps show of it.
    only(node, &["attribute", "operator", "value", "valueof", "entityname", "uiname", "uitype", "uihidden"])?;
    let source = node.attribute("entityname").map_or(Ok(source), |alias| reader.named(alias))?;
    let column = reader.column(source, needed(node, "attribute")?)?;
    let operator = needed(node, "operator")?;
    if let Some(other) = node.attribute("valueof") {
        return columns(reader, column, operator, other);
    }
    let condition = Condition { reader, table: reader.sources[source].table, column, values: values(node) };
    condition.read(operator)
}

fn values(node: Node<'_, '_>) -> Vec<String> {
    match node.attribute("value") {
        Some(value) => vec![value.to_owned()],
        None => node
            .children()
            .filter(|child| child.has_tag_name("value"))
            .map(|child| child.text().unwrap_or_default().to_owned())
            .collect(),
    }
}

/// Compares two columns (Learn: filter rows, column comparisons).
fn columns(reader: &Reader<'_, '_>, left: Column, operator: &str, other: &str) -> Result<Where, Fault> {
    let comparison = comparison(operator).ok_or_else(unsupported)?;
    let right = match other.split_once('.') {
        Some((alias, name)) => reader.column(reader.named(alias)?, name)?,
        None => reader.column(left.source, other)?,
    };
    let kind = |column: &Column| {
        let table = reader.sources[column.source].table;
        table.column(&column.name).map_or(&Kind::Id, |column| &column.kind).clone()
    };
    let is_id = |kind: &Kind| matches!(kind, Kind::Id | Kind::Lookup { .. });
    let (of_left, of_right) = (kind(&left), kind(&right));
    if of_left != of_right && !(is_id(&of_left) && is_id(&of_right)) {
        // The columns must be the same type; the code is inferred.
        return Err(refused("0x80040203", "The columns of a comparison must be of the same type."));
    }
    Ok(Where::Columns { left, comparison, right })
}

/// Reads an operator that compares; `neq` is an older word.
fn comparison(operator: &str) -> Option<Comparison> {
    Comparison::named(if operator == "neq" { "ne" } else { operator })
}

fn unsupported() -> Fault {
    refused("0x80041120", "Unsupported condition operator.")
}

/// A condition of which the column is known.
struct Condition<'r, 'a, 'x> {
    reader: &'r Reader<'a, 'x>,
    table: &'a Table,
    column: Column,
    values: Vec<String>,
}

impl Condition<'_, '_, '_> {
    fn read(&self, operator: &str) -> Result<Where, Fault> {
        if let Some(comparison) = comparison(operator) {
            return Ok(self.compare(comparison, self.literal(self.one()?)?));
        }
        let caller = self.reader.caller;
        let owners = |with_user: bool, with_teams: bool, with_reports: bool| {
            let mut owners: Vec<Uuid> = if with_user { vec![caller.user] } else { Vec::new() };
            owners.extend(with_teams.then_some(&caller.teams).into_iter().flatten());
            owners.extend(with_reports.then_some(&caller.reports).into_iter().flatten());
            self.none().map(|()| self.any(owners.into_iter().map(Literal::Guid).collect()))
        };
        match operator {
            "null" => self.none().map(|()| self.compare(Comparison::Equal, Literal::Null)),
            "not-null" => self.none().map(|()| self.compare(Comparison::NotEqual, Literal::Null)),
            "eq-userid" => owners(true, false, false),
            "eq-userteams" => owners(false, true, false),
            "eq-useroruserteams" => owners(true, true, false),
            "eq-useroruserhierarchy" => owners(true, false, true),
            "eq-useroruserhierarchyandteams" => owners(true, true, true),
            "ne-userid" => self.none().map(|()| self.compare(Comparison::NotEqual, Literal::Guid(caller.user))),
            "eq-businessid" => self.none().map(|()| self.compare(Comparison::Equal, Literal::Guid(caller.unit))),
            "ne-businessid" => self.none().map(|()| self.compare(Comparison::NotEqual, Literal::Guid(caller.unit))),
            "begins-with" => self.like(|value| format!("{}%", escaped(value)), true),
            "not-begin-with" => self.like(|value| format!("{}%", escaped(value)), false),
            "ends-with" => self.like(|value| format!("%{}", escaped(value)), true),
            "not-end-with" => self.like(|value| format!("%{}", escaped(value)), false),
            "like" => self.like(str::to_owned, true),
            "not-like" => self.like(str::to_owned, false),
            "in" | "not-in" => self.list(operator == "in"),
            "between" | "not-between" => self.between(operator == "between"),
            "on" | "on-or-after" | "on-or-before" | "not-on" => self.on(operator),
            "under" | "eq-or-under" | "not-under" | "above" | "eq-or-above" => Err(refused(
                "0x80047020",
                format!(
                    "This query uses a hierarchical operator, but the {} entity doesn't have a hierarchical relationship.",
                    self.table.logical_name
                ),
            )),
            // Of columns with several choices, which no table here has (`InvalidOperatorCode`).
            "contain-values" | "not-contain-values" => {
                Err(refused("0x80048415", "The operator is not valid or it is not supported."))
            }
            other if NOT_SERVED.iter().any(|known| other.starts_with(known)) => {
                Err(not_served(&format!("the operator '{other}'")))
            }
            _ => Err(unsupported()),
        }
    }

    fn filter(&self, filter: Filter) -> Where {
        Where::Row { source: self.column.source, filter }
    }

    fn part(&self, comparison: Comparison, right: Literal) -> Filter {
        let left = Operand::Property(Path(vec![self.column.name.clone()]));
        Filter::Compare { left, comparison, right: Operand::Literal(right) }
    }

    fn compare(&self, comparison: Comparison, right: Literal) -> Where {
        self.filter(self.part(comparison, right))
    }

    /// Says that the value is one of these; none of an empty list.
    fn any(&self, literals: Vec<Literal>) -> Where {
        Where::Any(literals.into_iter().map(|literal| self.compare(Comparison::Equal, literal)).collect())
    }

    fn one(&self) -> Result<&str, Fault> {
        match self.values.as_slice() {
            [value] => Ok(value),
            _ => Err(wrong_number()),
        }
    }

    fn none(&self) -> Result<(), Fault> {
        // Apps leave an empty attribute behind, which the service does not mind (reported).
        if self.values.iter().all(String::is_empty) { Ok(()) } else { Err(wrong_number()) }
    }

    fn like(&self, pattern: impl FnOnce(&str) -> String, is_wanted: bool) -> Result<Where, Fault> {
        Ok(Where::Like { column: self.column.clone(), pattern: pattern(self.one()?), is_wanted })
    }

    fn list(&self, is_wanted: bool) -> Result<Where, Fault> {
        if self.values.is_empty() {
            return Err(wrong_number());
        }
        let each: Vec<Literal> = self.values.iter().map(|value| self.literal(value)).collect::<Result<_, _>>()?;
        if is_wanted {
            return Ok(self.any(each));
        }
        Ok(Where::All(each.into_iter().map(|literal| self.compare(Comparison::NotEqual, literal)).collect()))
    }

    fn between(&self, is_wanted: bool) -> Result<Where, Fault> {
        let [first, last] = self.values.as_slice() else { return Err(wrong_number()) };
        let (first, last) = (self.literal(first)?, self.literal(last)?);
        Ok(if is_wanted {
            Where::All(vec![
                self.compare(Comparison::GreaterOrEqual, first),
                self.compare(Comparison::LessOrEqual, last),
            ])
        } else {
            Where::Any(vec![self.compare(Comparison::Less, first), self.compare(Comparison::Greater, last)])
        })
    }

    /// Compares with a whole day (Learn: condition operator values).
    fn on(&self, operator: &str) -> Result<Where, Fault> {
        let day = self.one()?.get(..10).and_then(moment).ok_or_else(|| self.inconvertible(self.values[0].as_str()))?;
        let next = day.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        let from = self.compare(Comparison::GreaterOrEqual, Literal::Moment(day));
        let until = self.compare(Comparison::Less, Literal::Moment(next));
        Ok(match operator {
            "on-or-after" => from,
            "on-or-before" => until,
            "not-on" => Where::Any(vec![
                self.compare(Comparison::Less, Literal::Moment(day)),
                self.compare(Comparison::GreaterOrEqual, Literal::Moment(next)),
            ]),
            _ => Where::All(vec![from, until]),
        })
    }

    /// Reads a value as what the column holds.
    fn literal(&self, value: &str) -> Result<Literal, Fault> {
        let inconvertible = || self.inconvertible(value);
        let id = || Uuid::try_parse(value.trim_matches(['{', '}'])).map(Literal::Guid).map_err(|_| inconvertible());
        let Some(column) = self.table.column(&self.column.name) else { return id() };
        match column.kind {
            Kind::Text => Ok(Literal::Text(value.to_owned())),
            Kind::Id | Kind::Lookup { .. } => id(),
            Kind::Integer => value.parse().map(Literal::Integer).map_err(|_| inconvertible()),
            Kind::Boolean => match value {
                "1" | "true" => Ok(Literal::Boolean(true)),
                "0" | "false" => Ok(Literal::Boolean(false)),
                _ => Err(inconvertible()),
            },
            Kind::Moment => moment(value).map(Literal::Moment).ok_or_else(inconvertible),
            Kind::Managed => Err(not_served("conditions on managed properties")),
        }
    }

    /// Recorded text (issue of a public client); the code is inferred.
    fn inconvertible(&self, value: &str) -> Fault {
        let wanted = match self.table.column(&self.column.name).map(|column| &column.kind) {
            None | Some(Kind::Id | Kind::Lookup { .. }) => "System.Guid",
            Some(Kind::Integer) => "System.Int32",
            Some(Kind::Boolean | Kind::Managed) => "System.Boolean",
            Some(Kind::Moment) => "System.DateTime",
            Some(Kind::Text) => "System.String",
        };
        refused(
            "0x80040203",
            format!(
                "An exception System.FormatException was thrown while trying to convert input value '{value}' to attribute \
                 '{table}.{column}'. Expected type of attribute value: {wanted}. Exception raised: Input string was not in a correct \
                 format.",
                table = self.table.logical_name,
                column = self.column.name.trim_start_matches('_').trim_end_matches("_value"),
            ),
        )
    }
}

fn wrong_number() -> Fault {
    refused("0x800404b7", "An invalid number of arguments was supplied to a condition.")
}

/// Takes the meaning from characters that are wildcards.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |written, character| match character {
        '%' | '_' | '[' => format!("{written}[{character}]"),
        other => format!("{written}{other}"),
    })
}
