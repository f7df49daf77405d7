//! What a `$filter` says: a tree of conditions on properties and values.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A row as it is kept and sent: property names with JSON values.
pub type Row = Map<String, Value>;

/// A condition on rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these; never empty.
    And(Vec<Filter>),
    /// At least one of these; never empty, never directly inside another `Or`.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// Two operands compared.
    Compare {
        /// The left side.
        left: Operand,
        /// How the sides are compared.
        comparison: Comparison,
        /// The right side.
        right: Operand,
    },
    /// A property whose value is one of a list.
    Within(Within),
    /// A function of two texts.
    Text {
        /// The function.
        function: TextFunction,
        /// The text that is searched.
        subject: Operand,
        /// The text that is looked for.
        sought: Operand,
    },
    /// Related rows satisfy a condition.
    Related {
        /// The collection-valued property.
        collection: Path,
        /// How many of them have to.
        quantifier: Quantifier,
        /// The condition, on the related row's own properties; without one, `any` asks whether there is a row.
        condition: Option<Box<Filter>>,
    },
}

/// How many related rows have to satisfy a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// `any`: at least one.
    Any,
    /// `all`: every one, so that no rows at all satisfy it too.
    All,
}

/// A property, reached through zero or more single-valued navigation properties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<String>);

/// One side of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// The value of a property.
    Property(Path),
    /// The operand's text in lower case.
    Lowered(Box<Operand>),
    /// A value written in the request.
    Literal(Literal),
}

/// A value written in the request.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Decimal(f64),
    /// An id, written bare.
    Guid(Uuid),
    /// A date (midnight, UTC) or a moment.
    Moment(Timestamp),
    /// A quoted text or the name of an enumeration member.
    Text(String),
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`.
    Equal,
    /// `ne`.
    NotEqual,
    /// `gt`.
    Greater,
    /// `ge`.
    GreaterOrEqual,
    /// `lt`.
    Less,
    /// `le`.
    LessOrEqual,
}

impl Comparison {
    /// Reads the word of an operator.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            _ => return None,
        })
    }
}

/// A function of two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFunction {
    /// `contains`.
    Contains,
    /// `startswith`.
    StartsWith,
    /// `endswith`.
    EndsWith,
}

/// A property whose value is, or is not, one of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// The property.
    pub property: Path,
    /// Whether a value outside the list is wanted.
    pub is_negated: bool,
    /// The spelling that was used; services support one or the other.
    pub form: WithinForm,
    pub(super) folded: BTreeSet<String>,
    values: Vec<String>,
}

/// How a membership test was spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithinForm {
    /// The operator `in ('a','b')`.
    Operator,
    /// The query functions `Microsoft.Dynamics.CRM.In` and `NotIn`.
    Function,
}

impl Within {
    /// Makes a membership test of a list of texts.
    pub fn new(property: Path, values: Vec<String>, form: WithinForm, is_negated: bool) -> Self {
        let folded = values.iter().map(|value| value.to_lowercase()).collect();
        Self { property, is_negated, form, folded, values }
    }

    /// Returns the list as it was written.
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

impl Filter {
    /// Calls the function with this condition and every condition inside it.
    pub fn visit<'a>(&'a self, look: &mut dyn FnMut(&'a Filter)) {
        look(self);
        match self {
            Self::And(conditions) | Self::Or(conditions) => {
                for condition in conditions {
                    condition.visit(look);
                }
            }
            Self::Not(condition) => condition.visit(look),
            Self::Related { condition, .. } => {
                if let Some(condition) = condition {
                    condition.visit(look);
                }
            }
            Self::Compare { .. } | Self::Within(_) | Self::Text { .. } => {}
        }
    }

    /// Lists the properties that the condition reads; those of related rows begin with the collection's name.
    pub fn properties(&self) -> BTreeSet<Path> {
        let mut found = BTreeSet::new();
        self.collect(&[], &mut found);
        found
    }

    /// Lists the properties that are compared with a value, with that value, so that the types can be checked.
    pub fn comparisons(&self) -> Vec<(&Path, &Literal)> {
        let mut found = Vec::new();
        self.visit(&mut |condition| {
            if let Self::Compare { left, right, .. } = condition
                && let (Operand::Property(path), Operand::Literal(literal))
                | (Operand::Literal(literal), Operand::Property(path)) = (left, right)
            {
                found.push((path, literal));
            }
        });
        found
    }

    fn collect(&self, prefix: &[String], found: &mut BTreeSet<Path>) {
        let mut add = |path: &Path| {
            found.insert(Path([prefix, &path.0].concat()));
        };
        match self {
            Self::And(conditions) | Self::Or(conditions) => {
                for condition in conditions {
                    condition.collect(prefix, found);
                }
            }
            Self::Not(condition) => condition.collect(prefix, found),
            Self::Compare { left, right, .. } => {
                left.path().into_iter().chain(right.path()).for_each(add);
            }
            Self::Text { subject, sought, .. } => subject.path().into_iter().chain(sought.path()).for_each(add),
            Self::Within(within) => add(&within.property),
            Self::Related { collection, condition, .. } => {
                add(collection);
                if let Some(condition) = condition {
                    condition.collect(&[prefix, &collection.0].concat(), found);
                }
            }
        }
    }
}

impl Path {
    /// Returns the property's value in a row, if the row has it.
    pub fn value<'a>(&self, row: &'a Row) -> Option<&'a Value> {
        let (last, through) = self.0.split_last()?;
        let mut row = row;
        for step in through {
            row = row.get(step)?.as_object()?;
        }
        row.get(last)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("/"))
    }
}

impl Operand {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Property(path) => Some(path),
            Self::Lowered(operand) => operand.path(),
            Self::Literal(_) => None,
        }
    }
}
