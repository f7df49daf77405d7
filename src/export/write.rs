//! Documents as YAML.
use super::Document;
use crate::compile::desired::State;
use crate::kinds::document::Spec;
use crate::manifest::envelope::{Addressees, ApiVersion, Manifest, Metadata};
use crate::manifest::yaml::to_yaml;

/// Writes documents for one environment as one YAML text. `Err` says which document cannot be written.
pub fn yaml<'documents>(
    documents: impl IntoIterator<Item = &'documents Document>,
    environment: &str,
) -> Result<String, String> {
    let mut text = String::new();
    for document in documents {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        let written = match &document.spec {
            Spec::SecurityRole(spec) => to_yaml(&manifest(document, environment, spec)),
            Spec::RoleAssignment(spec) => to_yaml(&manifest(document, environment, spec)),
            Spec::Flow(spec) => to_yaml(&manifest(document, environment, spec)),
        };
        let written = written.map_err(|error| format!("{} `{}`: {error}", document.kind, document.name))?;
        text.push_str(&written);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

fn manifest<'spec, S>(document: &Document, environment: &str, spec: &'spec S) -> Manifest<&'spec S> {
    Manifest {
        api_version: ApiVersion::V1Alpha1,
        kind: document.kind,
        metadata: Metadata { name: document.name.clone(), labels: std::collections::BTreeMap::new() },
        state: State::Present,
        environments: Addressees::Names(vec![environment.to_owned()]),
        spec,
    }
}
