//! Reads a `$filter` into a [`Filter`]: `or` binds weakest, then `and`, then `not`, then the comparisons.

use std::collections::BTreeMap;

use super::cursor::Parser;
use super::filter::{Comparison, Filter, Literal, Operand, Path, Quantifier, TextFunction, Within, WithinForm};
use super::lexer::{self, Kind, Token, syntax_error};
use crate::sandbox::fault::Fault;

/// How many conditions a query may have, whatever joins them (Learn: filter rows using `OData`, and using `FetchXML`).
pub(in crate::sandbox) const CONDITIONS: usize = 500;

/// Reads a filter; `aliases` are the request's `@name=value` parameters.
pub(in crate::sandbox) fn parse(text: &str, aliases: &BTreeMap<String, String>) -> Result<Filter, Fault> {
    let mut parser = Parser::new(text, aliases)?;
    let filter = parser.any_of()?;
    if parser.peek().kind != Kind::End {
        return Err(parser.unexpected());
    }
    if parser.conditions > CONDITIONS {
        return Err(too_many_conditions());
    }
    Ok(filter)
}

/// Says that there are more conditions than that (the same pages; `0x8004430D`, one further, is about joined tables).
pub(in crate::sandbox) fn too_many_conditions() -> Fault {
    Fault::new(400, "0x8004430C", "Number of conditions in query exceeded maximum limit.")
}

