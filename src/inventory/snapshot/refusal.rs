//! Why a file is refused as a snapshot, and where.
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::version::Version;

/// A file that is no snapshot, or not a whole one.
#[derive(Debug, Error)]
#[error("{line}:{column}: {fault}")]
pub struct Refusal {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a snapshot.
#[derive(Debug, Error)]
pub enum Fault {
    /// There is nothing in the file.
    #[error("the file is empty")]
    Empty,
    /// The first line does not say that it is a snapshot.
    #[error("the first line is not that of a snapshot")]
    NoSnapshot,
    /// Another version of powergrant wrote it.
    #[error("the snapshot's format is version {}.{}, and this powergrant reads version {}", found.major, found.minor, Version::CURRENT.major)]
    OtherVersion {
        /// The version.
        found: Version,
    },
    /// A line is not what it should be.
    #[error("`{path}`: {says}")]
    Shape {
        /// Where in the line: the fields that lead to it.
        path: String,
        /// What is wrong.
        says: String,
    },
    /// An environment is there twice.
    #[error("environment `{name}` is there twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// An environment is under other names than the header says.
    #[error("environment `{name}` and the first line disagree whether names are pseudonyms")]
    OtherNames {
        /// Its name.
        name: String,
    },
    /// The last line is missing.
    #[error("the file ends after {environments} environments, without its last line")]
    CutOff {
        /// How many there are.
        environments: usize,
    },
    /// An environment is missing, or there is one too many.
    #[error("the last line counts {said} environments, and there are {found}")]
    Count {
        /// How many the last line counts.
        said: usize,
        /// How many there are.
        found: usize,
    },
    /// There is more behind the last line.
    #[error("something follows the last line")]
    AfterTheEnd,
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] std::io::Error),
}

impl Refusal {
    pub(super) fn at(line: usize, column: usize, fault: Fault) -> Self {
        Self { line, column, fault }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self.fault {
            Fault::Unreadable(_) => "check the path and the file's permissions",
            Fault::OtherVersion { found } if found.major > Version::CURRENT.major => {
                "read it with the powergrant that wrote it, or take a new one with this: `powergrant snapshot PATH --out FILE`"
            }
            Fault::Empty
            | Fault::NoSnapshot
            | Fault::OtherVersion { .. }
            | Fault::Shape { .. }
            | Fault::Twice { .. }
            | Fault::OtherNames { .. }
            | Fault::CutOff { .. }
            | Fault::Count { .. }
            | Fault::AfterTheEnd => "take a new one: `powergrant snapshot PATH --out FILE`",
        }
    }
}

/// Reads a line, or says where in it the trouble is.
pub(super) fn parse<T: DeserializeOwned>(text: &str, line: usize) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let refused = |path: String, error: &serde_json::Error| {
        let says = error.to_string();
        // The line within the line says nothing; where it is said in front.
        let says = says.split(" at line ").next().unwrap_or_default().to_owned();
        Refusal::at(line, error.column().max(1), Fault::Shape { path, says })
    };
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| refused(error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| refused(".".to_owned(), &error))?;
    Ok(value)
}
