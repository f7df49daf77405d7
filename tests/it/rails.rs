//! Rails as a user meets them: the real binary, the embedded tenant, exit code 3, and nothing written.
use powergrant::sandbox::faults::{Disturbance, Refusal, Rule as FaultRule};

use crate::desk::{Desk, shown, text};
use crate::proxied::Stage;

/// Gives Ada the administrator's role.
const PRIVILEGED: &str = "\
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: administrators }
environments: [contoso-prod]
spec:
  role: System Administrator
  members: [{ user: ada@contoso.com }]
";

#[test]
fn a_tripped_rail_stops_every_write_and_is_lifted_by_its_own_name_alone() {
    let desk = Desk::with("copilot-agent-flow");
    desk.write("administrators.yaml", PRIVILEGED);
    let plan = desk.run(&["plan", "--sandbox", "."]);
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    assert!(text(&plan.stdout).contains("privileged-grant: user ada@contoso.com would gain"), "{}", shown(&plan));
    let stopped = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(stopped.status.code(), Some(3), "{}", shown(&stopped));
    assert!(text(&stopped.stderr).contains("error[privileged-grant]"), "{}", shown(&stopped));
    let other = desk.run(&["apply", "--sandbox", "--yes", "--allow", "min-admins", "."]);
    assert_eq!(other.status.code(), Some(3), "{}", shown(&other));
    let still = desk.run(&["plan", "--sandbox", "--detailed-exitcode", "."]);
    assert_eq!(text(&still.stdout), text(&plan.stdout), "something was written");
    let lifted = desk.run(&["apply", "--sandbox", "--yes", "--allow", "privileged-grant", "."]);
    assert_eq!(lifted.status.code(), Some(0), "{}", shown(&lifted));
}

#[test]
fn a_reviewed_setting_lifts_a_rail_too() {
    let desk = Desk::with("copilot-agent-flow");
    desk.write("administrators.yaml", PRIVILEGED);
    let environment = desk.read("environment.yaml");
    desk.write(
        "environment.yaml",
        &format!("{environment}  rails: {{ privileged-grant: [{{ user: ada@contoso.com }}] }}\n"),
    );
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
}

#[test]
fn there_is_no_flag_for_all_rails() {
    let desk = Desk::with("copilot-agent-flow");
    for flag in ["--force", "--allow=all", "--allow=*", "--allow=incomplete-read", "--allow=unknown-role"] {
        let refused = desk.run(&["apply", "--sandbox", "--yes", flag, "."]);
        assert_eq!(refused.status.code(), Some(1), "{flag}: {}", shown(&refused));
    }
    assert!(!desk.path(".powergrant").exists(), "the tenant was touched");
}

#[test]
fn a_rail_in_one_environment_stops_the_others_unless_each_is_said() {
    let desk = Desk::with("three-stages");
    desk.write("administrators.yaml", &PRIVILEGED.replace("contoso-prod", "contoso-test"));
    let stopped = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(stopped.status.code(), Some(3), "{}", shown(&stopped));
    let open = |environment| text(&desk.run(&["plan", "--sandbox", "-e", environment, "."]).stdout);
    let is_open = |environment| open(environment).contains("role assignment Flow Runner");
    assert!(is_open("contoso-dev") && is_open("contoso-test"), "something was written");
    let each = desk.run(&["apply", "--sandbox", "--yes", "--each", "."]);
    assert_eq!(each.status.code(), Some(3), "{}", shown(&each));
    assert!(!is_open("contoso-dev"), "{}", open("contoso-dev"));
    assert!(is_open("contoso-test"), "{}", open("contoso-test"));
}

#[test]
fn a_lent_connection_needs_a_word_in_the_manifest() {
    let desk = Desk::with("copilot-agent-flow");
    let flow = desk.read("flow.yaml").replace("    contoso_outlook: useThisConnection ", "    # contoso_outlook: ");
    desk.write("flow.yaml", &flow);
    let stopped = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(stopped.status.code(), Some(3), "{}", shown(&stopped));
    assert!(text(&stopped.stderr).contains("lends its owner's connection contoso_outlook"), "{}", shown(&stopped));
}

