//! Two environments in one run, each with an identity of its own that the other does not know.
use powergrant::sandbox::seed::default_seed;

use crate::desk::{shown, text};
use crate::proxied::{APPLICATION, PUBLIC, Stage, TENANT};
use crate::ways::PEM;

/// The application that only the second environment knows.
const OTHER: &str = "44444444-4444-4444-4444-444444444401";

const ENVIRONMENT: &str = "  - name: contoso-test
    id: 8f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10
    dataverse:
      url: https://contoso-test.crm4.dynamics.com
      rootBusinessUnit: Contoso
      users:
        - { application: powergrant-plan, roles: [System Administrator] }
  - name: contoso-trial
";

const DOCUMENTS: &str = "apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: { name: contoso-test }
spec:
  url: https://contoso-test.crm4.dynamics.com
  tenant: 11111111-1111-1111-1111-111111111111
  credentials: POWERGRANT_TEST
---
apiVersion: powergrant.dev/v1alpha1
kind: SecurityRole
metadata: { name: reader }
environments: [contoso-test]
spec:
  role: Reader of roles
  privileges:
    Security Role: { Read: organization }
";

fn stage() -> Stage {
    let seed = default_seed().replace("  - name: contoso-trial\n", ENVIRONMENT);
    let stage = Stage::seeded(&seed, "public", PUBLIC, |options| options);
    stage.with(|tenant| {
        let other = OTHER.parse().expect("an id");
        tenant.identities.certificates.entry(other).or_default().insert(PEM.to_owned());
    });
    stage.desk.write("app.pem", PEM);
    stage.desk.write("test.yaml", DOCUMENTS);
    stage
}

#[test]
fn each_environment_is_read_and_written_as_the_identity_that_its_document_refers_to() {
    let stage = stage();
    let run = |arguments: &[&str], of_prod: &str, of_test: &str| {
        let mut command = stage.command(arguments);
        command
            .env("POWERGRANT_PROD_TENANT_ID", TENANT)
            .env("POWERGRANT_PROD_CLIENT_ID", of_prod)
            .env("POWERGRANT_PROD_CLIENT_SECRET", if of_prod == APPLICATION { "sandbox" } else { "sandbox-plan" })
            // The document names the tenant; what is set without its prefix is not for it.
            .env("POWERGRANT_TEST_CLIENT_ID", of_test)
            .env("POWERGRANT_TEST_CLIENT_CERTIFICATE_FILE", "app.pem")
            .env("POWERGRANT_CLIENT_ID", APPLICATION)
            .env("POWERGRANT_CLIENT_SECRET", "of-nobody");
        command.output().expect("the command starts")
    };
    let apply = run(&["apply", "-v", "--yes", "."], APPLICATION, OTHER);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    let said = text(&apply.stderr);
    for (environment, way) in [
        ("contoso-prod", "client-secret from POWERGRANT_PROD_*"),
        ("contoso-test", "certificate from POWERGRANT_TEST_*"),
    ] {
        let is_named = |line: &str| line.contains("signs in") && line.contains(environment) && line.contains(way);
        assert!(said.lines().any(is_named), "{environment} by {way} is not in the log: {}", shown(&apply));
    }
    let whoami = text(&run(&["whoami", "."], APPLICATION, OTHER).stdout);
    for part in [APPLICATION, OTHER, "client-secret from POWERGRANT_PROD_*", "certificate from POWERGRANT_TEST_*"] {
        assert!(whoami.contains(part), "{part} is not in {whoami}");
    }
    // Neither environment knows the other's identity, so nothing above was done by the wrong one.
    let swapped = run(&["plan", "."], OTHER, OTHER);
    assert_eq!(swapped.status.code(), Some(1), "{}", shown(&swapped));
    assert!(text(&swapped.stderr).contains("add the caller to the environment"), "{}", shown(&swapped));
}
