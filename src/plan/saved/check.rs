//! Whether a document is the plan of a run: read, checked against its digest, and compared.
use std::collections::BTreeMap;

use serde_json::Value;

use super::{Extra, FORMAT, Permission, ResourceChange, Saved, SavedEnvironment};
use crate::foreign::inert;
use crate::plan::digest::{self, Essence};
use crate::plan::order::NOTHING;

/// Why a document is not the plan of this run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no plan at all.
    #[error("it is not a plan of powergrant's: {0}")]
    NotAPlan(String),
    /// Another version wrote it.
    #[error("it is of format `{0}`, and this powergrant reads `{FORMAT}`")]
    OtherFormat(String),
    /// It was made of a snapshot whose names and ids are not the tenant's.
    #[error("it was planned against a snapshot under pseudonyms")]
    Pseudonymous,
    /// Its content and its digest do not belong together.
    #[error("it was changed after it was written: its digest is `{digest}`, and its content has `{content}`")]
    Tampered {
        /// What it says.
        digest: String,
        /// What it is.
        content: String,
    },
    /// It is about other environments.
    #[error("it is a plan for {saved}, and the manifests are for {now}")]
    Foreign {
        /// The environments of the document.
        saved: String,
        /// The environments of this run.
        now: String,
    },
}

impl Saved {
    /// Reads a document that `plan --out` wrote; refuses what is older, newer, no plan, or changed since.
    pub fn read(text: &str) -> Result<Self, Unfit> {
        let value: Value = serde_json::from_str(text).map_err(|error| Unfit::NotAPlan(error.to_string()))?;
        let format = value.pointer("/powergrant/format").and_then(Value::as_str);
        match format {
            Some(FORMAT) => {}
            Some(other) => return Err(Unfit::OtherFormat(inert(other))),
            None => return Err(Unfit::NotAPlan("it says no `powergrant.format`".to_owned())),
        }
        let saved: Self = serde_json::from_value(value).map_err(|error| Unfit::NotAPlan(inert(&error.to_string())))?;
        if saved.powergrant.digest.is_empty() {
            return Err(Unfit::Pseudonymous);
        }
        let content = saved.content_digest();
        if content == saved.powergrant.digest {
            Ok(saved)
        } else {
            Err(Unfit::Tampered { digest: inert(&saved.powergrant.digest), content })
        }
    }

    /// The digest of what the document says.
    fn content_digest(&self) -> String {
        let essences: Vec<Essence> = self
            .powergrant
            .environments
            .iter()
            .map(|environment| Essence {
                tenant: environment.tenant.clone(),
                environment: environment.id.clone(),
                moves: self.moves_in(environment).map(|(_, fields)| fields).collect(),
                extents: environment.extents.clone(),
            })
            .collect();
        digest::of(&essences)
    }

    fn moves_in<'saved>(
        &'saved self,
        environment: &'saved SavedEnvironment,
    ) -> impl Iterator<Item = (&'saved ResourceChange, [String; 5])> {
        let own = self
            .resource_changes
            .iter()
            .filter(|change| change.powergrant.environment == environment.id && change.name == environment.name);
        own.map(|change| {
            let word = |side: &Option<Permission>| side.as_ref().map_or(NOTHING, |side| &side.level).to_owned();
            let Extra { ledger, subject, entry, .. } = &change.powergrant;
            let sides = (word(&change.change.before), word(&change.change.after));
            (change, [ledger.clone(), subject.clone(), entry.clone(), sides.0, sides.1])
        })
    }

    /// Refuses a document that is about other environments than this run.
    pub fn is_for(&self, now: &Self) -> Result<(), Unfit> {
        let of = |saved: &Self| {
            let all = saved.powergrant.environments.iter();
            all.map(|environment| (environment.tenant.clone(), environment.id.clone())).collect::<Vec<_>>()
        };
        let names = |saved: &Self| {
            let names: Vec<_> = saved
                .powergrant
                .environments
                .iter()
                .map(|environment| format!("{} ({})", environment.name, environment.id))
                .collect();
            if names.is_empty() { "no environment".to_owned() } else { names.join(", ") }
        };
        let (own, others) = (of(self), of(now));
        if own.iter().all(|one| !others.contains(one)) && !own.is_empty() && !others.is_empty() {
            return Err(Unfit::Foreign { saved: inert(&names(self)), now: names(now) });
        }
        Ok(())
    }

    /// What moves in one of two plans alone, or otherwise in each: (reviewed, now).
    pub fn compare<'saved>(
        &'saved self,
        now: &'saved Self,
    ) -> Vec<(Option<&'saved ResourceChange>, Option<&'saved ResourceChange>)> {
        let keyed = |saved: &'saved Self| -> BTreeMap<_, _> {
            let all = saved.powergrant.environments.iter().flat_map(|environment| saved.moves_in(environment));
            all.map(|(change, [ledger, subject, entry, from, to])| {
                ((change.powergrant.environment.as_str(), ledger, subject, entry), (change, (from, to)))
            })
            .collect()
        };
        let (reviewed, now) = (keyed(self), keyed(now));
        let mut differ = Vec::new();
        for (key, (change, levels)) in &reviewed {
            match now.get(key) {
                Some((_, now_levels)) if levels == now_levels => {}
                other => differ.push((Some(*change), other.map(|(change, _)| *change))),
            }
        }
        let new = now.iter().filter(|(key, _)| !reviewed.contains_key(*key));
        differ.extend(new.map(|(_, (change, _))| (None, Some(*change))));
        differ
    }
}
