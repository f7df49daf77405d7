//! Tables in the documents are those of the code: written by this test when `POWERGRANT_WRITE_DOCUMENTS` is set, else compared.
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use powergrant::derive::Table;
use powergrant::explain::requirements;
use powergrant::request::Service;
use powergrant::rights::{RIGHTS, Task, Weight, manifest};
use powergrant::tenant::sign_in::methods::{Family, Method, VARIABLES};
use powergrant::tenant::{Cloud, OVERRIDES, Override};

/// Puts a table between the marks of its name, or says that it is another.
pub(crate) fn has_table(file: &str, name: &str, table: &str) {
    // Tables of one document are written by several tests at once.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).expect("the document is there");
    let (start, end) = (format!("<!-- generated: {name} -->\n"), "<!-- end -->");
    let (before, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{file} has no mark `{name}`"));
    let (found, after) = rest.split_once(end).expect("a mark has an end");
    let wanted = format!("\n{}\n\n", table.trim());
    if found != wanted && std::env::var_os("POWERGRANT_WRITE_DOCUMENTS").is_some() {
        fs::write(&path, format!("{before}{start}{wanted}{end}{after}")).expect("the document can be written");
        return;
    }
    assert_eq!(found, wanted, "{file}: run the tests once with POWERGRANT_WRITE_DOCUMENTS=1");
}

#[test]
fn the_ways_to_sign_in_are_those_of_the_code() {
    let mut table = "| `--auth` | signs in | is chosen by |\n|---|---|---|\n".to_owned();
    for method in Method::ALL {
        let _ = writeln!(table, "| `{}` | {} | {} |", method.name(), method.about(), method.evidence());
    }
    has_table(".github/SIGN-IN.md", "ways", &table);
}

#[test]
fn the_variables_are_those_of_the_code() {
    let mut table = "| says |".to_owned();
    for family in Family::ALL {
        let _ = write!(table, " `{}_…` |", family.prefix());
    }
    table += "\n|---|---|---|---|---|\n";
    for variable in VARIABLES {
        let _ = write!(table, "| {} |", variable.about);
        for names in variable.names {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            let _ = write!(table, " {} |", if names.is_empty() { "–".to_owned() } else { names.join(", ") });
        }
        table.push('\n');
    }
    has_table(".github/SIGN-IN.md", "variables", &table);
}

#[test]
fn the_clouds_are_those_of_the_code() {
    let mut table = "|  |".to_owned();
    table.extend(Cloud::ALL.map(|cloud| format!(" `{}` |", cloud.name())));
    table += "\n|---|---|---|---|---|---|\n| sign-in |";
    table.extend(Cloud::ALL.map(|cloud| format!(" {} |", cloud.login_host())));
    table += "\n| … audience of tokens of others |";
    table.extend(Cloud::ALL.map(|cloud| format!(" `{}` |", cloud.exchange_audience())));
    table += "\n| organisations |";
    table.extend(Cloud::ALL.map(|cloud| format!(" {} |", cloud.organisations())));
    for service in [Service::Admin, Service::Flow, Service::Graph] {
        let _ = write!(table, "\n| {} |", service.name());
        table.extend(Cloud::ALL.map(|cloud| format!(" {} |", cloud.host(service).expect("a host"))));
        table += "\n| … audience |";
        table.extend(Cloud::ALL.map(|cloud| format!(" `{}` |", cloud.audience(service).expect("an audience"))));
    }
    has_table(".github/SIGN-IN.md", "clouds", &table);
    let mut table = "| variable | replaces |\n|---|---|\n".to_owned();
    for Override { name, about, .. } in OVERRIDES {
        let _ = writeln!(table, "| `POWERGRANT_{name}` | {about} |");
    }
    has_table(".github/SIGN-IN.md", "overrides", &table);
}

#[test]
fn the_rights_are_those_of_the_code() {
    let mut table = "| of | for | right | |\n|---|---|---|---|\n".to_owned();
    for right in RIGHTS {
        let weight = if right.weight == Weight::Optional { "optional: " } else { "" };
        let (part, task) = (right.part.name(), right.task.word());
        let _ = writeln!(table, "| {part} | `{task}` | {} | {weight}{} |", right.needs.words(), right.purpose);
    }
    has_table(".github/RIGHTS.md", "rights", &table);
}

#[test]
fn what_running_a_flow_needs_is_what_the_commands_ask() {
    let mut table =
        "| requirement | when | what has to hold | certainty | source |\n|---|---|---|---|---|\n".to_owned();
    for line in requirements::all() {
        let (needs, certainty) = (line.needs.words(), line.certainty.word());
        let _ = writeln!(table, "| `{}` | {} | {needs} | {certainty} | {} |", line.id, line.step.words(), line.source);
    }
    has_table(".github/REQUIREMENTS.md", "requirements", &table);
    let published = Table::published();
    let mut table = "| needs | certainty | source |\n|---|---|---|\n".to_owned();
    for line in &published.start {
        let _ = writeln!(table, "| {} | {} | {} |", line.words(), line.certainty.word(), line.source);
    }
    has_table(".github/REQUIREMENTS.md", "starting", &table);
    let mut table = "| connector | operation | needs | certainty | source |\n|---|---|---|---|---|\n".to_owned();
    for line in &published.operations {
        let operation = if line.operation == "*" { "every" } else { &line.operation };
        let (connector, words, certainty) = (&line.connector, line.words(), line.certainty.word());
        let _ = writeln!(table, "| `{connector}` | {operation} | {words} | {certainty} | {} |", line.source);
    }
    has_table(".github/REQUIREMENTS.md", "operations", &table);
}

#[test]
fn the_roles_of_the_example_hold_exactly_the_rights_of_the_code() {
    for task in Task::ALL {
        let word = task.word();
        let role = manifest::security_role(
            &format!("powergrant-{word}"),
            &format!("powergrant {word}"),
            "{ selector: { stage: prod } }",
            &manifest::of_task(task),
        );
        let wanted = format!(
            "# yaml-language-server: $schema=../../schemas/powergrant.schema.json\n# What `{word}` needs, written from powergrant's own table of rights.\n{role}"
        );
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/powergrant-identities/{word}-role.yaml"));
        if std::env::var_os("POWERGRANT_WRITE_DOCUMENTS").is_some() {
            fs::write(&file, &wanted).expect("the example can be written");
        }
        assert_eq!(fs::read_to_string(&file).expect("the example is there"), wanted, "{}", file.display());
    }
}
