//! Cuts a `$filter` into tokens that remember where they stand.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::filter::Literal;
use crate::sandbox::fault::Fault;

/// One token of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// An identifier, an operator or a function name; may be qualified by dots.
    Word(String),
    /// A parameter alias without its `@`.
    Alias(String),
    /// A value written in the filter itself.
    Literal(Literal),
    /// One of `( ) [ ] , / : =`.
    Mark(char),
    /// Behind the last token.
    End,
}

/// A token and the position of its first character.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) position: usize,
}

/// Cuts the text into tokens; the last one is always [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let is_end = token.kind == Kind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

/// Refuses the text at a position, in the words of the service.
pub(super) fn syntax_error(position: usize, text: &str) -> Fault {
    // A long filter is quoted only in part, so that an answer stays readable.
    let excerpt: String = text.chars().take(400).collect();
    Fault::malformed(format!("Syntax error at position {position} in '{excerpt}'."))
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Token, Fault> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        let position = self.at;
        let Some(first) = self.text[position..].chars().next() else {
            return Ok(Token { kind: Kind::End, position });
        };
        let kind = match first {
            '(' | ')' | '[' | ']' | ',' | '/' | ':' | '=' => {
                self.at += 1;
                Kind::Mark(first)
            }
            '\'' => Kind::Literal(Literal::Text(self.quoted()?)),
            '"' => Kind::Literal(Literal::Text(self.double_quoted()?)),
            '@' => {
                self.at += 1;
                Kind::Alias(self.run(is_word).to_owned())
            }
            '-' => self.bare(is_moment),
            digit if digit.is_ascii_digit() => self.bare(is_moment),
            letter if letter.is_alphabetic() || letter == '_' || letter == '$' => self.bare(is_word),
            _ => return Err(syntax_error(position, self.text)),
        };
        // An enumeration member is its type's name directly before a quoted name: `Namespace.Type'Member'`.
        if let Kind::Word(name) = &kind
            && name.contains('.')
            && self.text[self.at..].starts_with('\'')
        {
            let member = self.quoted()?;
            return Ok(Token { kind: Kind::Literal(Literal::Text(member)), position });
        }
        Ok(Token { kind, position })
    }

    fn run(&mut self, accept: fn(char) -> bool) -> &str {
        let rest = &self.text[self.at..];
        let length = rest.find(|character| !accept(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn bare(&mut self, accept: fn(char) -> bool) -> Kind {
        let run = self.run(accept);
        literal(run).map_or_else(|| Kind::Word(run.to_owned()), Kind::Literal)
    }

    fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut value = String::new();
        let mut characters = self.text[start + 1..].char_indices().peekable();
        while let Some((offset, character)) = characters.next() {
            if character != '\'' {
                value.push(character);
            } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                self.at = start + 1 + offset + 1;
                return Ok(value);
            }
        }
        Err(Fault::malformed(format!(
            "There is an unterminated string literal at position {start} in '{}'.",
            self.text
        )))
    }

    // Only the lists of query functions and JSON aliases have these: `["a","b"]`.
    fn double_quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut values = serde_json::Deserializer::from_str(&self.text[start..]).into_iter::<String>();
        match values.next() {
            Some(Ok(value)) => {
                self.at = start + values.byte_offset();
                Ok(value)
            }
            Some(Err(_)) | None => Err(syntax_error(start, self.text)),
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '$')
}

fn is_moment(character: char) -> bool {
    is_word(character) || matches!(character, ':' | '+')
}

fn literal(run: &str) -> Option<Literal> {
    match run {
        "null" => return Some(Literal::Null),
        "true" => return Some(Literal::Boolean(true)),
        "false" => return Some(Literal::Boolean(false)),
        _ => {}
    }
    if run.len() == 36
        && let Ok(id) = Uuid::try_parse(run)
    {
        return Some(Literal::Guid(id));
    }
    if !run.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        return None;
    }
    if let Ok(integer) = run.parse() {
        return Some(Literal::Integer(integer));
    }
    if let Some(moment) = moment(run) {
        return Some(Literal::Moment(moment));
    }
    run.parse().ok().map(Literal::Decimal)
}

/// Reads a date, or a date and time with its offset.
pub(in crate::sandbox) fn moment(text: &str) -> Option<Timestamp> {
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        return date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn guids_are_values_whatever_their_first_character() {
        for id in ["11111111-1111-1111-1111-111111111111", "ABcdef00-1111-1111-1111-111111111111"] {
            assert_eq!(kinds(id), [Kind::Literal(Literal::Guid(id.parse().unwrap())), Kind::End]);
        }
    }

    #[test]
    fn a_doubled_quote_is_one_quote() {
        assert_eq!(kinds("'O''Brien'"), [Kind::Literal(Literal::Text("O'Brien".into())), Kind::End]);
    }

    #[test]
    fn an_open_string_is_refused_with_its_position() {
        let fault = tokens("name eq 'a").unwrap_err();
        assert!(fault.message.contains("position 8"), "{fault}");
    }

    #[test]
    fn numbers_and_moments_are_told_apart() {
        assert_eq!(
            kinds("-5 2.5 2026-01-31 2026-01-31T10:00:00Z"),
            [
                Kind::Literal(Literal::Integer(-5)),
                Kind::Literal(Literal::Decimal(2.5)),
                Kind::Literal(Literal::Moment("2026-01-31T00:00:00Z".parse().unwrap())),
                Kind::Literal(Literal::Moment("2026-01-31T10:00:00Z".parse().unwrap())),
                Kind::End
            ]
        );
    }

    #[test]
    fn an_enumeration_member_is_its_name() {
        assert_eq!(
            kinds("Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'"),
            [Kind::Literal(Literal::Text("UserOwned".into())), Kind::End]
        );
    }
}
