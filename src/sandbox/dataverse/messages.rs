//! Which messages tables take: `sdkmessagefilters`, which clients ask before they send many rows at once (Learn: bulk operation messages).

use serde_json::{Map, Value, json};

use super::Session;
use super::request::Request;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Query, Row};
use crate::sandbox::organization::{derived, row_of};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::Table;

/// The set; its rows are worked out, so that no organisation keeps them.
pub(super) const FILTERS: &str = "sdkmessagefilters";

/// The columns of a filter, and of the message behind `sdkmessageid`.
const COLUMNS: [&str; 3] = ["sdkmessagefilterid", "primaryobjecttypecode", "_sdkmessageid_value"];
const OF_MESSAGE: [&str; 2] = ["sdkmessageid", "name"];

impl Session<'_> {
    /// Answers `GET sdkmessagefilters`: everybody who may do anything may read it.
    pub(super) fn message_filters(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        self.authority()?.admit(self.organization)?;
        let query = request.options()?;
        check(&query)?;
        let mut rows: Vec<Row> = self.organization.tables().flat_map(|table| self.filters_of(table)).collect();
        rows.retain(|row| query.matches(row));
        rows.sort_by(|left, right| query.order(left, right));
        rows.truncate(query.top.unwrap_or(super::read::PAGE));
        let count = rows.len();
        let value: Vec<Value> = rows.into_iter().map(|row| shown(row, &query)).collect();
        let mut body =
            Map::from_iter([("@odata.context".to_owned(), json!(format!("{}/$metadata#{FILTERS}", request.root)))]);
        if query.count {
            body.insert("@odata.count".to_owned(), json!(count));
        }
        body.insert("value".to_owned(), Value::Array(value));
        Ok(Answer::json(200, Value::Object(body)))
    }

    fn filters_of(&self, table: &Table) -> Vec<Row> {
        let messages = messages(table).into_iter();
        let row = |message: &str| {
            let id = derived(self.organization.id, &format!("sdkmessage:{message}"));
            row_of(json!({
                "sdkmessagefilterid": derived(self.organization.id, &format!("sdkmessagefilter:{message}:{}", table.logical_name)),
                "primaryobjecttypecode": table.logical_name, "_sdkmessageid_value": id,
                "sdkmessageid": { "sdkmessageid": id, "name": message },
            }))
        };
        messages.map(row).collect()
    }
}

/// What a table takes: what its privileges are for, and many at once where it takes one.
fn messages(table: &Table) -> Vec<&'static str> {
    let mut found = vec!["Retrieve", "RetrieveMultiple"];
    let of = [
        (Verb::Create, ["Create", "CreateMultiple"].as_slice()),
        (Verb::Write, &["Update", "UpdateMultiple"]),
        (Verb::Delete, &["Delete"]),
        (Verb::Assign, &["Assign"]),
        (Verb::Share, &["GrantAccess", "ModifyAccess", "RevokeAccess"]),
    ];
    for (verb, messages) in of {
        if table.privilege(verb).is_some() {
            found.extend(messages);
        }
    }
    found
}

fn check(query: &Query) -> Result<(), Fault> {
    let known: Vec<String> = OF_MESSAGE.iter().map(|name| format!("sdkmessageid/{name}")).collect();
    let is_known = |name: &String| COLUMNS.contains(&name.as_str()) || known.contains(name);
    let of_message = query.expand.iter().flat_map(|expand| expand.query.select.iter().flatten());
    if let Some(name) = query.properties().iter().find(|name| !is_known(name)) {
        return Err(Fault::unknown_property(name, "sdkmessagefilter"));
    }
    if let Some(expand) = query.expand.iter().find(|expand| expand.property != "sdkmessageid") {
        return Err(Fault::unknown_property(&expand.property, "sdkmessagefilter"));
    }
    match of_message.into_iter().find(|name| !OF_MESSAGE.contains(&name.as_str())) {
        Some(name) => Err(Fault::unknown_property(name, "sdkmessage")),
        None => Ok(()),
    }
}

fn shown(mut row: Row, query: &Query) -> Value {
    let message = row.remove("sdkmessageid");
    let mut shown: Row = match &query.select {
        Some(select) => {
            row.into_iter().filter(|(name, _)| name == "sdkmessagefilterid" || select.contains(name)).collect()
        }
        None => row,
    };
    if let (Some(expand), Some(Value::Object(message))) = (query.expand.first(), message) {
        let select = expand.query.select.as_ref();
        let is_wanted = |name: &String| name == "sdkmessageid" || select.is_none_or(|select| select.contains(name));
        let message: Row = message.into_iter().filter(|(name, _)| is_wanted(name)).collect();
        shown.insert("sdkmessageid".to_owned(), Value::Object(message));
    }
    Value::Object(shown)
}
