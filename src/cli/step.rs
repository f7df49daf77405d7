//! What a pipeline shows and hands on of a step: its summary and its outputs, in each one's own words.
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::ci::Pipeline;
use super::output::Output;
use crate::foreign::inert;

impl Pipeline {
    /// Shows Markdown on the run's page.
    pub fn summary(self, markdown: &str, output: &mut Output) {
        let result = match self {
            Self::Github => variable("GITHUB_STEP_SUMMARY").map(|file| append(&file, &format!("{markdown}\n"))),
            Self::AzureDevops => variable("AGENT_TEMPDIRECTORY").map(|folder| {
                let file = folder.join(format!("powergrant-{}.md", std::process::id()));
                std::fs::write(&file, markdown)?;
                // Learn: logging commands, `UploadSummary`.
                output.error(&format!("##vso[task.uploadsummary]{}\n", inert(&file.display().to_string())));
                Ok(())
            }),
        };
        told(result, "the summary of the step", output);
    }

    /// Says values to later steps.
    pub fn outputs(self, values: &[(&str, String)], output: &mut Output) {
        match self {
            Self::Github => {
                let lines: String = values.iter().map(|(name, value)| format!("{name}={}\n", inert(value))).collect();
                let result = variable("GITHUB_OUTPUT").map(|file| append(&file, &lines));
                told(result, "the outputs of the step", output);
            }
            Self::AzureDevops => {
                for (name, value) in values {
                    // Learn: logging commands, `SetVariable`.
                    output.error(&format!("##vso[task.setvariable variable={name};isOutput=true]{}\n", inert(value)));
                }
            }
        }
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn append(file: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}

/// What cannot be told to the pipeline is told to the reader; the run itself went as it went.
fn told(result: Option<std::io::Result<()>>, what: &str, output: &mut Output) {
    if let Some(Err(error)) = result {
        output.error(&format!("warning: {what} could not be written: {error}\n"));
    }
}
