//! Names of columns and attributes, and the refusals of the language.
//!
//! Codes are those of the table of error codes in Microsoft's SDK (`QueryBuilder…`), with its texts unless another was recorded.

use roxmltree::Node;
use uuid::Uuid;

use crate::sandbox::fault::Fault;
use crate::sandbox::schema::Table;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox::dataverse) struct Caller {
    pub(in crate::sandbox::dataverse) user: Uuid,
    pub(in crate::sandbox::dataverse) unit: Uuid,
    pub(in crate::sandbox::dataverse) teams: Vec<Uuid>,
    /// Who reports to the user, where managers reach their reports' rows.
    pub(in crate::sandbox::dataverse) reports: Vec<Uuid>,
}

/// Refuses a query.
pub(super) fn refused(code: &str, text: impl Into<String>) -> Fault {
    Fault::new(400, code, text)
}

/// Says what of the language Dataverse has and is not served here.
pub(super) fn not_served(what: &str) -> Fault {
    Fault::new(501, "SandboxNotServed", format!("The sandbox does not serve {what} in FetchXML."))
}

/// `InvalidXml`.
pub(super) fn invalid_xml() -> Fault {
    refused("0x80040201", "Invalid XML.")
}

/// `QueryBuilderDeserializeInvalidNode`.
pub(super) fn invalid_node() -> Fault {
    refused("0x8004111c", "The element node encountered is invalid.")
}

/// Refuses attributes that an element does not have.
pub(super) fn only(node: Node<'_, '_>, known: &[&str]) -> Result<(), Fault> {
    match node.attributes().find(|attribute| !known.contains(&attribute.name())) {
        Some(_) => Err(invalid_node()),
        None => Ok(()),
    }
}

/// Returns an attribute that an element needs (`QueryBuilderAttributeNotFound`).
pub(super) fn needed<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, Fault> {
    node.attribute(name).ok_or_else(|| refused("0x8004111e", "A required attribute was not specified."))
}

/// Reads an attribute that says yes or no; each has a code of its own.
pub(super) fn flag(node: Node<'_, '_>, name: &str) -> Result<bool, Fault> {
    let code = match name {
        "distinct" => "0x80041115",
        "no-lock" => "0x80041118",
        "descending" => "0x80041119",
        "groupby" => "0x8004112e",
        // The others have none.
        _ => "0x80041139",
    };
    match node.attribute(name) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => {
            Err(refused(code, format!("The only valid values for {name} attribute are 'true', 'false', '1', and '0'.")))
        }
    }
}

/// Finds the wire name of a column by its logical name.
pub(super) fn wire_name(table: &Table, name: &str) -> Result<String, Fault> {
    if *name == table.primary_id {
        return Ok(name.to_owned());
    }
    let column = table.columns.iter().find(|column| column.logical_name().eq_ignore_ascii_case(name));
    column.map(|column| column.name.to_string()).ok_or_else(|| {
        // Learn: web service error codes, `QueryBuilderNoAttribute`; text as reported by users.
        let text = format!(
            "'{}' entity doesn't contain attribute with Name = '{name}' and NameMapping = 'Logical'.",
            table.logical_name
        );
        refused("0x80041103", text)
    })
}