impl Parser<'_> {
    fn any_of(&mut self) -> Result<Filter, Fault> {
        let first = self.all_of()?;
        let mut conditions = vec![first];
        while self.skip_word("or") {
            conditions.push(self.all_of()?);
        }
        if conditions.len() == 1 {
            return Ok(conditions.remove(0));
        }
        // `(a or b) or c` is one chain of three.
        let flat = conditions
            .into_iter()
            .flat_map(|condition| if let Filter::Or(inner) = condition { inner } else { vec![condition] });
        Ok(Filter::Or(flat.collect()))
    }

    fn all_of(&mut self) -> Result<Filter, Fault> {
        let first = self.negation()?;
        let mut conditions = vec![first];
        while self.skip_word("and") {
            conditions.push(self.negation()?);
        }
        if conditions.len() == 1 {
            return Ok(conditions.remove(0));
        }
        Ok(Filter::And(conditions))
    }

    fn negation(&mut self) -> Result<Filter, Fault> {
        if !self.skip_word("not") {
            return self.condition();
        }
        self.deeper(Self::negation).map(|condition| Filter::Not(Box::new(condition)))
    }

    fn condition(&mut self) -> Result<Filter, Fault> {
        if self.skip_mark('(') {
            let inner = self.deeper(Self::any_of)?;
            self.expect_mark(')')?;
            return Ok(inner);
        }
        self.conditions += 1;
        if let Kind::Word(word) = &self.peek().kind
            && self.peek_second().kind == Kind::Mark('(')
        {
            let word = word.clone();
            if let Some(function) = text_function(&word) {
                return self.text_condition(function);
            }
            match word.as_str() {
                "Microsoft.Dynamics.CRM.In" => return self.query_function(false),
                "Microsoft.Dynamics.CRM.NotIn" => return self.query_function(true),
                "tolower" => {}
                _ => {
                    return Err(Fault::malformed(format!(
                        "An unknown function with name '{word}' was found. This may also be a function import or a key lookup on a \
                         navigation property, which is not allowed."
                    )));
                }
            }
        }
        self.comparison_or_related()
    }

    fn text_condition(&mut self, function: TextFunction) -> Result<Filter, Fault> {
        self.advance();
        self.expect_mark('(')?;
        let subject = self.operand()?;
        self.expect_mark(',')?;
        let sought = self.operand()?;
        self.expect_mark(')')?;
        Ok(Filter::Text { function, subject, sought })
    }

    fn comparison_or_related(&mut self) -> Result<Filter, Fault> {
        let position = self.peek().position;
        let left = self.operand()?;
        if let Operand::Property(path) = &left
            && self.peek().kind == Kind::Mark('(')
        {
            let path = path.clone();
            return self.related(path, position);
        }
        if self.skip_word("in") {
            let Operand::Property(property) = left else {
                return Err(syntax_error(position, self.text));
            };
            return self.listed(property);
        }
        let token = self.advance();
        let comparison = match &token.kind {
            Kind::Word(word) => Comparison::named(word),
            Kind::Alias(_) | Kind::Literal(_) | Kind::Mark(_) | Kind::End => None,
        };
        let comparison = comparison.ok_or_else(|| syntax_error(token.position, self.text))?;
        let right = self.operand()?;
        Ok(Filter::Compare { left, comparison, right })
    }

    // `in ('a','b')`.
    fn listed(&mut self, property: Path) -> Result<Filter, Fault> {
        self.expect_mark('(')?;
        let mut values = Vec::new();
        loop {
            let token = self.advance();
            match token.kind {
                Kind::Literal(literal) => values.push(written(&literal)),
                Kind::Word(_) | Kind::Alias(_) | Kind::Mark(_) | Kind::End => {
                    return Err(syntax_error(token.position, self.text));
                }
            }
            if self.skip_mark(')') {
                return Ok(Filter::Within(Within::new(property, values, WithinForm::Operator, false)));
            }
            self.expect_mark(',')?;
        }
    }

    // `collection/any(x:x/name eq 'a')`: the path has ended in the quantifier, and the parenthesis is next.
    fn related(&mut self, mut path: Path, position: usize) -> Result<Filter, Fault> {
        let quantifier = match path.0.pop().as_deref() {
            Some("any") => Quantifier::Any,
            Some("all") => Quantifier::All,
            _ => return Err(syntax_error(position, self.text)),
        };
        if path.0.is_empty() {
            return Err(syntax_error(position, self.text));
        }
        self.expect_mark('(')?;
        if quantifier == Quantifier::Any && self.skip_mark(')') {
            return Ok(Filter::Related { collection: path, quantifier, condition: None });
        }
        let variable = self.word()?;
        self.expect_mark(':')?;
        self.variables.push(variable);
        let condition = self.deeper(Self::any_of)?;
        self.variables.pop();
        self.expect_mark(')')?;
        Ok(Filter::Related { collection: path, quantifier, condition: Some(Box::new(condition)) })
    }

    pub(super) fn operand(&mut self) -> Result<Operand, Fault> {
        let token = self.advance();
        match token.kind {
            Kind::Literal(literal) => Ok(Operand::Literal(literal)),
            Kind::Alias(name) => {
                let value = self.alias(&name)?;
                match lexer::tokens(&value)?.as_slice() {
                    [Token { kind: Kind::Literal(literal), .. }, Token { kind: Kind::End, .. }] => {
                        Ok(Operand::Literal(literal.clone()))
                    }
                    _ => Err(syntax_error(0, &value)),
                }
            }
            Kind::Word(word) if word == "tolower" && self.skip_mark('(') => {
                let inner = self.deeper(Self::operand)?;
                self.expect_mark(')')?;
                Ok(Operand::Lowered(Box::new(inner)))
            }
            Kind::Word(word) => self.path(word, token.position).map(Operand::Property),
            Kind::Mark(_) | Kind::End => Err(syntax_error(token.position, self.text)),
        }
    }

    fn path(&mut self, first: String, position: usize) -> Result<Path, Fault> {
        let mut steps = vec![first];
        while self.skip_mark('/') {
            steps.push(self.word()?);
        }
        // Inside related rows every path begins with the variable, which stands for the row.
        if self.variables.last() == steps.first() {
            steps.remove(0);
        } else if !self.variables.is_empty() {
            return Err(syntax_error(position, self.text));
        }
        if steps.is_empty() { Err(syntax_error(position, self.text)) } else { Ok(Path(steps)) }
    }
}

// Graph's pages write `startsWith` and `endsWith`, and its service takes both spellings (Learn: $filter query parameter).
fn text_function(word: &str) -> Option<TextFunction> {
    Some(match word {
        "contains" => TextFunction::Contains,
        "startswith" | "startsWith" => TextFunction::StartsWith,
        "endswith" | "endsWith" => TextFunction::EndsWith,
        _ => return None,
    })
}

fn written(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Boolean(boolean) => boolean.to_string(),
        Literal::Integer(integer) => integer.to_string(),
        Literal::Decimal(decimal) => decimal.to_string(),
        Literal::Guid(id) => id.to_string(),
        Literal::Moment(moment) => moment.to_string(),
        Literal::Text(text) => text.clone(),
    }
}
