//! What query strings mean, and which are refused.

use serde_json::{Value, json};

use super::*;

fn parse(query_string: &str) -> Query {
    Query::parse(query_string, Dialect::Dataverse).unwrap()
}

fn refuse(query_string: &str) -> Fault {
    Query::parse(query_string, Dialect::Dataverse).unwrap_err()
}

fn holds(filter: &str, row: &Value) -> bool {
    parse(&url::form_urlencoded::Serializer::new(String::new()).append_pair("$filter", filter).finish())
        .matches(row.as_object().unwrap())
}

#[test]
fn plus_and_percent_twenty_are_both_a_space() {
    let expected = parse("$filter=category%20eq%205");
    assert_eq!(parse("%24filter=category+eq+5"), expected);
    assert!(expected.matches(json!({ "category": 5 }).as_object().unwrap()));
}

#[test]
fn the_queries_of_public_clients_are_read() {
    let query = parse(
        "$select=name,statecode&$filter=category%20eq%205&$count=true&$orderby=name%20asc&$expand=owninguser($select=fullname)",
    );
    assert_eq!(query.select.unwrap(), ["name", "statecode"]);
    assert!(query.count);
    assert_eq!(query.orderby, [OrderBy { property: Path(vec!["name".into()]), is_descending: false }]);
    assert_eq!(query.expand[0].property, "owninguser");
    assert_eq!(query.expand[0].query.select.as_ref().unwrap(), &["fullname"]);
    let page = parse("$select=name&$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E");
    assert_eq!(page.skiptoken.unwrap(), r#"<cookie pagenumber="2" />"#);
}

#[test]
fn an_expansion_keeps_its_own_options() {
    let query = parse("$expand=a($select=x,y;$filter=n eq 'p,q;(r' and z eq @p;$orderby=x desc),b&@p=5");
    assert_eq!(query.expand.len(), 2);
    let inner = &query.expand[0].query;
    assert_eq!(inner.select.as_ref().unwrap(), &["x", "y"]);
    assert!(inner.matches(json!({ "n": "P,Q;(R", "z": 5 }).as_object().unwrap()));
    assert!(inner.orderby[0].is_descending);
    assert_eq!(query.expand[1].property, "b");
}

#[test]
fn not_binds_closer_than_and_and_and_closer_than_or() {
    let row = json!({ "a": "xs", "b": false, "c": 1 });
    assert!(holds("not startswith(a,'s') and b eq false", &row));
    assert!(!holds("not startswith(a,'x') and b eq false", &row));
    assert!(holds("c eq 1 or c eq 2 and b eq true", &row));
    assert!(!holds("(c eq 1 or c eq 2) and b eq true", &row));
}

#[test]
fn texts_and_ids_compare_without_regard_to_case() {
    let row = json!({ "name": "Basic User", "roleid": "7C5629F5-4aaf-ed11-9884-000d3a3473d8" });
    assert!(holds("name eq 'basic user'", &row));
    assert!(holds("contains(name,'SIC U')", &row));
    assert!(holds("endswith(tolower(name),'user')", &row));
    assert!(holds("roleid eq 7c5629f5-4AAF-ed11-9884-000d3a3473d8", &row));
    assert!(!holds("roleid ne 7c5629f5-4AAF-ed11-9884-000d3a3473d8", &row));
}

#[test]
fn null_equals_only_null_and_differs_from_every_value() {
    let row = json!({ "parent": null, "statecode": 1 });
    assert!(holds("parent eq null and missing eq null", &row));
    assert!(holds("statecode ne null", &row));
    assert!(holds("parent ne 5", &row));
    assert!(!holds("parent gt 5 or parent le 5 or contains(parent,'a')", &row));
}

#[test]
fn moments_compare_by_the_moment() {
    let row = json!({ "createdon": "2026-03-01T10:00:00Z" });
    assert!(holds("createdon ge 2026-03-01 and createdon lt 2026-03-02", &row));
    assert!(holds("createdon eq 2026-03-01T12:00:00+02:00", &row));
}

#[test]
fn columns_of_one_row_and_of_related_rows_can_be_compared() {
    let row = json!({
        "first": "Ada", "last": "ADA", "owner": { "name": "Ada" },
        "roles": [{ "name": "Maker" }, { "name": "Admin" }], "teams": [],
    });
    assert!(holds("first eq last and owner/name eq first", &row));
    assert!(holds("roles/any(r:r/name eq 'admin') and not teams/any()", &row));
    assert!(holds("teams/all(t:t/name eq 'x') and not roles/all(r:startswith(r/name,'A'))", &row));
    assert_eq!(refuse("$filter=roles/any(r:name eq 'a')").status, 400);
}

#[test]
fn the_query_function_in_takes_aliases_and_lists() {
    for query_string in [
        "$filter=Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)&@p1='name'&@p2=['a','B']",
        "$filter=Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[\"a\",\"B\"])",
    ] {
        let query = parse(query_string);
        assert!(query.matches(json!({ "name": "b" }).as_object().unwrap()));
        assert!(!query.matches(json!({ "name": "c" }).as_object().unwrap()));
        assert!(!query.matches(json!({ "name": null }).as_object().unwrap()));
        assert!(query.properties().contains("name"));
    }
    let numbers = parse("$filter=not Microsoft.Dynamics.CRM.NotIn(PropertyName='depth',PropertyValues=['4','8'])");
    assert!(numbers.matches(json!({ "depth": 8 }).as_object().unwrap()));
}

#[test]
fn an_apostrophe_in_a_list_needs_double_quotes() {
    let function = "$filter=Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=@p)&@p=";
    assert!(refuse(&format!("{function}['O''Brien']")).message.starts_with("Invalid JSON."));
    assert!(parse(&format!("{function}[\"O'Brien\"]")).matches(json!({ "name": "o'brien" }).as_object().unwrap()));
    assert!(holds("name eq 'O''Brien'", &json!({ "name": "O'Brien" })));
}

#[test]
fn each_service_knows_its_own_options_and_operators() {
    assert_eq!(refuse("$skip=5").message, "Skip Clause is not supported in CRM");
    assert_eq!(refuse("$search=a").message, "The query parameter $search is not supported.");
    assert_eq!(refuse("$filter=name in ('a')").status, 400);
    assert!(Query::parse("$filter=name in ('a','b')", Dialect::Graph).is_ok());
    assert!(Query::parse("$skip=5", Dialect::Graph).is_err());
    for option in ["$top=1", "$orderby=LogicalName", "$skip=1"] {
        assert!(Query::parse(option, Dialect::Metadata).unwrap_err().message.contains("is not supported"));
    }
    let enumeration = "$filter=OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'";
    let definitions = Query::parse(enumeration, Dialect::Metadata).unwrap();
    assert!(definitions.matches(json!({ "OwnershipType": "UserOwned" }).as_object().unwrap()));
}

#[test]
fn five_hundred_conditions_are_the_limit() {
    let chain = |length: usize| format!("$filter=({})", vec!["statecode eq 1"; length].join(" or "));
    assert!(matches!(parse(&chain(500)).filter, Some(Filter::Or(conditions)) if conditions.len() == 500));
    assert_eq!(refuse(&chain(501)).code, "0x8004430C");
    // Table definitions take fewer.
    let names = |length: usize| format!("$filter={}", vec!["LogicalName eq 'x'"; length].join(" or "));
    assert!(Query::parse(&names(300), Dialect::Metadata).is_ok());
    assert_eq!(Query::parse(&names(301), Dialect::Metadata).unwrap_err().code, "0x80044183");
    let ids = vec!["'7c5629f5-4aaf-ed11-9884-000d3a3473d8'"; 2000].join(",");
    parse(&format!("$filter=Microsoft.Dynamics.CRM.In(PropertyName='roleid',PropertyValues=[{ids}])"));
}

#[test]
fn deep_nesting_is_refused_and_not_a_stack_overflow() {
    assert_eq!(refuse(&format!("$filter={}", "(".repeat(100_000))).message, "Recursion limit reached.");
    assert_eq!(refuse(&format!("$filter={}a eq 1", "not ".repeat(100_000))).message, "Recursion limit reached.");
}

#[test]
fn mistakes_are_refused_with_their_position() {
    let fault = refuse("$filter=name eqq 'a'");
    assert_eq!((fault.status, fault.code.as_str()), (400, "0x80060888"));
    assert_eq!(fault.message, "Syntax error at position 5 in 'name eqq 'a''.");
    for query_string in [
        "$filter=",
        "$filter=name",
        "$filter=name eq",
        "$filter=name eq 'a' 'b'",
        "$filter=(name eq 'a'",
        "$filter=concat(a,b) eq 'c'",
        "$filter=name eq @p",
        "$filter=name eq #",
        "$top=-1",
        "$count=yes",
        "$select=",
        "$select=a,,b",
        "$orderby=a up",
        "$expand=a(b",
        "$select=a&$select=b",
    ] {
        assert_eq!(refuse(query_string).status, 400, "{query_string}");
    }
}

#[test]
fn properties_and_comparisons_can_be_checked_by_the_caller() {
    let query = parse("$select=a&$filter=(b eq 1 or contains(c/d,'x')) and e/any(f:f/g eq 'h')&$orderby=i");
    assert_eq!(Vec::from_iter(query.properties()), ["a", "b", "c/d", "e", "e/g", "i"]);
    let filter = query.filter.unwrap();
    let compared: Vec<String> = filter.comparisons().iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(compared, ["b", "g"]);
}

#[test]
fn rows_are_ordered_with_missing_values_first() {
    let query = parse("$orderby=rank desc,name");
    let mut rows: Vec<Row> =
        [json!({ "name": "b", "rank": 1 }), json!({ "name": "c" }), json!({ "name": "A", "rank": 1 })]
            .iter()
            .map(|row| row.as_object().unwrap().clone())
            .collect();
    rows.sort_by(|left, right| query.order(left, right));
    assert_eq!(rows.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(), ["A", "b", "c"]);
}

#[test]
fn parameters_of_other_kinds_are_kept_for_the_service() {
    let query = parse("api-version=2021-04-01&fetchXml=%3Cfetch%2F%3E");
    assert_eq!(query.other["fetchXml"], "<fetch/>");
    assert_eq!(query.other["api-version"], "2021-04-01");
}
