//! From YAML text to documents that know where everything stands.
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::finding::{Finding, Severity};
use crate::manifest::envelope::ApiVersion;
use crate::rules::Rule;

pub mod document;
pub mod envelope;
mod mask;
pub mod node;
pub mod schema;
mod shape;
pub mod sources;
pub mod variables;
mod written;
pub mod yaml;

pub use document::Document;
pub use sources::Sources;

#[cfg(test)]
mod tests;

/// What a set of files holds.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Every document with a readable header, in the order of files and lines.
    pub documents: Vec<Document>,
    /// The text of the files, for excerpts.
    pub sources: Sources,
    /// Everything that is wrong with files, YAML, headers and shapes.
    pub findings: Vec<Finding>,
}

/// The schema that every document is compared with: made once, because it is the same for all.
static SCHEMA: LazyLock<Arc<Value>> = LazyLock::new(|| Arc::new(schema::schema()));

/// Reads files, each a path and a text or what was wrong with reading it.
pub fn load(files: impl IntoIterator<Item = (String, Result<String, Finding>)>) -> Manifests {
    let schema = Arc::clone(&SCHEMA);
    let mut manifests = Manifests::default();
    for (path, text) in files {
        let file: Arc<str> = path.into();
        let text = match text {
            Ok(text) => text,
            Err(finding) => {
                manifests.findings.push(finding);
                continue;
            }
        };
        let parsed = yaml::load(&text);
        manifests.sources.add(file.clone(), text);
        for fault in parsed.faults {
            let mut finding = Finding::error(Rule::Syntax, &fault.span.place(&file), fault.message);
            if let Some(also) = fault.also {
                finding = finding.also(&also.place(&file), "first here");
            }
            manifests.findings.push(match fault.hint {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
        for root in parsed.documents {
            manifests.documents.extend(Document::read(root, &file, &schema, &mut manifests.findings));
        }
    }
    if manifests.documents.is_empty() && manifests.findings.is_empty() {
        let message = "the manifests hold no document";
        let finding = Finding::new(Severity::Error, Rule::NoDocuments, None, message);
        manifests.findings.push(finding.hint(format!("a document begins with `apiVersion: {}`", ApiVersion::TEXT)));
    }
    manifests
}
