//! Whether a row satisfies a `$filter`.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::filter::{Comparison, ELEMENT, Filter, Literal, Operand, Quantifier, Row, TextFunction, Within};
use super::lexer;

impl Filter {
    /// Says whether the row satisfies the condition: texts and ids without regard to case, `eq` and the order operators
    /// false against null, `ne` true (Learn: filter rows, string values; nulls as reported).
    pub fn matches(&self, row: &Row) -> bool {
        match self {
            Self::And(conditions) => conditions.iter().all(|condition| condition.matches(row)),
            Self::Or(conditions) => conditions.iter().any(|condition| condition.matches(row)),
            Self::Not(condition) => !condition.matches(row),
            Self::Compare { left, comparison, right } => comparison.holds(left.scalar(row).order(&right.scalar(row))),
            Self::Within(within) => within.matches(row),
            Self::Text { function, subject, sought } => match (subject.scalar(row), sought.scalar(row)) {
                (Scalar::Text(subject), Scalar::Text(sought)) => {
                    function.holds(&subject.to_lowercase(), &sought.to_lowercase())
                }
                _ => false,
            },
            Self::Related { collection, quantifier, condition } => {
                let none = Vec::new();
                let rows = collection.value(row).and_then(Value::as_array).unwrap_or(&none);
                let mut answers = rows.iter().map(|related| {
                    let row = match related.as_object() {
                        Some(row) => Cow::Borrowed(row),
                        // What is no row is compared by itself: `groupTypes/any(c:c eq 'Unified')`.
                        None => Cow::Owned(Row::from_iter([(ELEMENT.to_owned(), related.clone())])),
                    };
                    condition.as_deref().is_none_or(|condition| condition.matches(&row))
                });
                match quantifier {
                    Quantifier::Any => answers.any(|holds| holds),
                    Quantifier::All => answers.all(|holds| holds),
                }
            }
        }
    }
}

impl Within {
    fn matches(&self, row: &Row) -> bool {
        // Once folded, membership is one look-up, so that lists of hundreds of ids over many rows stay cheap.
        let text = match self.property.value(row) {
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(boolean)) => boolean.to_string(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => {
                return self.is_negated;
            }
        };
        self.folded.contains(&text) != self.is_negated
    }
}

impl Operand {
    fn scalar<'a>(&'a self, row: &'a Row) -> Scalar<'a> {
        match self {
            Self::Property(path) => path.value(row).map_or(Scalar::Null, Scalar::of),
            Self::Lowered(operand) => match operand.scalar(row) {
                Scalar::Text(text) => Scalar::Text(Cow::Owned(text.to_lowercase())),
                other @ (Scalar::Null
                | Scalar::Boolean(_)
                | Scalar::Integer(_)
                | Scalar::Decimal(_)
                | Scalar::Guid(_)
                | Scalar::Moment(_)) => other,
            },
            Self::Literal(Literal::Null) => Scalar::Null,
            Self::Literal(Literal::Boolean(boolean)) => Scalar::Boolean(*boolean),
            Self::Literal(Literal::Integer(integer)) => Scalar::Integer(*integer),
            Self::Literal(Literal::Decimal(decimal)) => Scalar::Decimal(*decimal),
            Self::Literal(Literal::Guid(id)) => Scalar::Guid(*id),
            Self::Literal(Literal::Moment(moment)) => Scalar::Moment(*moment),
            Self::Literal(Literal::Text(text)) => Scalar::Text(Cow::Borrowed(text)),
        }
    }
}

impl Comparison {
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            // Dataverse counts a row without a value as different from every value (reported of its `ne` conditions).
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
        }
    }
}

impl TextFunction {
    fn holds(self, subject: &str, sought: &str) -> bool {
        match self {
            Self::Contains => subject.contains(sought),
            Self::StartsWith => subject.starts_with(sought),
            Self::EndsWith => subject.ends_with(sought),
        }
    }
}

/// A value during evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    Guid(Uuid),
    Moment(Timestamp),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Bool(boolean) => Self::Boolean(*boolean),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Decimal(number.as_f64().unwrap_or(f64::NAN)), Self::Integer)
            }
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Null,
        }
    }

    /// Orders two values; `None` when they cannot be compared, as with null and anything else.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(right)),
            (Self::Guid(left), Self::Guid(right)) => Some(left.cmp(right)),
            (Self::Guid(left), Self::Text(right)) => Some(left.cmp(&Uuid::try_parse(right).ok()?)),
            (Self::Moment(left), Self::Moment(right)) => Some(left.cmp(right)),
            (Self::Moment(left), Self::Text(right)) => Some(left.cmp(&lexer::moment(right)?)),
            (Self::Text(left), Self::Text(right)) => Some(folded(left).cmp(folded(right))),
            (Self::Text(_), Self::Guid(_) | Self::Moment(_)) => other.order(self).map(Ordering::reverse),
            (Self::Integer(_) | Self::Decimal(_), Self::Integer(_) | Self::Decimal(_)) => {
                self.number()?.partial_cmp(&other.number()?)
            }
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an integer is compared with a decimal only where one was written")]
    fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Decimal(decimal) => Some(*decimal),
            Self::Null | Self::Boolean(_) | Self::Guid(_) | Self::Moment(_) | Self::Text(_) => None,
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}
