//! Roles and flows of real environments: seeded, planned, applied and read back, all of them at once.
//!
//! They are other people's and not in this repository: `POWERGRANT_CORPUS` names their folder, and without it these tests pass over.
#![expect(clippy::format_push_string, reason = "the seed and the documents read best line by line")]
mod flows;
mod roles;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desk::{Desk, shown, text};
use crate::recordings::read;

const HEADER: &str = "apiVersion: powergrant.dev/v1alpha1\n";
const TENANT: &str = "tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }
caller: { application: powergrant }
directory:
  users: [{ name: Mia Maker, upn: mia@contoso.com }]
  servicePrincipals:
    - { name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }
environments:
  - name: contoso-prod
    dataverse:
      url: https://contoso.crm4.dynamics.com
      users:
        - { application: powergrant, roles: [System Administrator] }
        - { user: mia@contoso.com, roles: [Environment Maker, Delegate] }
";

/// What the embedded tenant holds after the runs.
fn rows(desk: &Desk, table: &str) -> BTreeMap<String, Value> {
    let folder = desk.path(".powergrant/sandbox");
    let file =
        std::fs::read_dir(folder).expect("the tenant's state is kept").next().expect("one file").expect("a file");
    let state = read(&file.path());
    let rows =
        state["tenant"]["organizations"]["contoso-prod"]["rows"][table].as_object().expect("rows of the table").clone();
    rows.into_iter().collect()
}

fn run(desk: &Desk, arguments: &[&str], expected: i32) -> String {
    let output = desk.run(arguments);
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {}", shown(&output));
    text(&output.stdout)
}

fn environment() -> String {
    format!(
        "{HEADER}kind: Environment\nmetadata: {{ name: contoso-prod }}\nspec:\n  url: https://contoso.crm4.dynamics.com\n  rails: {{ protected: [] }}\n"
    )
}
