//! By which groups a person is in a group.
use std::collections::{BTreeSet, VecDeque};

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::names::Text;

impl Inventory {
    /// The groups by way of which a person is in a group, the person's own first: none of them where the person is in it directly.
    /// `None` when the person is not in it, or nobody knows how.
    pub fn way_into(&self, person: Uuid, group: Uuid) -> Option<Vec<Text>> {
        let mut open: VecDeque<(Uuid, Vec<Text>)> = VecDeque::from([(person, Vec::new())]);
        let mut seen = BTreeSet::new();
        while let Some((member, way)) = open.pop_front() {
            let Some(groups) = self.nesting.row(&member) else { continue };
            if groups.contains_key(&group) {
                return Some(way);
            }
            for (next, name) in groups.iter().filter(|(next, _)| seen.insert(**next)) {
                open.push_back((*next, [way.as_slice(), std::slice::from_ref(name)].concat()));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::inventory::EnvironmentFacts;
    use crate::inventory::section::Section;

    #[test]
    fn the_shortest_way_into_a_group_is_told_and_circles_end() {
        let id = Uuid::from_u128;
        let groups = |of: &[(u128, &str)]| -> BTreeMap<Uuid, Text> {
            of.iter().map(|(group, name)| (id(*group), Text::from(*name))).collect()
        };
        let mut inventory = Inventory::empty(EnvironmentFacts::default());
        inventory.nesting = Section::whole(BTreeMap::from([
            (id(1), groups(&[(2, "Team"), (5, "Choir")])),
            (id(2), groups(&[(3, "Department")])),
            (id(3), groups(&[(2, "Team"), (4, "Company")])),
            (id(5), groups(&[(3, "Department")])),
        ]));
        assert_eq!(inventory.way_into(id(1), id(5)), Some(Vec::new()));
        assert_eq!(inventory.way_into(id(1), id(3)), Some(vec!["Team".into()]));
        assert_eq!(inventory.way_into(id(1), id(4)), Some(vec!["Team".into(), "Department".into()]));
        assert_eq!(inventory.way_into(id(1), id(9)), None);
        assert_eq!(inventory.way_into(id(7), id(4)), None);
    }
}
