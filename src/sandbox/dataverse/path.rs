//! Reads the path of a Dataverse request: segments, keys and function parameters.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::fault::Fault;
use crate::sandbox::percent;

/// The longest segment that the web server takes (Learn: compose HTTP requests and handle errors).
const LONGEST_SEGMENT: usize = 260;

/// One segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// The name, `roles` or `Microsoft.Dynamics.CRM.AddPrivilegesRole`.
    pub name: String,
    /// What stands in its parentheses, if it has any.
    pub arguments: Option<Arguments>,
}

/// What stands in the parentheses of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Arguments {
    /// Nothing: a function without parameters.
    Empty,
    /// The primary key of a row.
    Id(Uuid),
    /// An alternate key or the parameters of a function: values as written, without quotes.
    Named(BTreeMap<String, String>),
}

impl Segment {
    /// Returns the name without its namespace; `None` when it has none.
    pub(super) fn operation(&self) -> Option<&str> {
        self.name.strip_prefix("Microsoft.Dynamics.CRM.")
    }

    /// Returns the parameters of a function, aliases replaced by what the query says for them.
    pub(super) fn parameters(&self, aliases: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
        let Some(Arguments::Named(named)) = &self.arguments else { return Ok(BTreeMap::new()) };
        named
            .iter()
            .map(|(name, value)| {
                let value = match value.strip_prefix('@') {
                    Some(alias) => aliases
                        .get(alias)
                        .map(|text| unquoted(text))
                        .ok_or_else(|| Fault::malformed(format!("The parameter alias '@{alias}' has no value.")))?,
                    None => value.clone(),
                };
                Ok((name.clone(), value))
            })
            .collect()
    }
}

/// Reads the path behind the service root, still encoded.
pub(super) fn parse(path: &str) -> Result<Vec<Segment>, Fault> {
    let decoded = percent::decode(path).ok_or_else(|| Fault::malformed("The request URI is not valid."))?;
    split(decoded.trim_matches('/'), '/').into_iter().filter(|text| !text.is_empty()).map(segment).collect()
}

fn segment(text: &str) -> Result<Segment, Fault> {
    if text.len() > LONGEST_SEGMENT {
        // The web server refuses it before Dataverse sees it: no code, no JSON of the service.
        return Err(Fault::new(400, "", "Bad Request - Invalid URL: a path segment is longer than 260 characters."));
    }
    let Some((name, rest)) = text.split_once('(') else {
        return Ok(Segment { name: text.to_owned(), arguments: None });
    };
    let Some(inner) = rest.strip_suffix(')') else {
        return Err(Fault::malformed(format!("Bad Request - Error in query syntax: '{text}'.")));
    };
    let inner = inner.trim();
    let arguments = if inner.is_empty() {
        Arguments::Empty
    } else if let Ok(id) = Uuid::try_parse(inner.trim_matches('\'')) {
        Arguments::Id(id)
    } else {
        Arguments::Named(named(inner)?)
    };
    Ok(Segment { name: name.to_owned(), arguments: Some(arguments) })
}

fn named(inner: &str) -> Result<BTreeMap<String, String>, Fault> {
    split(inner, ',')
        .into_iter()
        .map(|pair| {
            // A value that is no GUID and has no name is a key that cannot be read.
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Fault::malformed(format!("Error occurred while parsing Guid value '{}'.", pair.trim()))
            })?;
            Ok((name.trim().to_owned(), unquoted(value.trim())))
        })
        .collect()
}

/// Takes the quotes from a text literal; other values stay as they are.
fn unquoted(value: &str) -> String {
    value
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .map_or_else(|| value.to_owned(), |inner| inner.replace("''", "'"))
}

/// Splits at a mark outside of parentheses, braces and quotes.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut depth, mut quote) = (0_u32, None);
    text.split(move |character| {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, '(' | '{') => depth += 1,
            (None, ')' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == mark && depth == 0 && quote.is_none()
    })
    .collect()
}

/// Reads a reference to a row, `roles(<id>)`: relative, or absolute below the service root or any other root with the same path.
pub(super) fn reference(text: &str) -> Result<(String, Arguments), Fault> {
    let relative =
        text.rsplit_once("/api/data/").map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    match parse(relative)?.as_slice() {
        [Segment { name, arguments: Some(arguments) }] => Ok((name.clone(), arguments.clone())),
        _ => Err(Fault::malformed(format!("Invalid URI '{text}' in entity reference."))),
    }
}

/// Reads `{"@odata.id": "workflows(<id>)"}`.
pub(super) fn reference_of(value: &Value) -> Option<Result<(String, Arguments), Fault>> {
    value.get("@odata.id").and_then(Value::as_str).map(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    #[test]
    fn keys_and_parameters_are_told_apart() {
        let path = format!("systemusers({ID})/systemuserroles_association({ID})/$ref");
        let segments = parse(&path).unwrap();
        assert_eq!(segments[0].arguments, Some(Arguments::Id(ID)));
        assert_eq!((segments[1].name.as_str(), segments[2].name.as_str()), ("systemuserroles_association", "$ref"));
        let segments =
            parse(&format!("teams(azureactivedirectoryobjectid={ID},membershiptype=0)/teamroles_association/$ref"));
        let Some(Arguments::Named(key)) = &segments.unwrap()[0].arguments else { panic!("an alternate key") };
        assert_eq!(key["membershiptype"], "0");
        assert_eq!(parse("WhoAmI()").unwrap()[0].arguments, Some(Arguments::Empty));
    }

    #[test]
    fn an_inline_parameter_may_hold_an_address() {
        let path = "RetrieveSharedPrincipalsAndAccess(Target=%7B%22@odata.id%22:%22https://h/api/data/v9.2/workflows(1)%22%7D)";
        let segments = parse(path).unwrap();
        assert_eq!(segments.len(), 1);
        let parameters = segments[0].parameters(&BTreeMap::new()).unwrap();
        assert_eq!(parameters["Target"], r#"{"@odata.id":"https://h/api/data/v9.2/workflows(1)"}"#);
    }

    #[test]
    fn an_alias_stands_for_its_value() {
        let segments = parse("RetrieveRolePrivilegesRole(RoleId=@p1)").unwrap();
        let aliases = BTreeMap::from([("p1".to_owned(), ID.to_string())]);
        assert_eq!(segments[0].parameters(&aliases).unwrap()["RoleId"], ID.to_string());
        assert_eq!(segments[0].parameters(&BTreeMap::new()).unwrap_err().status, 400);
    }

    #[test]
    fn a_segment_over_260_characters_is_refused() {
        assert_eq!(parse(&format!("roles(name='{}')", "x".repeat(260))).unwrap_err().status, 400);
    }

    #[test]
    fn references_are_relative_or_absolute() {
        let expected = ("roles".to_owned(), Arguments::Id(ID));
        for text in [format!("roles({ID})"), format!("/roles({ID})"), format!("https://h/api/data/v9.2/roles({ID})")] {
            assert_eq!(reference(&text).unwrap(), expected);
        }
    }
}
