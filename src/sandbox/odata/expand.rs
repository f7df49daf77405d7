//! Reads `$expand`: which related rows are embedded, and what of them.

use std::collections::BTreeMap;

use super::{Caller, Dialect, Query, lexer, names};
use crate::sandbox::fault::Fault;

/// How many navigation properties one query embeds (Learn: join tables).
const EXPANSIONS: usize = 15;

/// A navigation property to embed, and what of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// The navigation property.
    pub property: String,
    /// Whether only the address of the row is asked for, `property/$ref`.
    pub is_reference: bool,
    /// The options in its parentheses.
    pub query: Query,
    /// The same as they were written, `;` between them.
    pub options: String,
}

impl Expand {
    fn count(&self) -> usize {
        1 + self.query.expand.iter().map(Self::count).sum::<usize>()
    }
}

/// Reads the option's value.
pub(super) fn read(
    value: &str,
    aliases: &BTreeMap<String, String>,
    dialect: Dialect,
    caller: Caller,
) -> Result<Vec<Expand>, Fault> {
    let found: Vec<Expand> = split_outside(value, ',')
        .map(|item| one(item.trim(), value, aliases, dialect, caller))
        .collect::<Result<_, _>>()?;
    if dialect == Dialect::Dataverse && found.iter().map(Expand::count).sum::<usize>() > EXPANSIONS {
        return Err(Fault::malformed(format!("A query cannot have more than {EXPANSIONS} $expand options.")));
    }
    Ok(found)
}

fn one(
    item: &str,
    value: &str,
    aliases: &BTreeMap<String, String>,
    dialect: Dialect,
    caller: Caller,
) -> Result<Expand, Fault> {
    let (property, options) = match item.split_once('(') {
        None => (item, ""),
        Some((property, rest)) => {
            let inner = rest.strip_suffix(')').ok_or_else(|| lexer::syntax_error(0, value))?;
            (property, inner)
        }
    };
    let (property, is_reference) = match property.strip_suffix("/$ref") {
        Some(property) => (property, true),
        None => (property, false),
    };
    let property = names(property)?.remove(0);
    let mut pairs = Vec::new();
    for option in split_outside(options, ';').map(str::trim).filter(|option| !option.is_empty()) {
        let (name, text) = option.split_once('=').ok_or_else(|| lexer::syntax_error(0, value))?;
        let name = name.trim();
        if !name.starts_with('$') {
            return Err(lexer::syntax_error(0, value));
        }
        if dialect == Dialect::Dataverse && ["$skip", "$count", "$search", "$levels"].contains(&name) {
            // Learn: join tables; the text is inferred.
            return Err(Fault::malformed(format!("The query option {name} is not supported in $expand.")));
        }
        pairs.push((name.to_owned(), text.trim().to_owned()));
    }
    // Aliases of the request are known inside parentheses too.
    pairs.extend(aliases.iter().map(|(name, text)| (format!("@{name}"), text.clone())));
    let query = Query::of_pairs(&pairs, dialect, caller)?;
    Ok(Expand { property, is_reference, query, options: options.to_owned() })
}

/// Splits at a mark that stands outside of parentheses and quotes.
pub(in crate::sandbox) fn split_outside(text: &str, mark: char) -> impl Iterator<Item = &str> {
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
