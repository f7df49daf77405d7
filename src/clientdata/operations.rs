//! What a flow's actions and its trigger ask of connectors: names of operations and tables, never a value that somebody typed.
use std::collections::{BTreeMap, BTreeSet};

use super::outline::Value;
use super::{Connection, ConnectorOperation, Part, Said};
use crate::names::Text;

/// The longest literal that is kept: names and addresses are short, and what is longer is text.
const LONGEST_LITERAL: usize = 256;

/// What an action or a trigger asks of a connector; nothing of those that ask none.
pub(super) fn read(
    node: Value<'_>,
    part: Part,
    connections: &BTreeMap<Text, Connection>,
) -> Option<ConnectorOperation> {
    let name = operation(node)?;
    let host = node.path(&["inputs", "host"])?;
    let connection = connection_key(host).map(Text::from);
    let of_host = || {
        let id = host.get("apiId")?.string()?;
        id.rsplit('/').find(|segment| !segment.is_empty()).map(Text::from)
    };
    let of_connection = || Some(connections.get(connection.as_ref()?)?.connector.clone());
    let connector = of_connection().or_else(of_host).unwrap_or_default();
    let parameters = node.path(&["inputs", "parameters"]);
    let parameter = |names: &[&str]| names.iter().find_map(|name| parameters?.get(name)).map(said);
    // The set's name in actions, the logical name in triggers (counted in public solutions).
    let table = parameter(&["entityName", "subscriptionRequest/entityname", "table"]);
    let members = || parameters.into_iter().flat_map(Value::members);
    let lookups = members().filter_map(|(name, value)| {
        let name = name.string()?;
        let column = name.strip_prefix("item/")?;
        // Who gets a row is set by name as well.
        if matches!(column, "ownerid" | "_ownerid_value") {
            return Some((Text::from("ownerid"), Said::Expression));
        }
        Some((Text::from(column.strip_suffix("@odata.bind")?), bound_set(value)))
    });
    let text = |name: &str| parameters.and_then(|parameters| parameters.get(name)?.string());
    Some(ConnectorOperation {
        connection,
        connector,
        name,
        part,
        table,
        site: parameter(&["dataset"]),
        mailbox: parameter(&["emailMessage/MailboxAddress", "mailboxAddress", "MailboxAddress"]),
        action: parameter(&["actionName"]),
        target: members().find_map(|(name, value)| target(&name.string()?, value)),
        relationship: parameter(&["associationEntityRelationship"]),
        lookups: lookups.collect(),
        expands: text("$expand").map(|expand| expanded(&expand)).unwrap_or_default(),
        links: text("fetchXml").map(|query| linked(&query)).unwrap_or_default(),
        computes_row: parameters.and_then(|parameters| parameters.get("item")).is_some_and(|item| !item.is_object()),
    })
}

/// The connector's operation behind an action or trigger, which older flows keep in its metadata.
pub(super) fn operation(node: Value<'_>) -> Option<Text> {
    let places = [&["inputs", "host", "operationId"][..], &["metadata", "flowSystemMetadata", "swaggerOperationId"]];
    places.iter().find_map(|path| node.path(path)?.string().map(|operation| Text::from(&*operation)))
}

/// The key of the connection that a host uses.
pub(super) fn connection_key(host: Value<'_>) -> Option<String> {
    if let Some(key) = host.get("connectionName") {
        return key.string().map(String::from);
    }
    // Actions of older flows: `@parameters('$connections')['shared_x']['connectionId']`.
    let expression = host.path(&["connection", "name"])?.string()?;
    let (_, rest) = expression.split_once("$connections')['")?;
    rest.split_once("']").map(|(key, _)| key.to_owned())
}

/// What a parameter says: a literal, an environment variable, or something that only a run decides.
fn said(value: Value<'_>) -> Said {
    let Some(text) = value.string() else { return Said::Expression };
    if let Some(variable) = variable(&text) {
        return Said::Variable(variable.into());
    }
    literal(&text).map_or(Said::Expression, Said::Literal)
}

