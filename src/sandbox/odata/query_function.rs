//! Reads the query functions of Dataverse: `Microsoft.Dynamics.CRM.In` and its kin (Learn: filter rows, Dataverse query functions).

use jiff::{SignedDuration, Timestamp};

use super::cursor::Parser;
use super::filter::{Comparison, Filter, Literal, Operand, Path, Within, WithinForm};
use super::lexer::{self, Kind, syntax_error};
use crate::sandbox::fault::Fault;

/// How long a text in the list of a query function may be (same page).
const LISTED_TEXT: usize = 850;

/// What stands in the parentheses of a query function.
#[derive(Default)]
struct Given {
    property: Option<String>,
    value: Option<Literal>,
    values: Option<Vec<String>>,
}

impl Parser<'_> {
    // `Microsoft.Dynamics.CRM.In(PropertyName=…,PropertyValues=…)`, values inline or as aliases.
    pub(super) fn query_function(&mut self, name: &str) -> Result<Filter, Fault> {
        let position = self.advance().position;
        let given = self.given(position)?;
        let wrong = || syntax_error(position, self.text);
        let property = Path(given.property.ok_or_else(wrong)?.split('/').map(str::to_owned).collect());
        let compare = |comparison, literal| Filter::Compare {
            left: Operand::Property(property.clone()),
            comparison,
            right: Operand::Literal(literal),
        };
        let filter = match (name, given.values, given.value) {
            ("In" | "NotIn", Some(values), None) => {
                Filter::Within(Within::new(property, values, WithinForm::Function, name == "NotIn"))
            }
            ("Between" | "NotBetween", Some(values), None) => {
                let [from, to] = <[String; 2]>::try_from(values).map_err(|_| wrong())?;
                let inside = Filter::And(vec![
                    compare(Comparison::GreaterOrEqual, bound(from)),
                    compare(Comparison::LessOrEqual, bound(to)),
                ]);
                if name == "Between" { inside } else { Filter::Not(Box::new(inside)) }
            }
            ("On" | "OnOrAfter" | "OnOrBefore", None, Some(value)) => {
                let start = moment_of(&value).ok_or_else(wrong)?;
                // A date stands for its whole day (Learn: the pages of these functions).
                let end = start.checked_add(SignedDuration::from_hours(24)).map_err(|_| wrong())?;
                let not_before = compare(Comparison::GreaterOrEqual, Literal::Moment(start));
                let not_after = compare(Comparison::Less, Literal::Moment(end));
                match name {
                    "On" => Filter::And(vec![not_before, not_after]),
                    "OnOrAfter" => not_before,
                    _ => not_after,
                }
            }
            ("EqualUserId", None, None) => compare(Comparison::Equal, Literal::Guid(self.caller.user)),
            ("NotEqualUserId" | "NotUserId", None, None) => {
                compare(Comparison::NotEqual, Literal::Guid(self.caller.user))
            }
            ("EqualBusinessId", None, None) => compare(Comparison::Equal, Literal::Guid(self.caller.unit)),
            ("NotEqualBusinessId" | "NotBusinessId", None, None) => {
                compare(Comparison::NotEqual, Literal::Guid(self.caller.unit))
            }
            _ if KNOWN.contains(&name) => return Err(wrong()),
            // There are more than sixty; those that count from now or follow a hierarchy are not served.
            _ => {
                return Err(Fault::malformed(format!(
                    "The query function 'Microsoft.Dynamics.CRM.{name}' does not exist or is not served here."
                )));
            }
        };
        Ok(filter)
    }

    fn given(&mut self, position: usize) -> Result<Given, Fault> {
        self.expect_mark('(')?;
        let mut given = Given::default();
        loop {
            let name = self.word()?;
            self.expect_mark('=')?;
            match name.as_str() {
                "PropertyName" => given.property = Some(self.property_name()?),
                "PropertyValue" => given.value = Some(self.property_value()?),
                "PropertyValues" => given.values = Some(self.property_values()?),
                _ => return Err(syntax_error(position, self.text)),
            }
            if self.skip_mark(')') {
                return Ok(given);
            }
            self.expect_mark(',')?;
        }
    }

    fn property_name(&mut self) -> Result<String, Fault> {
        if let Literal::Text(name) = self.property_value()? { Ok(name) } else { Err(self.unexpected()) }
    }

    fn property_value(&mut self) -> Result<Literal, Fault> {
        match self.operand()? {
            Operand::Literal(literal) => Ok(literal),
            Operand::Property(_) | Operand::Lowered(_) => Err(self.unexpected()),
        }
    }

    fn property_values(&mut self) -> Result<Vec<String>, Fault> {
        let Kind::Alias(name) = &self.peek().kind else {
            return self.value_list();
        };
        let value = self.alias(name)?;
        self.advance();
        let mut list = Parser::new(&value, self.aliases, self.caller)?;
        let values = list.value_list()?;
        if list.peek().kind == Kind::End { Ok(values) } else { Err(list.unexpected()) }
    }

    // The parameter is a collection of texts, read as JSON that also takes single quotes, without the doubled-quote escape
    // of filters (Learn: filter rows, manage single quotes).
    fn value_list(&mut self) -> Result<Vec<String>, Fault> {
        self.expect_mark('[')?;
        let mut values = Vec::new();
        if self.skip_mark(']') {
            return Ok(values);
        }
        loop {
            let token = self.advance();
            let Kind::Literal(Literal::Text(value)) = token.kind else {
                return Err(syntax_error(token.position, self.text));
            };
            if value.contains('\'') && self.text[token.position..].starts_with('\'') {
                return Err(Fault::malformed(
                    "Invalid JSON. A comma character ',' was expected in scope 'Array'. Every two elements in an array and \
                     properties of an object must be separated by commas.",
                ));
            }
            if value.chars().count() > LISTED_TEXT {
                return Err(Fault::malformed(format!(
                    "A value of the query function is longer than {LISTED_TEXT} characters."
                )));
            }
            values.push(value);
            if self.skip_mark(']') {
                return Ok(values);
            }
            self.expect_mark(',')?;
        }
    }
}

/// The functions that are served: with other parameters than theirs they are a syntax error.
const KNOWN: [&str; 11] = [
    "In",
    "NotIn",
    "Between",
    "NotBetween",
    "On",
    "OnOrAfter",
    "OnOrBefore",
    "EqualUserId",
    "NotEqualUserId",
    "EqualBusinessId",
    "NotEqualBusinessId",
];

/// A bound is always written as text, whatever the type of the property (Learn: Between).
fn bound(text: String) -> Literal {
    if let Ok(integer) = text.parse() {
        return Literal::Integer(integer);
    }
    if let Some(moment) = lexer::moment(&text) {
        return Literal::Moment(moment);
    }
    text.parse().map(Literal::Decimal).unwrap_or(Literal::Text(text))
}

fn moment_of(value: &Literal) -> Option<Timestamp> {
    match value {
        Literal::Moment(moment) => Some(*moment),
        Literal::Text(text) => lexer::moment(text),
        Literal::Null | Literal::Boolean(_) | Literal::Integer(_) | Literal::Decimal(_) | Literal::Guid(_) => None,
    }
}
