//! Rails as a user meets them: the real binary, the embedded tenant, exit code 3, and nothing written.
use crate::desk::{Desk, shown, text};

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
