//! Drift that somebody has decided to live with, for a reason and until a day.
use jiff::civil::Date;
use serde::Deserialize;

use crate::manifest::yaml;
use crate::plan::{Line, Plan};

/// One rule: whose drift is left out, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// The environment's name; every environment if none is given.
    #[serde(default)]
    pub environment: Option<String>,
    /// The subject as plans print it: `flow Expense intake, shares`.
    pub subject: String,
    /// The entry as plans print it: `user bob@contoso.com`; every entry if none is given.
    #[serde(default)]
    pub entry: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it is left out.
    pub until: Date,
}

/// Reads a file of rules: a YAML list, without anything that would be carried out.
pub fn read(text: &str) -> Result<Vec<Ignore>, String> {
    let parsed = yaml::load(text);
    if let Some(fault) = parsed.faults.first() {
        return Err(format!("line {}: {}", fault.span.line, fault.message));
    }
    let mut rules: Vec<Ignore> = Vec::new();
    for document in &parsed.documents {
        let found: Vec<Ignore> =
            serde_path_to_error::deserialize(document.to_json()).map_err(|error| error.to_string())?;
        rules.extend(found);
    }
    match rules.iter().find(|rule| rule.reason.trim().is_empty()) {
        Some(rule) => Err(format!("the rule for `{}` gives no reason", rule.subject)),
        None => Ok(rules),
    }
}

impl Ignore {
    /// Whether the rule is about a line.
    pub fn covers(&self, plan: &Plan, line: &Line) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.environment.as_ref().is_none_or(|environment| **environment == *plan.environment)
            && self.subject == line.heading
            && self.entry.as_ref().is_none_or(|entry| squeezed(entry) == squeezed(&line.name))
    }

    /// Whether its last day has passed.
    pub fn is_over(&self, today: Date) -> bool {
        today > self.until
    }
}
