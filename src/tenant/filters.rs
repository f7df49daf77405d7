//! Builds the filters of reads: quoted, percent-encoded, and cut where an address would become too long.
use std::fmt::Write as _;

/// An encoded address stays below this. The service takes 32,768 characters (Learn: compose HTTP requests); proxies on the way take less.
pub const LONGEST_URL: usize = 24 * 1024;

/// Conditions that one filter of `or` may have. Sets of rows take 500 (Learn: filter rows using `OData`); table metadata, which needs
/// these filters, was seen to refuse more than 300 (0x80044183, "hard limit of conditions in a single filter", issues of two public
/// tools that ask for it another way).
pub const MOST_CONDITIONS: usize = 300;

/// Values that Graph's `in` may have (Learn: Graph, advanced query capabilities).
pub const MOST_IN_GRAPH: usize = 15;

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986 §2.3).
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String does not fail");
        }
    }
    encoded
}

/// A text as a literal of a filter, encoded: quotes are doubled first, because services decode before they parse (third-party measurement).
pub fn quoted(text: &str) -> String {
    format!("%27{}%27", encoded(&text.replace('\'', "''")))
}

/// A filter and the parameters that it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The condition, to stand in `$filter=`.
    pub filter: String,
    /// Its parameters, each with an `&` before it, to stand at the end of the query.
    pub parameters: String,
}

/// A condition that a property has one of these values. `number` tells several clauses of one query apart.
// Parameters and not values inline, because a segment of a path may have 260 characters (Learn: compose HTTP requests); the values are
// JSON texts whatever the property's type (Learn: filter rows, Dataverse query functions).
pub fn in_clause<V: AsRef<str>>(property: &str, values: &[V], number: usize) -> Clause {
    let (name, list) = (format!("@n{number}"), format!("@v{number}"));
    let values: Vec<String> = values.iter().map(|value| json_text(value.as_ref())).collect();
    Clause {
        filter: format!("Microsoft.Dynamics.CRM.In(PropertyName={name},PropertyValues={list})"),
        parameters: format!("&{name}={}&{list}=%5B{}%5D", quoted(property), values.join(",")),
    }
}

/// The end of a query whose only condition is that a property has one of these values: what stands after `$filter=`.
pub fn in_filter<V: AsRef<str>>(property: &str, values: &[V]) -> String {
    let Clause { filter, parameters } = in_clause(property, values, 1);
    filter + &parameters
}

/// Cuts values so that `in_clause` over each part takes at most `budget` bytes of an address. A part is never empty.
pub fn chunks<V: AsRef<str>>(values: impl IntoIterator<Item = V>, budget: usize) -> Vec<Vec<V>> {
    cut(values, budget, usize::MAX, |value| json_text(value).len() + 1)
}

/// A condition for sets that know no query functions, such as table metadata: the property equals one of these literals.
pub fn or_filter<V: AsRef<str>>(property: &str, literals: &[V]) -> String {
    let conditions: Vec<String> =
        literals.iter().map(|literal| format!("{property}%20eq%20{}", literal.as_ref())).collect();
    conditions.join("%20or%20")
}

/// Cuts literals so that `or_filter` over each part is accepted.
pub fn or_chunks<V: AsRef<str>>(property: &str, literals: impl IntoIterator<Item = V>, budget: usize) -> Vec<Vec<V>> {
    let around = property.len() + "%20eq%20".len() + "%20or%20".len();
    cut(literals, budget, MOST_CONDITIONS, |literal| literal.len() + around)
}

/// A condition in Graph's words; cut the values with `graph_chunks` first.
pub fn graph_in<V: AsRef<str>>(property: &str, values: &[V]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value.as_ref())).collect();
    format!("{property}%20in%20({})", values.join(","))
}

/// Cuts values so that `graph_in` over each part is accepted.
pub fn graph_chunks<V: AsRef<str>>(values: impl IntoIterator<Item = V>) -> Vec<Vec<V>> {
    cut(values, LONGEST_URL, MOST_IN_GRAPH, |value| quoted(value).len() + 1)
}

/// A JSON text, encoded.
fn json_text(text: &str) -> String {
    encoded(&serde_json::Value::from(text).to_string())
}

fn cut<V: AsRef<str>>(
    values: impl IntoIterator<Item = V>,
    budget: usize,
    most: usize,
    size: impl Fn(&str) -> usize,
) -> Vec<Vec<V>> {
    let mut parts: Vec<Vec<V>> = Vec::new();
    let mut left = 0;
    for value in values {
        let size = size(value.as_ref());
        match parts.last_mut() {
            Some(part) if size <= left && part.len() < most => {
                left -= size;
                part.push(value);
            }
            Some(_) | None => {
                left = budget.saturating_sub(size);
                parts.push(vec![value]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        assert_eq!(quoted("O'Brien & Söhne"), "%27O%27%27Brien%20%26%20S%C3%B6hne%27");
        assert_eq!(quoted("x' or '1' eq '1"), "%27x%27%27%20or%20%27%271%27%27%20eq%20%27%271%27");
    }

    #[test]
    fn a_list_is_given_by_parameters() {
        let filter = in_filter("name", &["a", "b\"]&@x"]);
        assert_eq!(
            filter,
            "Microsoft.Dynamics.CRM.In(PropertyName=@n1,PropertyValues=@v1)&@n1=%27name%27&@v1=%5B%22a%22,%22b%5C%22%5D%26%40x%22%5D"
        );
        let second = in_clause("teamid", &["1"], 2);
        assert_eq!(second.parameters, "&@n2=%27teamid%27&@v2=%5B%221%22%5D");
    }

    #[test]
    fn lists_are_cut_by_encoded_bytes() {
        let ids: Vec<String> = (0..2_000_u128).map(|id| uuid::Uuid::from_u128(id).to_string()).collect();
        let parts = chunks(&ids, LONGEST_URL - 500);
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 2_000);
        for part in &parts {
            assert!(in_filter("azureactivedirectoryobjectid", part).len() + 400 < LONGEST_URL);
        }
        assert_eq!(parts.len(), 4);
        assert_eq!(chunks(["much longer than the budget", "x"], 3).len(), 2);
        assert!(chunks(Vec::<String>::new(), 10).is_empty());
    }

    #[test]
    fn alternatives_are_cut_by_conditions() {
        let names: Vec<String> = (0..501).map(|number| quoted(&format!("t{number}"))).collect();
        let parts = or_chunks("LogicalName", &names, LONGEST_URL);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [300, 201]);
        let filter = or_filter("LogicalName", parts[1].as_slice());
        assert!(filter.ends_with("%20or%20LogicalName%20eq%20%27t500%27"), "{filter}");
    }

    #[test]
    fn graph_takes_fifteen_values() {
        let names: Vec<String> = (0..16).map(|number| format!("SG {number}")).collect();
        let parts = graph_chunks(&names);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [15, 1]);
        assert_eq!(graph_in("displayName", &parts[1]), "displayName%20in%20(%27SG%2015%27)");
    }
}
