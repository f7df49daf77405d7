//! Pipelines that powergrant runs in, and how each one annotates lines.
use crate::finding::Finding;
use crate::render::annotations;

/// Which pipeline is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Ci {
    /// The one that this runs in, by its variables.
    #[default]
    Auto,
    /// GitHub Actions.
    Github,
    /// Azure Pipelines.
    AzureDevops,
    /// None.
    None,
}

/// A pipeline, as far as it has been found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipeline {
    /// GitHub Actions.
    Github,
    /// Azure Pipelines.
    AzureDevops,
}

/// How long a step summary may be, in characters: GitHub takes 1 MiB, and a character of ours is at most three bytes.
pub const SUMMARY_LIMIT: usize = 300_000;

impl Ci {
    /// The pipeline that is meant; GitHub sets `GITHUB_ACTIONS`, Azure Pipelines `TF_BUILD`.
    pub fn pipeline(self) -> Option<Pipeline> {
        let is_set = |name: &str| std::env::var(name).is_ok_and(|value| value.eq_ignore_ascii_case("true"));
        match self {
            Self::Auto if is_set("GITHUB_ACTIONS") => Some(Pipeline::Github),
            Self::Auto if is_set("TF_BUILD") => Some(Pipeline::AzureDevops),
            Self::Auto | Self::None => None,
            Self::Github => Some(Pipeline::Github),
            Self::AzureDevops => Some(Pipeline::AzureDevops),
        }
    }
}

impl Pipeline {
    /// Findings as annotations.
    pub fn annotations(self, findings: &[&Finding]) -> String {
        match self {
            Self::Github => annotations::github(findings),
            Self::AzureDevops => annotations::azure_devops(findings),
        }
    }
}
