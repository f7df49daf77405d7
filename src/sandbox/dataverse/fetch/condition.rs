//! Conditions: operators and values.

use roxmltree::Node;
use uuid::Uuid;

use super::words::{Caller, not_served, only, wire_name};
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Comparison, Filter, Literal, Operand, Path, TextFunction, moment};
use crate::sandbox::schema::{Kind, Table};

/// Reads a filter; one without conditions holds always.
pub(super) fn filter(table: &Table, node: Node<'_, '_>, caller: &Caller) -> Result<Option<Filter>, Fault> {
    only(node, &["type"])?;
    let mut all = Vec::new();
    for child in node.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "filter" => all.extend(filter(table, child, caller)?),
            "condition" => all.push(condition(table, child, caller)?),
            other => return Err(not_served(&format!("the element '{other}' in a filter"))),
        }
    }
    if all.is_empty() {
        return Ok(None);
    }
    match node.attribute("type").unwrap_or("and") {
        "and" => Ok(Some(Filter::And(all))),
        "or" => Ok(Some(Filter::Or(all))),
        other => Err(Fault::malformed(format!("'{other}' is not a type of filters."))),
    }
}

fn condition(table: &Table, node: Node<'_, '_>, caller: &Caller) -> Result<Filter, Fault> {
    only(node, &["attribute", "operator", "value"])?;
    let name = wire_name(table, node.attribute("attribute").unwrap_or_default())?;
    let property = || Operand::Property(Path(vec![name.clone()]));
    let compare = |comparison, right| Filter::Compare { left: property(), comparison, right: Operand::Literal(right) };
    let values: Vec<String> = match node.attribute("value") {
        Some(value) => vec![value.to_owned()],
        None => node
            .children()
            .filter(|child| child.has_tag_name("value"))
            .map(|child| child.text().unwrap_or_default().to_owned())
            .collect(),
    };
    let one = || match values.as_slice() {
        [value] => Ok(value.as_str()),
        _ => Err(Fault::malformed(format!("The condition on '{name}' needs one value."))),
    };
    let none = || {
        if values.is_empty() {
            Ok(())
        } else {
            Err(Fault::malformed(format!("The condition on '{name}' takes no value.")))
        }
    };
    let literal = |value: &str| literal(table, &name, value);
    let operator = node.attribute("operator").unwrap_or_default();
    let text = |function, sought: &str| Filter::Text {
        function,
        subject: property(),
        sought: Operand::Literal(Literal::Text(sought.to_owned())),
    };
    let negated = |filter| Filter::Not(Box::new(filter));
    Ok(match operator {
        "eq" => compare(Comparison::Equal, literal(one()?)?),
        "ne" | "neq" => compare(Comparison::NotEqual, literal(one()?)?),
        "gt" => compare(Comparison::Greater, literal(one()?)?),
        "ge" | "on-or-after" => compare(Comparison::GreaterOrEqual, literal(one()?)?),
        "lt" => compare(Comparison::Less, literal(one()?)?),
        "le" => compare(Comparison::LessOrEqual, literal(one()?)?),
        "null" => none().map(|()| compare(Comparison::Equal, Literal::Null))?,
        "not-null" => none().map(|()| compare(Comparison::NotEqual, Literal::Null))?,
        "eq-userid" => none().map(|()| compare(Comparison::Equal, Literal::Guid(caller.user)))?,
        "ne-userid" => none().map(|()| compare(Comparison::NotEqual, Literal::Guid(caller.user)))?,
        "eq-businessid" => none().map(|()| compare(Comparison::Equal, Literal::Guid(caller.unit)))?,
        "ne-businessid" => none().map(|()| compare(Comparison::NotEqual, Literal::Guid(caller.unit)))?,
        "begins-with" => text(TextFunction::StartsWith, one()?),
        "not-begin-with" => negated(text(TextFunction::StartsWith, one()?)),
        "ends-with" => text(TextFunction::EndsWith, one()?),
        "not-end-with" => negated(text(TextFunction::EndsWith, one()?)),
        "like" | "not-like" => {
            let (function, sought) = pattern(one()?)?;
            let found = function.map_or_else(
                || compare(Comparison::Equal, Literal::Text(sought.to_owned())),
                |function| text(function, sought),
            );
            if operator == "like" { found } else { negated(found) }
        }
        "in" | "not-in" => {
            let each: Result<Vec<Filter>, Fault> =
                values.iter().map(|value| Ok(compare(Comparison::Equal, literal(value)?))).collect();
            let each = each?;
            if each.is_empty() {
                return Err(Fault::malformed(format!("The condition on '{name}' needs a value.")));
            }
            if operator == "in" { Filter::Or(each) } else { negated(Filter::Or(each)) }
        }
        other => return Err(not_served(&format!("the operator '{other}'"))),
    })
}

/// Reads a pattern with percent signs at its ends; `None` is the whole text.
fn pattern(value: &str) -> Result<(Option<TextFunction>, &str), Fault> {
    let inner = value.trim_start_matches('%').trim_end_matches('%');
    if inner.contains(['%', '_', '[']) {
        return Err(not_served("patterns with wildcards inside"));
    }
    Ok((
        match (value.starts_with('%'), value.ends_with('%')) {
            (true, true) => Some(TextFunction::Contains),
            (true, false) => Some(TextFunction::EndsWith),
            (false, true) => Some(TextFunction::StartsWith),
            (false, false) => None,
        },
        inner,
    ))
}

/// Reads a value as what the column holds.
fn literal(table: &Table, name: &str, value: &str) -> Result<Literal, Fault> {
    let invalid = || Fault::malformed(format!("The value '{value}' is not valid for the column '{name}'."));
    let id = || Uuid::try_parse(value.trim_matches(['{', '}'])).map(Literal::Guid).map_err(|_| invalid());
    if *name == table.primary_id {
        return id();
    }
    let Some(column) = table.column(name) else { return Err(invalid()) };
    match column.kind {
        Kind::Text => Ok(Literal::Text(value.to_owned())),
        Kind::Id | Kind::Lookup { .. } => id(),
        Kind::Integer => value.parse().map(Literal::Integer).map_err(|_| invalid()),
        Kind::Boolean => match value {
            "1" | "true" => Ok(Literal::Boolean(true)),
            "0" | "false" => Ok(Literal::Boolean(false)),
            _ => Err(invalid()),
        },
        Kind::Moment => moment(value).map(Literal::Moment).ok_or_else(invalid),
        Kind::Managed => Err(not_served("conditions on managed properties")),
    }
}
