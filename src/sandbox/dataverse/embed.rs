//! Rows inside rows: what `$expand` adds to an answer.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::paging;
use super::shape::{View, is_collection, related, render};
use super::sight::Sight;
use crate::sandbox::odata::{Expand, Row, split_outside};
use crate::sandbox::percent;
use crate::sandbox::schema::Table;

/// Adds what an expansion asks for to a row.
pub(super) fn embed(
    sight: &Sight<'_>,
    table: &Table,
    (key, row): (Uuid, &Row),
    expand: &Expand,
    view: &View<'_>,
    written: &mut Map<String, Value>,
) {
    let mut found: Vec<(Uuid, &Table, &Row)> = related(sight, table, key, row, &expand.property)
        .into_iter()
        .filter_map(|(name, key)| {
            let target = sight.organization.table(&name)?;
            let other = sight.organization.row(&name, key)?;
            (sight.sees(target, key, other) && expand.query.matches(other)).then_some((key, target, other))
        })
        .collect();
    found.sort_by(|left, right| expand.query.order(left.2, right.2).then(left.0.cmp(&right.0)));
    let inner = View { query: &expand.query, ..*view };
    let shown = |(key, target, other): &(Uuid, &Table, &Row)| {
        if expand.is_reference {
            return json!({ "@odata.id": format!("{}/{}({key})", view.root, target.entity_set) });
        }
        Value::Object(render(sight, target, *key, other, &inner))
    };
    if !is_collection(table, &expand.property) {
        written.insert(expand.property.clone(), found.first().map_or(Value::Null, shown));
        if expand.is_reference
            && let Some(column) = table.lookup(&expand.property)
        {
            // Learn, join tables: the id stands beside the reference.
            written.insert(column.name.to_string(), row.get(column.name.as_ref()).cloned().unwrap_or(Value::Null));
        }
        return;
    }
    let size = view.page.or(expand.query.top).unwrap_or(usize::MAX).min(found.len());
    written.insert(expand.property.clone(), found[..size].iter().map(shown).collect());
    let token = match (view.page, found[..size].first(), found[..size].last()) {
        (Some(_), Some(first), Some(last)) if size < found.len() => {
            Some(paging::token(2, first.1, &expand.query, (first.0, first.2), (last.0, last.2)))
        }
        _ => None,
    };
    let address = format!("{}/{}({key})/{}", view.root, table.entity_set, expand.property);
    // There whether or not more rows are (Learn: join tables).
    written.insert(format!("{}@odata.nextLink", expand.property), json!(with_options(address, &expand.options, token)));
}

/// Adds the options of an expansion to the address of its collection.
fn with_options(address: String, options: &str, token: Option<String>) -> String {
    let written = split_outside(options, ';').map(str::trim).filter(|option| !option.is_empty());
    let encoded = written.map(|option| percent::encode(option, "$=,()':/@-_.~*"));
    let pairs: Vec<String> = encoded.chain(token.map(|token| format!("$skiptoken={token}"))).collect();
    if pairs.is_empty() { address } else { format!("{address}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_those_of_an_address() {
        let address = || "https://h/roles(1)/users".to_owned();
        let options = "$select=a,b;$filter=name eq 'a;b' and x gt 1;$expand=c($select=d;$expand=e)";
        assert_eq!(
            with_options(address(), options, None),
            "https://h/roles(1)/users?$select=a,b&$filter=name%20eq%20'a%3Bb'%20and%20x%20gt%201&$expand=c($select=d%3B$expand=e)"
        );
        assert_eq!(with_options(address(), "", None), address());
        assert_eq!(with_options(address(), "", Some("t".to_owned())), "https://h/roles(1)/users?$skiptoken=t");
    }
}