#[test]
fn a_plan_says_how_risky_it_is_and_what_it_means_for_people() {
    let desk = Desk::with("copilot-agent-flow");
    let plan = text(&desk.run(&["plan", "--sandbox", "."]).stdout);
    for sentence in [
        "Risk in contoso-prod: medium\n",
        "+ 11 people in SG-Expense-Prod can now run *Expense intake*, as mia@contoso.com's Outlook connection contoso_outlook\n",
        "- user bob@contoso.com can no longer run *Expense intake*\n",
    ] {
        assert!(plan.contains(sentence), "{sentence}{plan}");
    }
}

/// One rail: manifests that trip it, the setting that the refusal names, and manifests that do not trip it.
struct Case {
    rail: &'static str,
    /// Each is what `rails:` of the Environment document says, a kind, and the document's spec.
    trips: [&'static str; 3],
    does_not: [&'static str; 3],
    names: &'static str,
}

const ADMINISTRATORS: &str = "role: System Administrator, members";

const CASES: [Case; 10] = [
    Case {
        rail: "max-removals",
        trips: [
            "max-removals: { absolute: 1, share: 1.0, floor: 1 }",
            "RoleAssignment",
            "role: Basic User, members: [{ user: bob@contoso.com, state: absent }, { user: dan@contoso.com, state: absent }]",
        ],
        does_not: [
            "max-removals: { absolute: 2, share: 1.0, floor: 1 }",
            "RoleAssignment",
            "role: Basic User, members: [{ user: bob@contoso.com, state: absent }, { user: dan@contoso.com, state: absent }]",
        ],
        names: "rails.max-removals",
    },
    Case {
        rail: "protect-self",
        trips: [
            "",
            "RoleAssignment",
            "role: System Administrator, members: [{ application: { appId: 33333333-3333-3333-3333-333333333333 }, state: absent }]",
        ],
        does_not: ["", "RoleAssignment", "role: Basic User, members: [{ user: bob@contoso.com, state: absent }]"],
        names: "",
    },
    Case {
        rail: "min-admins",
        trips: ["", "RoleAssignment", "ADMINISTRATORS: [{ user: admin@contoso.com, state: absent }]"],
        does_not: ["min-admins: 1", "RoleAssignment", "ADMINISTRATORS: [{ user: admin@contoso.com, state: absent }]"],
        names: "rails.min-admins",
    },
    Case {
        rail: "required-admins",
        trips: [
            "min-admins: 1, required-admins: [{ user: breakglass@contoso.com }]",
            "RoleAssignment",
            "ADMINISTRATORS: [{ user: breakglass@contoso.com, state: absent }]",
        ],
        does_not: [
            "min-admins: 1, required-admins: [{ user: breakglass@contoso.com }]",
            "RoleAssignment",
            "ADMINISTRATORS: [{ user: admin@contoso.com, state: absent }]",
        ],
        names: "rails.required-admins",
    },
    Case {
        rail: "protected",
        trips: [
            "protected: [{ user: bob@contoso.com }]",
            "RoleAssignment",
            "role: Basic User, members: [{ user: bob@contoso.com, state: absent }]",
        ],
        does_not: [
            "protected: [{ user: bob@contoso.com }]",
            "RoleAssignment",
            "role: Basic User, members: [{ user: dan@contoso.com, state: absent }]",
        ],
        names: "rails.protected",
    },
    Case {
        rail: "privileged-grant",
        trips: ["", "RoleAssignment", "ADMINISTRATORS: [{ user: ada@contoso.com }]"],
        does_not: [
            "privileged-grant: [{ user: ada@contoso.com }]",
            "RoleAssignment",
            "ADMINISTRATORS: [{ user: ada@contoso.com }]",
        ],
        names: "rails.privileged-grant",
    },
    Case {
        rail: "empty-exact",
        trips: [
            "",
            "RoleAssignment",
            "role: Delegate, extent: exact, members: [{ user: mia@contoso.com, expires: 2020-01-31 }]",
        ],
        does_not: [
            "",
            "RoleAssignment",
            "role: Delegate, extent: exact, allowEmpty: true, members: [{ user: mia@contoso.com, expires: 2020-01-31 }]",
        ],
        names: "allowEmpty: true",
    },
    Case {
        rail: "unmanaged-layer",
        trips: [
            "",
            "Flow",
            "flow: Payroll export, allowUnmanagedLayer: true, connections: { contoso_sharepoint: providedByRunOnlyUser }",
        ],
        does_not: [
            "unmanaged-layer: allowed",
            "Flow",
            "flow: Payroll export, allowUnmanagedLayer: true, connections: { contoso_sharepoint: providedByRunOnlyUser }",
        ],
        names: "rails.unmanaged-layer",
    },
    Case {
        rail: "child-flow",
        trips: ["", "Flow", "flow: Archive receipt, connections: { contoso_sharepoint: providedByRunOnlyUser }"],
        does_not: ["", "Flow", "flow: Approve expense, connections: { contoso_outlook: providedByRunOnlyUser }"],
        names: "useThisConnection",
    },
    Case {
        rail: "shared-connection",
        trips: ["", "Flow", "flow: Expense intake, owners: { members: [{ user: ada@contoso.com }] }"],
        does_not: [
            "",
            "Flow",
            "flow: Expense intake, connections: { \"*\": useThisConnection }, owners: { members: [{ user: ada@contoso.com }] }",
        ],
        names: "useThisConnection",
    },
];

/// A desk with one document, and `rails:` of its environment.
fn desk_of([rails, kind, spec]: [&str; 3]) -> Desk {
    let desk = Desk::empty();
    let environment = "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: { name: contoso-prod }\n\
        spec:\n  url: https://contoso.crm4.dynamics.com\n  tenant: 11111111-1111-1111-1111-111111111111\n";
    desk.write("environment.yaml", &format!("{environment}  rails: {{ {rails} }}\n"));
    // The managed flow of this tenant may be customised.
    let seed = powergrant::sandbox::seed::default_seed();
    desk.write(
        "sandbox.yaml",
        &seed.replace("          managed: true\n", "          managed: true\n          customizable: true\n"),
    );
    let spec = spec.replace("ADMINISTRATORS", ADMINISTRATORS);
    let document = "apiVersion: powergrant.dev/v1alpha1\nmetadata: { name: case }\nenvironments: [contoso-prod]\n";
    desk.write("case.yaml", &format!("{document}kind: {kind}\nspec: {{ {spec} }}\n"));
    desk
}

/// The embedded tenant's own memory of its state; nothing before the first write.
fn state(desk: &Desk) -> Option<Vec<u8>> {
    let folder = std::fs::read_dir(desk.path(".powergrant/sandbox")).ok()?;
    let file =
        folder.filter_map(Result::ok).find(|entry| entry.path().extension().is_some_and(|kind| kind == "json"))?;
    std::fs::read(file.path()).ok()
}

#[test]
fn every_rail_has_a_plan_that_trips_it_and_one_that_does_not() {
    // What was read in part is held back list by list, and the run goes on: the test below.
    let rails = powergrant::rules::RAILS.iter().map(|rail| rail.rule.id()).filter(|rail| *rail != "incomplete-read");
    let cases: Vec<&str> = CASES.iter().map(|case| case.rail).collect();
    assert_eq!(cases, rails.collect::<Vec<_>>());
    for Case { rail, trips, does_not, names } in CASES {
        let desk = desk_of(trips);
        desk.run(&["plan", "--sandbox", "."]);
        let before = state(&desk);
        let stopped = desk.run(&["apply", "--sandbox", "--yes", "."]);
        assert_eq!(stopped.status.code(), Some(3), "{rail}: {}", shown(&stopped));
        let said = text(&stopped.stderr);
        assert!(said.contains(&format!("error[{rail}]: ")), "{rail}: {said}");
        assert!(said.contains(&format!("`--allow {rail}`")) && said.contains(names), "{rail}: {said}");
        assert!(said.contains("error: nothing was written: a rail stands\n"), "{rail}: {said}");
        assert_eq!(said.matches("error[").count(), 1, "{rail} alone stands: {said}");
        assert!(state(&desk) == before && !desk.path(".powergrant/journal.jsonl").exists(), "{rail}: it was written");

        let lifted = desk.run(&["apply", "--sandbox", "--yes", "--allow", rail, "."]);
        assert_ne!(lifted.status.code(), Some(3), "{rail}: {}", shown(&lifted));

        let desk = desk_of(does_not);
        let goes_on = desk.run(&["apply", "--sandbox", "--yes", "."]);
        assert_eq!(goes_on.status.code(), Some(0), "{rail}: {}", shown(&goes_on));
        assert!(!text(&goes_on.stderr).contains(rail), "{rail}: {}", shown(&goes_on));
    }
}

/// One list that is read in part, and another document.
const PARTLY_READ: &str = "apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: { name: intake }
environments: [contoso-prod]
spec:
  flow: Expense intake
  runOnlyUsers: { extent: exact, members: [], allowEmpty: true }
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: makers }
environments: [contoso-prod]
spec: { role: Environment Maker, members: [{ user: ada@contoso.com }] }
";

#[test]
fn a_list_that_was_not_read_whole_is_held_back_alone_and_the_run_says_so() {
    let apply = |is_read: bool, more: &[&str]| {
        let stage = Stage::public();
        stage.desk.write("partly.yaml", PARTLY_READ);
        if !is_read {
            let refused = Refusal { status: 403, code: None, message: None, retry_after: Some(0) };
            stage.change(FaultRule {
                times: 0,
                ..FaultRule::on("principalobjectaccessset", Disturbance::Refuse(refused))
            });
        }
        let arguments = ["apply", "--yes", "environment.yaml", "partly.yaml"];
        let applied = stage.run(&[arguments.as_slice(), more].concat(), &[]);
        (applied, stage.asked("RevokeAccess"), stage.asked("$ref"))
    };
    let (applied, revoked, assigned) = apply(false, &[]);
    assert_eq!(applied.status.code(), Some(1), "{}", shown(&applied));
    let said = text(&applied.stderr);
    assert!(said.contains("warning[incomplete-read]: flow Expense intake, shares is left as it is"), "{said}");
    assert!(said.contains("with `--allow-incomplete` what is left so is no failure"), "{said}");
    assert_eq!((revoked, assigned), (0, 1), "{}", shown(&applied));
    let (accepted, revoked, assigned) = apply(false, &["--allow-incomplete"]);
    assert_eq!(accepted.status.code(), Some(0), "{}", shown(&accepted));
    assert_eq!((revoked, assigned), (0, 1), "the list is held back all the same: {}", shown(&accepted));
    let (whole, revoked, assigned) = apply(true, &[]);
    assert_eq!(whole.status.code(), Some(0), "{}", shown(&whole));
    assert_eq!((revoked, assigned), (1, 1), "{}", shown(&whole));
    assert!(!text(&whole.stderr).contains("incomplete-read"), "{}", shown(&whole));
}

/// Two grants and a revocation; three administrators are there, and two have to be left.
const LEAVING: &str = "apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: leaving }
environments: [contoso-prod]
spec: { role: System Administrator, members: [{ user: admin@contoso.com, state: absent }] }
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: joining }
environments: [contoso-prod]
spec: { role: Environment Maker, members: [{ user: ada@contoso.com }] }
";

