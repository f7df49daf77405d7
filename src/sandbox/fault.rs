//! A refusal as the imitated services send it: status, code, message.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A refusal, in the error envelope that Dataverse, Graph, BAP and the Flow service share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The service's own code, `0x80040217` or `Request_ResourceNotFound`; may be empty.
    pub code: String,
    /// The text for humans.
    pub message: String,
    /// Headers that belong to the refusal, such as `Retry-After`.
    pub headers: BTreeMap<String, String>,
}

impl Fault {
    /// Makes a refusal without headers of its own.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), headers: BTreeMap::new() }
    }

    /// Adds a header to the refusal.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// Refuses a request that Dataverse cannot parse or resolve; it answers 400 with this one code (recorded texts of
    /// public clients: `Could not find a property named`, `Syntax error at position`).
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "0x80060888", message)
    }

    /// Refuses a property that the table does not have.
    pub fn unknown_property(property: &str, table: &str) -> Self {
        Self::malformed(format!(
            "Could not find a property named '{property}' on type 'Microsoft.Dynamics.CRM.{table}'."
        ))
    }

    /// Says that the path has a segment which the service does not know (recorded: 404 with this code).
    pub fn unknown_segment(segment: &str) -> Self {
        Self::new(404, "0x80060888", format!("Resource not found for the segment '{segment}'."))
    }

    /// Says that the row is not there (recorded: `Entity 'role' With Id = … Does Not Exist`).
    pub fn no_such_row(table: &str, id: impl std::fmt::Display) -> Self {
        Self::new(404, "0x80040217", format!("Entity '{table}' With Id = {id} Does Not Exist"))
    }

    /// Returns the body that the services send with a refusal.
    pub fn to_json(&self) -> Value {
        json!({ "error": { "code": self.code, "message": self.message } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_sent_in_the_error_envelope() {
        let fault = Fault::no_such_row("role", "7c5629f5-4aaf-ed11-9884-000d3a3473d8");
        assert_eq!(fault.status, 404);
        assert_eq!(
            fault.to_json(),
            json!({ "error": { "code": "0x80040217", "message":
                "Entity 'role' With Id = 7c5629f5-4aaf-ed11-9884-000d3a3473d8 Does Not Exist" } })
        );
    }
}
