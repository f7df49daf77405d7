//! Reads the query functions of Dataverse: `Microsoft.Dynamics.CRM.In` and `NotIn`.

use super::cursor::Parser;
use super::filter::{Filter, Literal, Operand, Path, Within, WithinForm};
use super::lexer::{Kind, syntax_error};
use crate::sandbox::fault::Fault;

/// How long a text in the list of a query function may be (same page).
const LISTED_TEXT: usize = 850;

impl Parser<'_> {
    // `Microsoft.Dynamics.CRM.In(PropertyName=…,PropertyValues=…)`, values inline or as aliases.
    pub(super) fn query_function(&mut self, is_negated: bool) -> Result<Filter, Fault> {
        let position = self.advance().position;
        self.expect_mark('(')?;
        let (mut property, mut values) = (None, None);
        loop {
            let name = self.word()?;
            self.expect_mark('=')?;
            match name.as_str() {
                "PropertyName" => property = Some(self.property_name()?),
                "PropertyValues" => values = Some(self.property_values()?),
                _ => return Err(syntax_error(position, self.text)),
            }
            if self.skip_mark(')') {
                break;
            }
            self.expect_mark(',')?;
        }
        match (property, values) {
            (Some(property), Some(values)) => {
                let path = Path(property.split('/').map(str::to_owned).collect());
                Ok(Filter::Within(Within::new(path, values, WithinForm::Function, is_negated)))
            }
            (None, _) | (_, None) => Err(syntax_error(position, self.text)),
        }
    }

    fn property_name(&mut self) -> Result<String, Fault> {
        match self.operand()? {
            Operand::Literal(Literal::Text(name)) => Ok(name),
            Operand::Literal(_) | Operand::Property(_) | Operand::Lowered(_) => Err(self.unexpected()),
        }
    }

    fn property_values(&mut self) -> Result<Vec<String>, Fault> {
        let Kind::Alias(name) = &self.peek().kind else {
            return self.value_list();
        };
        let value = self.alias(name)?;
        self.advance();
        let mut list = Parser::new(&value, self.aliases)?;
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