#[test]
fn a_rail_that_trips_after_the_grants_stops_every_revocation() {
    let stage = Stage::public();
    let administrator = |there: bool| {
        let tenant = stage.running.tenant();
        let mut tenant = tenant.lock().expect("no holder of this lock panics");
        let mia = tenant.user("contoso-prod", "mia@contoso.com").expect("she is there");
        let organization = tenant.organization_mut("contoso-prod").expect("an organisation");
        let role = organization.role("System Administrator").expect("the role");
        if there {
            organization.give_role(mia, role);
        } else {
            assert!(organization.take_role(mia, role));
        }
    };
    stage.desk.write("leaving.yaml", LEAVING);
    let arguments = ["apply", "--yes", "--journal", "journal.jsonl", "environment.yaml", "leaving.yaml"];
    administrator(true);
    // Somebody takes it from her while the plan is made: its reads go by caches, and those before a revocation do not.
    stage.run(&["plan", "environment.yaml", "leaving.yaml"], &[]);
    stage.running.tenant().lock().expect("no holder of this lock panics").variants.stale_reads = 1_000;
    administrator(false);
    let writes = |method: &str| {
        let tenant = stage.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        tenant.log.iter().filter(|logged| logged.method == method && logged.path.contains("$ref")).count()
    };
    let applied = stage.run(&arguments, &[]);
    assert_eq!(applied.status.code(), Some(3), "{}", shown(&applied));
    let said = text(&applied.stdout);
    assert!(
        said.contains("role assignment Environment Maker\n    = user ada@contoso.com"),
        "the grant is reported: {said}"
    );
    assert!(said.contains("skipped because rail min-admins stands: "), "{said}");
    assert_eq!((writes("POST"), writes("DELETE")), (1, 0), "{}", shown(&applied));
    let journal = stage.desk.read("journal.jsonl");
    assert!(journal.contains("\"outcome\":\"held\"") && journal.contains("\"outcome\":\"skipped\""), "{journal}");
}
