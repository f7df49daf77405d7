//! What environment variables hold that flows name.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::only;
use crate::collect::decode::variables::{self, Variable};
use crate::collect::source::{Column, Set, Source};
use crate::inventory::section::Section;
use crate::names::Text;
use crate::problem::Problem;

const DEFINITIONS: Set<Variable> =
    Set { name: "environmentvariabledefinitions", select: variables::DEFINITION, decode: variables::definition };
const VALUES: Set<(Uuid, Text)> =
    Set { name: "environmentvariablevalues", select: variables::VALUE, decode: variables::value };

/// The variables of these schema names: the value of each, else its default (Learn: environment variables).
pub(in crate::collect) async fn variables(source: Source<'_>, names: &BTreeSet<Text>) -> Section<Text, Option<Text>> {
    only(names.clone(), read(source, names).await)
}

async fn read(source: Source<'_>, names: &BTreeSet<Text>) -> Result<Vec<(Text, Option<Text>)>, Problem> {
    let definitions = source.by_keys(DEFINITIONS, Column::Attribute("schemaname"), names, "").await?;
    let open: Vec<Uuid> =
        definitions.iter().filter(|variable| !variable.is_secret).map(|variable| variable.id).collect();
    let lookup = Column::Lookup("_environmentvariabledefinitionid_value");
    let mut values: BTreeMap<Uuid, Text> = source.by_keys(VALUES, lookup, open, "").await?.into_iter().collect();
    let named =
        definitions.into_iter().map(|variable| (variable.name, values.remove(&variable.id).or(variable.default)));
    Ok(named.collect())
}
