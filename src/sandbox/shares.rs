//! Share rows: one per shared row and principal.

use serde_json::json;
use uuid::Uuid;

use super::organization::{Organization, row_of};

/// Writes a share row.
pub(super) fn put(
    organization: &mut Organization,
    (table, object): (&str, Uuid),
    (kind, principal): (&str, Uuid),
    mask: u32,
) {
    let joint = organization.joint_id("principalobjectaccess", object, principal);
    let row = json!({
        "objectid": object, "objecttypecode": table, "principalid": principal, "principaltypecode": kind,
        "accessrightsmask": mask, "inheritedaccessrightsmask": 0, "changedon": "2026-01-05T08:00:00Z",
    });
    organization.put("principalobjectaccess", joint, row_of(row));
}
