//! A member put into a list that manifests have already, in the style in which it is written.
use super::Edit;
use crate::compile::desired::{DesiredEnvironment, List};
use crate::explain::fix::Grant;
use crate::inventory::{Inventory, Lookup};
use crate::manifest::Sources;
use crate::names::{Flow, FlowName, Ref, RoleName};

/// The list of the manifests that speaks of a grant's subject already.
pub(super) fn list_of<'a>(inventory: &Inventory, desired: &'a DesiredEnvironment, grant: &Grant) -> Option<&'a List> {
    let of_flow = |flow: &Ref<Flow>| {
        let means = |name: &FlowName| match inventory.flow(name) {
            Lookup::One(flows) => flows.len() == 1 && flows[0].id == flow.id,
            Lookup::None | Lookup::Many(_) | Lookup::Unreadable(_) => false,
        };
        desired.flows.iter().filter(move |document| means(&document.flow.value)).collect::<Vec<_>>()
    };
    match grant {
        Grant::Assign { role, .. } => {
            let means = |name: &RoleName| inventory.role(name).one().is_some_and(|found| found.id == role.id);
            let mut documents = desired.assignments.iter().filter(|document| document.business_unit.is_none());
            documents.find(|document| means(&document.role.value)).map(|document| &document.members)
        }
        Grant::Share { flow, .. } => of_flow(flow).into_iter().find_map(|document| document.run_only_users.as_ref()),
        Grant::Reader { flow, .. } => {
            of_flow(flow).into_iter().find_map(|document| document.reference_readers.as_ref())
        }
        Grant::NewRole(_) | Grant::Privilege { .. } => None,
    }
}

/// Puts a member into a list, in the style that the list is written in.
pub(super) fn insert(sources: &Sources, list: &List, member: &str) -> Option<Edit> {
    let file = &list.place.file;
    let lines: Vec<&str> = sources.text(file)?.lines().collect();
    let start = usize::try_from(list.place.line).ok()?.checked_sub(1)?;
    let from = usize::try_from(list.place.column).ok()?.saturating_sub(1);
    let opening = |at: usize, line: &str| {
        let begin = if at == start { line.char_indices().nth(from).map_or(line.len(), |(byte, _)| byte) } else { 0 };
        // The list itself may begin where it is said to stand, or after the word `members:`.
        if line[begin..].starts_with('[') {
            Some(begin)
        } else {
            line[begin..].find("members:").map(|found| begin + found + 8)
        }
    };
    let (at, after) =
        lines.iter().enumerate().skip(start).take(8).find_map(|(at, line)| Some((at, opening(at, line)?)))?;
    let line = lines[at];
    let edit = |line: usize, before: &str, after: String| {
        Some(Edit { file: file.clone(), line: line + 1, before: before.to_owned(), after })
    };
    if line[after..].trim_start().starts_with('[') {
        let close = closing(line, after)?;
        let open = after + line[after..].find('[')?;
        let separator = if line[open + 1..close].trim().is_empty() { "" } else { ", " };
        return edit(at, line, format!("{}{separator}{{ {member} }}{}", line[..close].trim_end(), &line[close..]));
    }
    let first = lines.get(at + 1)?;
    let indent = first.len() - first.trim_start().len();
    first.trim_start().starts_with('-').then_some(())?;
    edit(at + 1, first, format!("{}- {member}\n{first}", " ".repeat(indent)))
}

/// Where the bracket closes that opens behind a place, if it does so in the line.
fn closing(line: &str, from: usize) -> Option<usize> {
    let (mut depth, mut quote) = (0_i32, None);
    for (at, letter) in line.char_indices().filter(|(at, _)| *at >= from) {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::patched;
    use super::*;
    use crate::place::Place;

    fn inserted(text: &str, line: u32, column: u32) -> Option<String> {
        let mut sources = Sources::default();
        sources.add("a.yaml".into(), text.to_owned());
        let place = Place { file: "a.yaml".into(), line, column, length: 1 };
        let list = List { place, extent: None, allow_empty: false, members: Vec::new() };
        let edit = insert(&sources, &list, "user: ada@contoso.com")?;
        Some(patched("a.yaml", text, &[edit]))
    }

    #[test]
    fn a_member_is_written_in_the_style_of_its_list() {
        let flow = "spec:\n  runOnlyUsers: { extent: exact, members: [\"${x}\", { user: 'b]' }] } # who\n";
        let expected = flow.replace("{ user: 'b]' }]", "{ user: 'b]' }, { user: ada@contoso.com }]");
        assert_eq!(inserted(flow, 2, 17), Some(expected));
        let empty = "spec:\n  members: []\n";
        assert_eq!(inserted(empty, 2, 3), Some("spec:\n  members: [{ user: ada@contoso.com }]\n".to_owned()));
        let block = "spec:\n  runOnlyUsers:\n    members:\n      - user: bob@contoso.com\n      - ${x}\n";
        let expected = block.replace("      - user: bob", "      - user: ada@contoso.com\n      - user: bob");
        assert_eq!(inserted(block, 2, 3), Some(expected));
    }
}
