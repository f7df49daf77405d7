//! Names of columns and attributes, and what is not served.

use roxmltree::Node;
use uuid::Uuid;

use crate::sandbox::fault::Fault;
use crate::sandbox::schema::Table;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox::dataverse) struct Caller {
    pub(in crate::sandbox::dataverse) user: Uuid,
    pub(in crate::sandbox::dataverse) unit: Uuid,
}

/// Says what of the language is not served here.
pub(super) fn not_served(what: &str) -> Fault {
    Fault::new(501, "SandboxNotServed", format!("The sandbox does not serve {what} in FetchXML."))
}

/// Refuses attributes of an element that would change the answer and are not served.
pub(super) fn only(node: Node<'_, '_>, known: &[&str]) -> Result<(), Fault> {
    match node.attributes().find(|attribute| !known.contains(&attribute.name())) {
        Some(attribute) => {
            let (element, name) = (node.tag_name().name(), attribute.name());
            Err(not_served(&format!("the attribute '{name}' of '{element}'")))
        }
        None => Ok(()),
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
        Fault::new(400, "0x80041103", text)
    })
}
