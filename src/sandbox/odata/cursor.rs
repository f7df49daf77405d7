//! Goes through the tokens of a `$filter` from left to right.

use std::collections::BTreeMap;

use super::lexer::{self, Kind, Token, syntax_error};
use crate::sandbox::fault::Fault;

/// How deep parentheses, `not` and related rows may nest before the request is refused.
const DEPTH: usize = 100;

/// Reads tokens from left to right.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) aliases: &'a BTreeMap<String, String>,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    pub(super) conditions: usize,
    pub(super) variables: Vec<String>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, aliases: &'a BTreeMap<String, String>) -> Result<Self, Fault> {
        Ok(Self {
            text,
            aliases,
            tokens: lexer::tokens(text)?,
            next: 0,
            depth: 0,
            conditions: 0,
            variables: Vec::new(),
        })
    }
}

impl Parser<'_> {
    pub(super) fn alias(&self, name: &str) -> Result<String, Fault> {
        self.aliases
            .get(name)
            .cloned()
            .ok_or_else(|| Fault::malformed(format!("The parameter alias '@{name}' is not given in the query string.")))
    }

    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::malformed("Recursion limit reached."));
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.next]
    }

    pub(super) fn peek_second(&self) -> &Token {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)]
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        // The last token is the end, which is never passed.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn word(&mut self) -> Result<String, Fault> {
        let token = self.advance();
        match token.kind {
            Kind::Word(word) => Ok(word),
            Kind::Alias(_) | Kind::Literal(_) | Kind::Mark(_) | Kind::End => {
                Err(syntax_error(token.position, self.text))
            }
        }
    }

    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        let is_next = matches!(&self.peek().kind, Kind::Word(next) if next == word);
        if is_next {
            self.advance();
        }
        is_next
    }

    pub(super) fn skip_mark(&mut self, mark: char) -> bool {
        let is_next = self.peek().kind == Kind::Mark(mark);
        if is_next {
            self.advance();
        }
        is_next
    }

    pub(super) fn expect_mark(&mut self, mark: char) -> Result<(), Fault> {
        if self.skip_mark(mark) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn unexpected(&self) -> Fault {
        syntax_error(self.peek().position, self.text)
    }
}
