//! Inventories as a file: one line of JSON for what the file is, one for each environment, and one that ends it.
//!
//! A snapshot has no defaults: whatever is missing, unknown, cut off or of another major version is refused with its
//! place. It holds facts of flows and never their text, and no secrets. It is written and read one environment at a time.
mod header;
mod pseudonyms;
mod refusal;
mod renamed;
#[cfg(test)]
mod tests;
mod version;

use std::collections::BTreeSet;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::foreign::inert_json;
use crate::inventory::Inventory;
use crate::inventory::scope::Scope;
use crate::names::Text;
use crate::problem::{Cause, Problem};

pub use header::{Header, Names};
pub use pseudonyms::{Known, Pseudonyms};
pub use refusal::{Fault, Refusal};
pub use version::Version;

/// One environment of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Taken {
    /// What was asked for.
    pub scope: Scope,
    /// What was read.
    pub inventory: Inventory,
}

/// The line after the environments, by which a file that was cut off is told from a whole one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct End {
    environments: usize,
}

/// A line after the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum Line {
    Environment(Box<Taken>),
    End(End),
}

/// Writes the line that begins a snapshot, its caller under a pseudonym if it says so.
pub fn begin(header: &Header) -> String {
    match &header.names {
        Names::Plain => line(header),
        Names::Pseudonyms { salt } => {
            let caller = header.caller.clone().map(|caller| Pseudonyms::new(*salt).of_principal(caller));
            line(&Header { caller, ..header.clone() })
        }
    }
}

/// Writes the line of one environment, under pseudonyms if the header says so.
pub fn environment(header: &Header, taken: Taken) -> String {
    line(&Line::Environment(Box::new(match &header.names {
        Names::Plain => taken,
        Names::Pseudonyms { salt } => Pseudonyms::new(*salt).hide(taken),
    })))
}

/// Writes the line that ends a snapshot.
pub fn end(environments: usize) -> String {
    line(&Line::End(End { environments }))
}

fn line(value: &impl Serialize) -> String {
    inert_json(&serde_json::to_string(value).expect("every key of a snapshot is a text")) + "\n"
}

/// A snapshot that is read, environment by environment.
#[derive(Debug)]
pub struct Snapshot<R> {
    /// What the file says of itself.
    pub header: Header,
    reader: R,
    line: usize,
    seen: BTreeSet<Text>,
    known: Known,
    is_over: bool,
}

impl<R: BufRead> Snapshot<R> {
    /// Reads the first line.
    pub fn open(mut reader: R) -> Result<Self, Refusal> {
        let text = next_line(&mut reader, 1)?.ok_or_else(|| Refusal::at(1, 1, Fault::Empty))?;
        let header = header::read(&text)?;
        Ok(Self { header, reader, line: 1, seen: BTreeSet::new(), known: Known::default(), is_over: false })
    }

    /// Names that the reader knows already, from manifests or the command line: where the snapshot has their pseudonyms,
    /// they stand in the inventories as they are written.
    #[must_use]
    pub fn recognising(mut self, known: Known) -> Self {
        self.known.extend(known);
        self
    }

    fn read(&mut self) -> Result<Option<Taken>, Refusal> {
        self.line += 1;
        let Some(text) = next_line(&mut self.reader, self.line)? else {
            return Err(Refusal::at(self.line, 1, Fault::CutOff { environments: self.seen.len() }));
        };
        match refusal::parse::<Line>(&text, self.line)? {
            Line::Environment(taken) => {
                let name = taken.inventory.environment.name.clone();
                if !self.seen.insert(name.clone()) {
                    return Err(Refusal::at(self.line, 1, Fault::Twice { name: name.to_string() }));
                }
                let is_pseudonymous = matches!(self.header.names, Names::Pseudonyms { .. });
                if taken.inventory.environment.pseudonymous != is_pseudonymous {
                    return Err(Refusal::at(self.line, 1, Fault::OtherNames { name: name.to_string() }));
                }
                Ok(Some(match &self.header.names {
                    Names::Plain => *taken,
                    Names::Pseudonyms { salt } => Pseudonyms::new(*salt).reveal(*taken, &self.known),
                }))
            }
            Line::End(end) => {
                if end.environments != self.seen.len() {
                    let (said, found) = (end.environments, self.seen.len());
                    return Err(Refusal::at(self.line, 1, Fault::Count { said, found }));
                }
                match next_line(&mut self.reader, self.line + 1)? {
                    Some(_) => Err(Refusal::at(self.line + 1, 1, Fault::AfterTheEnd)),
                    None => Ok(None),
                }
            }
        }
    }
}

/// Every environment, up to the end or the first refusal.
impl<R: BufRead> Iterator for Snapshot<R> {
    type Item = Result<Taken, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.read();
        self.is_over = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}

/// One line without its end; none behind the last one.
fn next_line(reader: &mut impl BufRead, line: usize) -> Result<Option<String>, Refusal> {
    let mut text = String::new();
    match reader.read_line(&mut text) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(Refusal::at(line, 1, Fault::Unreadable(error))),
    }
}

/// The problem of something that a snapshot does not hold.
pub fn not_in_snapshot() -> Problem {
    Problem::without_request(
        Cause::NotAsked,
        "powergrant",
        "not in this snapshot",
        "take a new snapshot with the manifests that name it: `powergrant snapshot PATH --out FILE`",
    )
}
