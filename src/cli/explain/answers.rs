//! What `explain` prints of one environment, and the fix that it writes.
use super::{Explain, Format};
use crate::cli::asked::{Asked, questions};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::explain::errors::{self, Meaning};
use crate::explain::fix::with_suspects;
use crate::explain::group;
use crate::explain::patch::{self, Manifests, Patch, Remedy};
use crate::explain::{self, Explanation, Question, Verdict};
use crate::foreign::{clip, inert};
use crate::inventory::Inventory;
use crate::render::{explanation, json};

impl Explain {
    /// Answers for one environment.
    pub(super) fn explain(
        &self,
        inventory: &Inventory,
        asked: &Asked,
        manifests: Option<&Manifests<'_>>,
        output: &mut Output,
    ) -> Exit {
        let questions = match questions(inventory, asked, self.agent.as_deref(), self.certainty.into()) {
            Ok(questions) => questions,
            Err(message) => {
                output.error(&format!("error: {}: {message}\n", inert(&inventory.environment.name)));
                return Exit::Error;
            }
        };
        let mut exit = Exit::Success;
        for question in questions {
            let own = if self.group.is_some() {
                self.of_group(inventory, &question, manifests, output)
            } else {
                self.of_person(inventory, question, manifests, output)
            };
            exit = exit.and(own);
        }
        exit
    }

    fn of_person(
        &self,
        inventory: &Inventory,
        question: Question,
        manifests: Option<&Manifests<'_>>,
        output: &mut Output,
    ) -> Exit {
        let Some(explanation) = explain::explain(inventory, &question) else {
            output.error(&format!(
                "error: {}: nobody knows {}: neither Dataverse nor the directory\n\
                 hint: name the person by user principal name or Entra object id\n",
                inert(&inventory.environment.name),
                clip(&question.person.to_string())
            ));
            return Exit::Error;
        };
        let wanted = if self.include_suspects { with_suspects(&question) } else { question };
        let is_wanting =
            explanation.verdict != Verdict::Can || (self.include_suspects && !explanation.suspects().is_empty());
        let remedy = is_wanting.then(|| patch::remedy(inventory, &wanted, manifests));
        self.print(&explanation, remedy.as_ref(), output);
        let exit = exit(explanation.verdict);
        exit.and(self.written(remedy.as_ref(), manifests, output))
    }

    fn print(&self, explanation: &Explanation, remedy: Option<&Remedy>, output: &mut Output) {
        let meaning: Option<Meaning> = self.error.as_deref().and_then(errors::meaning);
        match self.format {
            Format::Text => {
                if self.error.is_some() {
                    output.result(&explanation::meaning(meaning.as_ref()));
                    output.result(&explanation::meaning_here(meaning.as_ref(), explanation));
                }
                output.result(&explanation::text(explanation, remedy));
            }
            Format::Json => {
                let mut value = explanation::json(explanation);
                if let Some(remedy) = remedy {
                    value["fix"] = explanation::fix_json(remedy);
                }
                if self.error.is_some() {
                    value["error"] = explanation::meaning_json(meaning.as_ref(), Some(explanation));
                }
                output.result(&json::pretty(&value));
            }
        }
    }

    fn of_group(
        &self,
        inventory: &Inventory,
        question: &Question,
        manifests: Option<&Manifests<'_>>,
        output: &mut Output,
    ) -> Exit {
        let Some(alike) = group::of_group(inventory, question) else {
            output.error(&format!(
                "error: {}: nobody knows who is in {}\n\
                 hint: give this identity GroupMember.Read.All in Microsoft Graph, or take a new snapshot\n",
                inert(&inventory.environment.name),
                clip(&question.person.to_string())
            ));
            return Exit::Error;
        };
        let wanted = if self.include_suspects { with_suspects(question) } else { question.clone() };
        let is_wanting = alike.iter().any(|alike| alike.verdict != Verdict::Can);
        let remedy = is_wanting.then(|| patch::remedy(inventory, &wanted, manifests));
        let meaning: Option<Meaning> = self.error.as_deref().and_then(errors::meaning);
        match self.format {
            Format::Text => {
                if self.error.is_some() {
                    output.result(&explanation::meaning(meaning.as_ref()));
                }
                output.result(&explanation::group(&inventory.environment.name, question, &alike, remedy.as_ref()));
            }
            Format::Json => {
                let mut value = explanation::group_json(&inventory.environment.name, question, &alike);
                if let Some(remedy) = &remedy {
                    value["fix"] = explanation::fix_json(remedy);
                }
                if self.error.is_some() {
                    value["error"] = explanation::meaning_json(meaning.as_ref(), None);
                }
                output.result(&json::pretty(&value));
            }
        }
        let exit = alike.iter().fold(Exit::Success, |all, alike| all.and(exit(alike.verdict)));
        exit.and(self.written(remedy.as_ref(), manifests, output))
    }

    /// Writes a fix where that is wanted, or says why there is nothing to write.
    fn written(&self, remedy: Option<&Remedy>, manifests: Option<&Manifests<'_>>, output: &mut Output) -> Exit {
        if !self.fix {
            return Exit::Success;
        }
        let (patch, manifests) = match (remedy, manifests) {
            (Some(Remedy::Change { patch, .. }), Some(manifests)) => (patch, manifests),
            (Some(Remedy::Change { .. }), None) => {
                output.remark("nothing was written: no file here speaks of this environment; add the document that is printed above\n");
                return Exit::Success;
            }
            (Some(Remedy::Apply), _) => {
                output.remark("nothing was written: the manifests say so already\n");
                return Exit::Success;
            }
            (Some(Remedy::Beyond), _) => {
                output.remark("nothing was written: no manifest can give what is missing\n");
                return Exit::Success;
            }
            (None, _) => return Exit::Success,
        };
        match write(patch, manifests, output) {
            Ok(()) => Exit::Success,
            Err(message) => {
                output.error(&format!("error: {message}\n"));
                Exit::Error
            }
        }
    }
}

/// Writes the edits of a patch into their files.
fn write(patch: &Patch, manifests: &Manifests<'_>, output: &mut Output) -> Result<(), String> {
    for (file, text) in manifests.sources.files() {
        if !patch.edits.iter().any(|edit| &*edit.file == file) {
            continue;
        }
        let path = std::path::Path::new(file);
        if !path.is_file() {
            return Err(format!("{file} is no file, so the fix was not written into it"));
        }
        std::fs::write(path, patch::patched(file, text, &patch.edits))
            .map_err(|error| format!("{file} cannot be written: {error}"))?;
        output.remark(&format!("written: {file}; `powergrant plan` shows what it does\n"));
    }
    if patch.edits.is_empty() {
        output.remark("nothing was written: no file manages this yet; add the document that is printed above\n");
    }
    Ok(())
}

/// How an answer ends the process.
fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Can => Exit::Success,
        Verdict::Cannot => Exit::Differences,
        Verdict::CannotTell => Exit::Error,
    }
}
