//! A flow's definition from a file, as solutions and packages of flows hold it.
use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use crate::clientdata::{self, Facts};
use crate::foreign::clip;
use crate::names::{Flow, Ref};

/// The greatest file that is read: a flow's definition has at most a megabyte (Learn: limits of cloud flows, with room to spare).
const GREATEST: u64 = 16 << 20;
const WHERE: &str = "give the JSON of one flow: `Workflows/NAME-ID.json` of an unpacked solution, or `definition.json` of an exported flow";

/// A definition and the flow that it is of.
pub(super) struct Definition {
    /// The flow, by the name in the file or else the file's; its id stands for it in this run alone.
    pub(super) flow: Ref<Flow>,
    /// What its text says.
    pub(super) facts: Facts,
}

/// Reads a definition; says what is wrong with the file otherwise.
pub(super) fn read(path: &Path) -> Result<Definition, String> {
    let shown = clip(&path.display().to_string());
    let wrong = |says: String, next: &str| format!("{shown}: {says}\nhint: {next}");
    let about = std::fs::metadata(path).map_err(|error| wrong(format!("cannot be read: {error}"), WHERE))?;
    if about.is_dir() {
        return Err(wrong("is a folder".to_owned(), WHERE));
    }
    if about.len() > GREATEST {
        return Err(wrong("is longer than any flow's definition".to_owned(), WHERE));
    }
    let bytes =
        std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}"), "check its permissions"))?;
    if bytes.starts_with(b"PK") {
        return Err(wrong(
            "is a zip file".to_owned(),
            "unpack it, and give `Workflows/NAME-ID.json` or `definition.json` in it",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not text in UTF-8".to_owned(), WHERE))?;
    let facts = clientdata::facts(&text).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        wrong(clip(&format!("{error}{cause}")), WHERE)
    })?;
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, path.display().to_string().as_bytes());
    Ok(Definition { flow: Ref::new(name(path, &text), id), facts })
}

/// The flow's name as the file has it; the file's own without the id behind it otherwise.
fn name(path: &Path, text: &str) -> String {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
    if let Some(name) = value["properties"]["displayName"].as_str().filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let id = stem.len().checked_sub(36).and_then(|at| stem.get(at..)).filter(|id| Uuid::try_parse(id).is_ok());
    id.and_then(|id| stem.strip_suffix(id)).map_or(stem.as_str(), |name| name.trim_end_matches('-')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_called_what_its_file_says() {
        let path = Path::new("Workflows/ExpenseIntake-48145D99-32F9-EF11-9340-7C1E521A0E3F.json");
        assert_eq!(name(path, "{}"), "ExpenseIntake");
        assert_eq!(name(path, r#"{"properties":{"displayName":"Expense intake"}}"#), "Expense intake");
        assert_eq!(name(Path::new("definition.json"), "{}"), "definition");
        assert_eq!(
            name(Path::new("é-und-so-weiter-und-so-weiter-und-so-fort.json"), ""),
            "é-und-so-weiter-und-so-weiter-und-so-fort"
        );
    }
}