/// The environment variable behind `@parameters('Site address (contoso_SiteAddress)')`: its schema name stands last
/// (counted in public solutions).
fn variable(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("@parameters('")?.strip_suffix("')")?;
    let (_, name) = inner.strip_suffix(')')?.rsplit_once('(')?;
    is_identifier(name).then_some(name)
}

fn literal(text: &str) -> Option<Text> {
    let is_plain =
        !text.is_empty() && text.len() <= LONGEST_LITERAL && !text.contains('@') && !text.contains(['\n', '\r']);
    is_plain.then(|| Text::from(text))
}

/// The set behind a lookup, `/accounts(@{…})`: its name is a literal nearly always (counted: 399 of 460).
fn bound_set(value: Value<'_>) -> Said {
    let Some(text) = value.string() else { return Said::Expression };
    match text.trim_start_matches('/').split_once('(') {
        Some((set, _)) if is_identifier(set) => Said::Literal(set.into()),
        Some(_) | None => Said::Expression,
    }
}

/// The type of the row that an action is about, `item/Target/@odata.type` of `Microsoft.Dynamics.CRM.workflow`.
fn target(name: &str, value: Value<'_>) -> Option<Said> {
    if !name.contains("Target") || !name.ends_with("@odata.type") {
        return None;
    }
    let text = value.string();
    let kind = text.as_deref().and_then(|text| text.trim_start_matches('#').strip_prefix("Microsoft.Dynamics.CRM."));
    Some(kind.filter(|kind| is_identifier(kind)).map_or(Said::Expression, |kind| Said::Literal(kind.into())))
}

/// The properties that an `$expand` names, without what it asks of each.
fn expanded(text: &str) -> BTreeSet<Said> {
    let (mut depth, mut names, mut name) = (0_usize, BTreeSet::new(), String::new());
    for letter in text.chars().chain([',']) {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let found = std::mem::take(&mut name);
                let found = found.trim();
                if !found.is_empty() {
                    names.insert(if is_identifier(found) { Said::Literal(found.into()) } else { Said::Expression });
                }
            }
            _ if depth == 0 => name.push(letter),
            _ => {}
        }
    }
    names
}

