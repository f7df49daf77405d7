//! One page of a set, and where the next one is.
use serde_json::{Map, Value};

use super::answer::Answer;
use super::problem_of::Asked;
use crate::problem::{Cause, Problem};

/// A page.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    pub(super) rows: Vec<Map<String, Value>>,
    pub(super) next: Option<String>,
}

impl Page {
    /// Reads a page out of an answer.
    pub(super) fn of(asked: &Asked, answer: &Answer) -> Result<Self, Problem> {
        Self::of_json(asked, answer.status, asked.json(answer)?)
    }

    fn of_json(asked: &Asked, status: u16, mut value: Value) -> Result<Self, Problem> {
        let strange = |says: &str| asked.problem(Cause::Malformed, Some(status), says);
        let next = take_next(&mut value);
        let Some(Value::Array(rows)) = value.get_mut("value").map(Value::take) else {
            return Err(strange("a page without a list `value`"));
        };
        let rows = rows.into_iter().map(|row| match row {
            Value::Object(row) => Ok(row),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(strange("a page with a row that is not an object"))
            }
        });
        Ok(Self { rows: rows.collect::<Result<_, _>>()?, next })
    }
}

/// Takes the link to the next page out of an answer: Dataverse and Graph call it `@odata.nextLink`, the admin API and Flow `nextLink`
/// (recorded; clients of Flow accept both).
pub(super) fn take_next(value: &mut Value) -> Option<String> {
    let object = value.as_object_mut()?;
    let link = ["@odata.nextLink", "nextLink"].iter().find_map(|name| object.remove(*name))?;
    link.as_str().filter(|link| !link.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(value: Value) -> Result<Page, Problem> {
        let asked = Asked { service: "Dataverse", method: "GET", path: "roles".to_owned() };
        Page::of_json(&asked, 200, value)
    }

    #[test]
    fn a_page_has_rows_and_perhaps_a_link() {
        let first = page(json!({ "value": [{ "a": 1 }], "@odata.nextLink": "https://x/2" })).unwrap();
        assert_eq!((first.rows.len(), first.next.as_deref()), (1, Some("https://x/2")));
        assert_eq!(page(json!({ "value": [], "nextLink": "n" })).unwrap().next.as_deref(), Some("n"));
        assert_eq!(page(json!({ "value": [], "nextLink": null })).unwrap().next, None);
    }

    #[test]
    fn what_is_not_a_page_is_malformed() {
        for value in [json!({}), json!([]), json!({ "value": {} }), json!({ "value": [1] })] {
            assert_eq!(page(value.clone()).unwrap_err().cause, Cause::Malformed, "{value}");
        }
    }
}
