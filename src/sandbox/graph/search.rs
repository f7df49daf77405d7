//! `$search` in directory objects: words of names, as beginnings (Learn: use `$search` on directory object collections).

use serde_json::Value;

use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;

/// The properties that are cut into words.
const SEARCHED: [&str; 4] = ["displayName", "mail", "mailNickname", "userPrincipalName"];

/// What is searched for: one of several, each all of several.
pub(super) struct Search(Vec<Vec<Clause>>);

struct Clause {
    property: String,
    words: Vec<String>,
}

/// Reads `"displayName:ada" OR "mail:ada"`.
pub(super) fn read(text: &str) -> Result<Search, Fault> {
    let any = text.split(" OR ").map(|all| all.split(" AND ").map(clause).collect());
    any.collect::<Result<_, _>>().map(Search)
}

fn clause(text: &str) -> Result<Clause, Fault> {
    let quoted = text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let (property, value) =
        quoted.and_then(|inner| inner.split_once(':')).ok_or_else(|| invalid(text, "is not '\"property:value\"'"))?;
    if !SEARCHED.contains(&property) {
        return Err(invalid(text, "names a property that cannot be searched"));
    }
    Ok(Clause { property: property.to_owned(), words: words(value) })
}

fn invalid(text: &str, why: &str) -> Fault {
    Fault::new(400, "Request_UnsupportedQuery", format!("Unsupported or invalid $search clause: '{text}' {why}."))
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|character: char| !character.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

impl Search {
    /// Says whether an object has what is searched for.
    pub(super) fn is_in(&self, row: &Row) -> bool {
        self.0.iter().any(|all| all.iter().all(|clause| clause.is_in(row)))
    }
}

impl Clause {
    fn is_in(&self, row: &Row) -> bool {
        let found = words(row.get(&self.property).and_then(Value::as_str).unwrap_or_default());
        self.words.iter().all(|sought| found.iter().any(|word| word.starts_with(sought.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::organization::row_of;

    #[test]
    fn words_are_found_by_their_beginnings_in_any_order() {
        let row = row_of(json!({ "displayName": "Ada Lovelace", "mail": "ada@contoso.com" }));
        let cases = [
            ("\"displayName:love\"", true),
            ("\"displayName:love ada\"", true),
            ("\"displayName:lace\"", false),
            ("\"displayName:bob\" OR \"mail:contoso\"", true),
            ("\"displayName:ada\" AND \"mail:fabrikam\"", false),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap().is_in(&row), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_searched_is_refused() {
        for text in ["ada", "\"ada\"", "\"jobTitle:ada\"", "displayName:ada"] {
            assert_eq!(read(text).map(|_| ()).unwrap_err().code, "Request_UnsupportedQuery", "{text}");
        }
    }
}
