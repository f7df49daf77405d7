//! What would let somebody run a flow: grants in words, and the lines of manifests that make them.
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::explain::fix::Grant;
use crate::explain::patch::{Patch, Remedy, words};
use crate::foreign::visible;
use crate::problem::clip;

/// Renders what would let somebody run the flow.
pub fn fix(who: &str, remedy: &Remedy) -> String {
    let who = clip(who);
    match remedy {
        Remedy::Apply => format!(
            "  fix: your manifests say so already: `powergrant apply` lets {who} run the flow (tried on what was read).\n"
        ),
        Remedy::Change { grants, .. } if grants.is_empty() => {
            "  fix: roles, teams and shares lack nothing; what Dataverse itself answers is the reason, see above.\n"
                .to_owned()
        }
        Remedy::Change { grants, patch } => change(&who, grants, patch),
        Remedy::Beyond => "  fix: no change of manifests removes all of it; see who decides, above.\n".to_owned(),
    }
}

fn change(who: &str, grants: &[Grant], patch: &Patch) -> String {
    let mut out = format!("  fix: the least that lets {who} run the flow, tried on what was read:\n");
    for words in words(grants) {
        let _ = writeln!(out, "    + {}", clip(&words));
    }
    for edit in &patch.edits {
        let _ = writeln!(out, "\n--- {0}\n+++ {0}\n@@ line {1} @@", edit.file, edit.line);
        let _ = writeln!(out, "-{}", visible(&edit.before));
        for line in edit.after.lines() {
            let _ = writeln!(out, "+{}", visible(line));
        }
    }
    if !patch.documents.is_empty() {
        let _ = writeln!(out, "\n# a document to add\n{}", visible(patch.documents.trim_end()));
    }
    out
}

/// Renders a remedy for programs.
pub fn fix_json(remedy: &Remedy) -> Value {
    match remedy {
        Remedy::Apply => json!({ "kind": "apply" }),
        Remedy::Change { grants, patch } => json!({
            "kind": "change",
            "grants": words(grants),
            "edits": patch.edits.iter().map(|edit| json!({
                "file": &*edit.file, "line": edit.line, "before": edit.before, "after": edit.after,
            })).collect::<Vec<_>>(),
            "documents": patch.documents,
        }),
        Remedy::Beyond => json!({ "kind": "beyond" }),
    }
}
