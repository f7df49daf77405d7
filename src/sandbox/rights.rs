//! What a privilege may do and how far it reaches, in the sandbox's own words and numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An operation on rows that a privilege allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verb {
    /// Makes rows.
    Create,
    /// Sees rows.
    Read,
    /// Changes rows.
    Write,
    /// Deletes rows.
    Delete,
    /// Attaches rows to others.
    Append,
    /// Lets others be attached to rows.
    AppendTo,
    /// Gives rows to another owner.
    Assign,
    /// Shares rows.
    Share,
}

impl Verb {
    /// All operations, in the order in which table metadata lists them (recorded: metadata of the workflow table).
    pub const ALL: [Self; 8] =
        [Self::Create, Self::Read, Self::Write, Self::Delete, Self::Assign, Self::Share, Self::Append, Self::AppendTo];

    /// Returns the operation's bit in access masks (recorded: enum `AccessRights` of `$metadata`).
    pub const fn bit(self) -> u32 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Append => 4,
            Self::AppendTo => 16,
            Self::Create => 32,
            Self::Delete => 65_536,
            Self::Share => 262_144,
            Self::Assign => 524_288,
        }
    }

    /// Returns the operation's word in privilege names and metadata.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Delete => "Delete",
            Self::Append => "Append",
            Self::AppendTo => "AppendTo",
            Self::Assign => "Assign",
            Self::Share => "Share",
        }
    }
}

/// The mask of all eight rights.
pub const EVERY_RIGHT: u32 = 852_023;

// The order in which the service lists the rights of a mask (recorded: RetrieveSharedPrincipalsAndAccess on a bot).
const LISTED: [Verb; 8] =
    [Verb::Read, Verb::Write, Verb::Append, Verb::AppendTo, Verb::Create, Verb::Delete, Verb::Share, Verb::Assign];

/// Writes a mask as the service does: names joined by a comma and a space, `None` when empty.
pub fn mask_text(mask: u32) -> String {
    let names: Vec<String> =
        LISTED.iter().filter(|verb| mask & verb.bit() != 0).map(|verb| format!("{}Access", verb.word())).collect();
    if names.is_empty() { "None".to_owned() } else { names.join(", ") }
}

/// Reads a mask: names with or without blanks between them (shipped flows send `ReadAccess,WriteAccess`).
pub fn mask_of(text: &str) -> Option<u32> {
    text.split(',').map(str::trim).try_fold(0, |mask, name| {
        if name == "None" {
            return Some(mask);
        }
        let verb = LISTED.into_iter().find(|verb| name.strip_suffix("Access") == Some(verb.word()))?;
        Some(mask | verb.bit())
    })
}

/// How far a privilege reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Depth {
    /// Own rows and rows that are shared with one.
    Basic,
    /// Rows of the business unit.
    Local,
    /// Rows of the business unit and those below it.
    Deep,
    /// All rows.
    Global,
}

impl Depth {
    /// All depths, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Basic, Self::Local, Self::Deep, Self::Global];

    /// Returns the depth's `privilegedepthmask` (Learn: SDK constants `BASIC_MASK` to `GLOBAL_MASK`).
    pub const fn mask(self) -> u32 {
        match self {
            Self::Basic => 1,
            Self::Local => 2,
            Self::Deep => 4,
            Self::Global => 8,
        }
    }

    /// Returns the column of the privilege table that says whether a privilege can be held at this depth.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Basic => "canbebasic",
            Self::Local => "canbelocal",
            Self::Deep => "canbedeep",
            Self::Global => "canbeglobal",
        }
    }

    /// Reads a `privilegedepthmask`.
    pub fn of_mask(mask: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|depth| u64::from(depth.mask()) == mask)
    }

    /// Reads the member name that the Web API uses in both directions.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|depth| depth.to_string() == name)
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Basic => "Basic",
            Self::Local => "Local",
            Self::Deep => "Deep",
            Self::Global => "Global",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_reads_back_what_it_writes() {
        let agent_editor =
            "ReadAccess, WriteAccess, AppendAccess, AppendToAccess, CreateAccess, ShareAccess, AssignAccess";
        assert_eq!(mask_of(agent_editor), Some(786_487));
        assert_eq!(mask_text(786_487), agent_editor);
        assert_eq!(mask_of("ReadAccess,WriteAccess"), Some(3));
        assert_eq!(mask_of("Reading"), None);
        assert_eq!(mask_text(0), "None");
    }

    #[test]
    fn every_right_is_the_sum_of_the_eight() {
        assert_eq!(Verb::ALL.iter().map(|verb| verb.bit()).sum::<u32>(), EVERY_RIGHT);
    }
}