/// The tables that a `FetchXML` query links, by their logical names.
fn linked(text: &str) -> BTreeSet<Said> {
    let links = text.split("<link-entity").skip(1);
    let names = links.map(|link| {
        let tag = link.split('>').next().unwrap_or_default();
        let name = tag.split_once(" name=").and_then(|(_, rest)| {
            let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
            rest[1..].split_once(quote).map(|(name, _)| name)
        });
        name.filter(|name| is_identifier(name)).map_or(Said::Expression, |name| Said::Literal(name.into()))
    });
    let mut tables: BTreeSet<Said> = names.collect();
    // A query that is put together at run time can link anything.
    if !text.trim_start().starts_with('<') {
        tables.insert(Said::Expression);
    }
    tables
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_LITERAL
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::clientdata::facts;

    fn action(name: &str, parameters: &Json) -> Json {
        let host = json!({ "apiId": "/providers/Microsoft.PowerApps/apis/shared_commondataserviceforapps",
            "connectionName": "it", "operationId": name });
        json!({ "type": "OpenApiConnection", "inputs": { "host": host, "parameters": parameters } })
    }

    fn operations(definition: &Json) -> Vec<ConnectorOperation> {
        let references = json!({ "it": { "runtimeSource": "embedded", "connection": {},
            "api": { "name": "shared_commondataserviceforapps" } } });
        let text = json!({ "properties": { "connectionReferences": references, "definition": definition } });
        facts(&text.to_string()).unwrap().operations.into_iter().collect()
    }

    fn one(name: &str, parameters: &Json) -> ConnectorOperation {
        operations(&json!({ "actions": { "a": action(name, parameters) } })).remove(0)
    }

    fn literal(text: &str) -> Said {
        Said::Literal(text.into())
    }

    #[test]
    fn an_action_names_its_table_and_the_lookups_that_it_sets() {
        let created = one(
            "CreateRecord",
            &json!({
                "entityName": "contoso_expenses",
                "item/contoso_name": "a text that nobody keeps",
                "item/contoso_Center@odata.bind": "/contoso_centers(@{triggerBody()['text']})",
                "item/contoso_Other@odata.bind": "@if(true, concat('accounts(', 'x', ')'), null)",
            }),
        );
        assert_eq!(
            (created.name.as_str(), created.part, created.table),
            ("CreateRecord", Part::Action, Some(literal("contoso_expenses")))
        );
        assert_eq!(
            created.lookups,
            [("contoso_Center".into(), literal("contoso_centers")), ("contoso_Other".into(), Said::Expression)].into()
        );
        assert!(!created.computes_row);
    }

    #[test]
    fn a_table_that_a_run_computes_is_an_expression_and_a_whole_row_that_it_computes_is_told() {
        let computed =
            one("UpdateRecord", &json!({ "entityName": "@triggerBody()['table']", "item": "@variables('row')" }));
        assert_eq!((computed.table, computed.computes_row), (Some(Said::Expression), true));
        let set_in_part = one("ListRecords", &json!({ "entityName": "contoso_@{variables('suffix')}" }));
        assert_eq!(set_in_part.table, Some(Said::Expression));
    }

    #[test]
    fn what_a_list_expands_and_links_is_named_without_what_it_asks_of_them() {
        let listed = one(
            "ListRecords",
            &json!({
                "entityName": "accounts",
                "$expand": "primarycontactid($select=fullname,emailaddress1;$expand=owninguser($select=fullname)), @{variables('more')}",
                "fetchXml": "<fetch><entity name='account'><link-entity from=\"a\" name=\"contact\" to='b'/><link-entity to='@{x}' name='@{y}'/></entity></fetch>",
            }),
        );
        assert_eq!(listed.expands, [literal("primarycontactid"), Said::Expression].into());
        assert_eq!(listed.links, [literal("contact"), Said::Expression].into());
    }

    #[test]
    fn a_trigger_and_an_older_action_ask_of_connectors_too() {
        let trigger = json!({ "type": "OpenApiConnectionWebhook", "inputs": { "host": { "connectionName": "it",
            "operationId": "SubscribeWebhookTrigger" }, "parameters": { "subscriptionRequest/entityname": "account" } } });
        let older = json!({ "type": "ApiConnection", "metadata": { "flowSystemMetadata": { "swaggerOperationId": "HttpRequest" } },
            "inputs": { "host": { "connection": { "name": "@parameters('$connections')['it']['connectionId']" } }, "method": "post" } });
        let found = operations(&json!({ "triggers": { "t": trigger },
            "actions": { "s": { "type": "Scope", "actions": { "o": older } }, "h": { "type": "Http", "inputs": { "uri": "https://x" } } } }));
        let named: Vec<_> =
            found.iter().map(|found| (found.name.as_str(), found.part, found.connection.as_deref())).collect();
        assert_eq!(
            named,
            [("HttpRequest", Part::Action, Some("it")), ("SubscribeWebhookTrigger", Part::Trigger, Some("it"))]
        );
        assert_eq!(found[1].table, Some(literal("account")));
    }

    #[test]
    fn a_site_is_kept_when_it_is_an_address_or_an_environment_variable() {
        let site = |dataset: &str| one("GetItems", &json!({ "dataset": dataset })).site;
        assert_eq!(
            site("https://contoso.sharepoint.com/sites/a"),
            Some(literal("https://contoso.sharepoint.com/sites/a"))
        );
        assert_eq!(site("@parameters('Site (dev) (contoso_Site)')"), Some(Said::Variable("contoso_Site".into())));
        assert_eq!(site("@parameters('Site')"), Some(Said::Expression));
        assert_eq!(site("https://@{uriHost('x')}"), Some(Said::Expression));
        assert_eq!(site(&"x".repeat(257)), Some(Said::Expression));
    }
}
