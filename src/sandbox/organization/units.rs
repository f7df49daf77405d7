//! Business units, and settings of the whole organisation.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Organization;
use super::row::text;

impl Organization {
    /// Returns the business unit at the top.
    pub fn root_unit(&self) -> Uuid {
        self.find("businessunit", "_parentbusinessunitid_value", &Value::Null)
            .map(|(id, _)| id)
            .next()
            .unwrap_or_default()
    }

    /// Returns a business unit and all below it, parents before children.
    pub fn subtree(&self, unit: Uuid) -> Vec<Uuid> {
        let mut found = vec![unit];
        let mut seen = BTreeSet::from([unit]);
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let children = self
                .find("businessunit", "_parentbusinessunitid_value", &json!(parent))
                .map(|(id, _)| id)
                .filter(|child| seen.insert(*child))
                .collect::<Vec<_>>();
            found.extend(children);
            next += 1;
        }
        found
    }

    /// Says whether an organisation setting is on (Learn: `orgdborgsettings`; a missing element is off).
    pub fn setting(&self, name: &str) -> bool {
        self.set_to(name) == Some(true)
    }

    /// Says what an organisation setting is set to, for those that are on when the element is missing.
    pub fn set_to(&self, name: &str) -> Option<bool> {
        let text = self.row("organization", self.id).and_then(|row| text(row, "orgdborgsettings"))?;
        let document = roxmltree::Document::parse(text).ok()?;
        let mut found = document.descendants().filter(|node| node.has_tag_name(name)).filter_map(|node| node.text());
        found.next().map(|text| matches!(text.trim(), "true" | "1"))
    }
}
