//! The heart: one shape for every permission, and the one comparison of what is wanted with what is held.
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::Text;
use crate::place::Place;
use crate::problem::Problem;

/// Whether entries that are not named are left alone or revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Extent {
    /// What is not named is left alone and listed as unmanaged.
    #[default]
    Named,
    /// What is not named is revoked.
    Exact,
}
