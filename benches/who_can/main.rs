//! What `who-can`, `can` and `explain` cost for 10,000 users and 1,000 flows from a snapshot: wall time of each question, how
//! many can and cannot, and peak memory.
//!
//! The snapshot is made by one process and asked by another, so that the memory is the asker's alone.
mod tenant;

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use powergrant::access::Ability;
use powergrant::explain::table::{self, Listed, Matrix, Row};
use powergrant::explain::{Bar, Question, explain, fix};
use powergrant::inventory::Inventory;
use powergrant::inventory::scope::Scope;
use powergrant::inventory::snapshot::{self, Header, Names, Snapshot, Taken, Version};
use powergrant::names::Depth;
use powergrant::render::who;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match (arguments.get(1).map(String::as_str), arguments.get(2)) {
        (Some("make"), Some(file)) => make(Path::new(file)),
        (Some("ask"), Some(file)) => ask(Path::new(file)),
        (_, _) => both(),
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn both() {
    let own = std::env::current_exe().expect("this program's path");
    let folder = std::env::temp_dir().join(format!("powergrant-who-can-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("snapshot.jsonl");
    for part in ["make", "ask"] {
        let status = Command::new(&own).arg(part).arg(&file).status().expect("the process starts");
        assert!(status.success(), "{part} failed");
    }
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

fn make(file: &Path) {
    let header = Header {
        powergrant_snapshot: Version::CURRENT,
        tool: env!("CARGO_PKG_VERSION").into(),
        cloud: "public".into(),
        tenant: None,
        taken: "2026-01-01T00:00:00Z".parse().expect("a moment"),
        caller: None,
        names: Names::Plain,
    };
    let taken = Taken { scope: Scope::everything(), inventory: tenant::inventory() };
    let text = [snapshot::begin(&header), snapshot::environment(&header, taken), snapshot::end(1)].concat();
    std::fs::write(file, text).expect("the snapshot is written");
}

fn read(file: &Path) -> Inventory {
    let open = BufReader::new(File::open(file).expect("the snapshot is there"));
    let mut snapshot = Snapshot::open(open).unwrap_or_else(|_| panic!("the snapshot is refused"));
    let Some(Ok(taken)) = snapshot.next() else { panic!("the snapshot has an environment") };
    taken.inventory
}

/// How many can, cannot, and how many nobody knows of.
fn counted(answers: impl Iterator<Item = Ability>) -> [usize; 3] {
    let mut counts = [0; 3];
    for answer in answers {
        match answer {
            Ability::Can => counts[0] += 1,
            Ability::Cannot => counts[1] += 1,
            Ability::Unknown => counts[2] += 1,
        }
    }
    counts
}

fn of_rows(rows: &[Row]) -> [usize; 3] {
    counted(rows.iter().map(|row| row.ability))
}

/// Times a question, and prints what it took and how its answers are spread.
fn timed<T>(name: &str, question: impl FnOnce() -> T, spread: impl FnOnce(&T) -> [usize; 3]) -> T {
    let started = Instant::now();
    let answer = question();
    let took = started.elapsed();
    let [can, cannot, unknown] = spread(&answer);
    say(&format!("{name:<38} {:>10.1} {can:>9} {cannot:>9} {unknown:>9}", took.as_secs_f64() * 1_000.0));
    answer
}

fn ask(file: &Path) {
    say(&format!("{:<38} {:>10} {:>9} {:>9} {:>9}", "question", "wall ms", "can", "cannot", "unknown"));
    let inventory = timed("read the snapshot", || read(file), |_| [0; 3]);
    let (bar, everybody) = (Bar::Documented, Listed::Everybody);
    let of_matrix =
        |matrix: &Matrix| counted((0..matrix.flows().len()).flat_map(|flow| matrix.of_flow(flow).collect::<Vec<_>>()));
    let matrix = timed("who-can: everybody, every flow", || table::matrix(&inventory, bar), of_matrix);
    // A flow that some can and of some nobody knows, and somebody who can run a few.
    let is_telling = |flow: &usize| counted(matrix.of_flow(*flow)).iter().all(|count| *count > 20);
    let flow = (0..matrix.flows().len()).find(is_telling).expect("such a flow");
    let flow = matrix.flows().nth(flow).expect("such a flow").clone();
    let runs = |person: &usize| counted(matrix.of_person(*person))[0] > 20;
    let runner = (0..matrix.people().len()).find(runs).expect("somebody");
    let person = |at: usize| matrix.people()[at].clone();
    timed("who-can --flow", || table::of_flow(&inventory, &flow, bar, Listed::Able), |rows| of_rows(rows));
    timed("who-can --flow --all", || table::of_flow(&inventory, &flow, bar, everybody), |rows| of_rows(rows));
    let holders = || table::of_privilege(&inventory, "prvReadworkflow", Depth::User, everybody).expect("a privilege");
    timed("who-can --privilege --all", holders, |rows| of_rows(rows));
    let own = |listed| table::of_person(&inventory, &person(runner), bar, listed).expect("a person");
    timed("can --user", || own(Listed::Able), |rows| of_rows(rows));
    timed("can --user --all", || own(everybody), |rows| of_rows(rows));
    let question = Question { person: person(runner), flow: flow.clone(), agent: None, bar };
    timed("explain --user --flow", || explain(&inventory, &question).expect("a person"), |_| [0; 3]);
    timed("the least fix of that", || fix::find(&inventory, &question, &[]), |_| [0; 3]);
    let of_matrix =
        |matrix: &Matrix| counted((0..matrix.flows().len()).flat_map(|flow| matrix.of_flow(flow).collect::<Vec<_>>()));
    timed(
        "everybody, every flow, as CSV",
        || who::matrix_csv(&matrix).map(|line| line.len()).sum::<usize>(),
        |_| [0; 3],
    );
    // A figure for nothing says nothing: all three answers are there, and everybody's are each one's.
    assert!(of_matrix(&matrix).iter().all(|count| *count > 50_000), "{:?}", of_matrix(&matrix));
    for at in (0..matrix.people().len()).step_by(501) {
        let alone = table::of_person(&inventory, &matrix.people()[at], bar, everybody).expect("a person");
        assert!(alone.iter().map(|row| row.ability).eq(matrix.of_person(at)), "{}", matrix.people()[at]);
    }
    say(&format!("peak {} KiB", peak()));
}

/// The most memory that this process had, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
