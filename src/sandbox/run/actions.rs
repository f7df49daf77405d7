//! Which operations on tables the Dataverse actions of a flow perform
//! (recorded definition of the connector; `Append` and `AppendTo` as Learn's page on table privileges has them).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::sandbox::flow_text::{DATAVERSE, Text};
use crate::sandbox::organization::Organization;
use crate::sandbox::rights::Verb::{self, Create, Delete, Read, Write};
use crate::sandbox::schema::relationships::{many_to_many, one_to_many};
use crate::sandbox::schema::{Kind, Table};

/// The Dataverse connector of older flows.
const LEGACY: &str = "shared_commondataservice";
/// What an operation on a row of another environment ends with.
const ELSEWHERE: &str = "WithOrganization";

/// What a flow does in Dataverse as its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Deeds {
    /// Operations by logical name of the table.
    pub known: BTreeSet<(String, Verb)>,
    /// Sets that this organisation does not have.
    pub unknown_tables: BTreeSet<String>,
    /// Operations on rows of other environments.
    pub elsewhere: BTreeSet<String>,
    /// What cannot be told from the text: custom actions, expressions.
    pub undecided: BTreeSet<String>,
}

/// Works out what a flow does as its caller.
pub(super) fn as_caller(organization: &Organization, text: &Text) -> Deeds {
    let keys: BTreeSet<&str> = text
        .references()
        .filter(|(_, reference)| {
            let connector = reference["api"]["name"].as_str().unwrap_or_default();
            (connector == DATAVERSE || connector == LEGACY) && Text::is_callers(reference)
        })
        .map(|(key, _)| key.as_str())
        .collect();
    let mut deeds = Deeds::default();
    for action in text.actions() {
        let inputs = &action["inputs"];
        if connection_of(inputs).is_some_and(|key| keys.contains(key)) {
            deeds.add(organization, action);
        }
    }
    deeds
}

/// Returns the key of an action's connection, in the form of today or the older one.
fn connection_of(inputs: &Value) -> Option<&str> {
    let host = &inputs["host"];
    host["connectionName"].as_str().or_else(|| {
        let expression = host["connection"]["name"].as_str()?;
        expression.strip_prefix("@parameters('$connections')['")?.split_once('\'').map(|(key, _)| key)
    })
}

impl Deeds {
    fn add(&mut self, organization: &Organization, action: &Value) {
        let nothing = Map::new();
        let parameters = action["inputs"]["parameters"].as_object().unwrap_or(&nothing);
        let operation = action["inputs"]["host"]["operationId"]
            .as_str()
            .or_else(|| action["metadata"]["flowSystemMetadata"]["swaggerOperationId"].as_str())
            .unwrap_or_default();
        if operation.ends_with(ELSEWHERE) {
            self.elsewhere.insert(operation.to_owned());
            return;
        }
        let verbs: &[Verb] = match operation {
            "ListRecords" | "GetItem" | "GetItems_V2" | "GetItem_V2" | "GetEntityFileImageFieldContent" => &[Read],
            // Returned to the flow as it was written, so it is read too.
            "CreateRecord" => &[Create, Read],
            // An upsert: the row need not be there.
            "UpdateRecord" => &[Create, Write, Read],
            "UpdateOnlyRecord" => &[Write, Read],
            "DeleteRecord" | "DeleteItem" => &[Delete],
            "PostItem_V2" => &[Create],
            "PatchItem_V2" | "UpdateEntityFileImageFieldContent" => &[Write],
            // A flow that waits for a row registers for it (Learn: trigger flows when a row is added, modified or deleted).
            "SubscribeWebhookTrigger" => {
                let registers = [Create, Read, Write, Delete].map(|verb| ("callbackregistration".to_owned(), verb));
                self.known.extend(registers);
                &[Read]
            }
            "AssociateEntities" | "DisassociateEntities" => return self.associate(organization, operation, parameters),
            "PerformUnboundAction" => return self.unbound_action(organization, parameters),
            other => {
                self.undecided.insert(other.to_owned());
                return;
            }
        };
        let Some(table) = self.table(organization, operation, parameters) else { return };
        self.known.extend(verbs.iter().map(|verb| (table.logical_name.to_string(), *verb)));
        self.lookups(organization, table, parameters);
        self.related_reads(organization, table, parameters);
    }

    fn table<'a>(
        &mut self,
        organization: &'a Organization,
        operation: &str,
        parameters: &Map<String, Value>,
    ) -> Option<&'a Table> {
        let names = ["entityName", "table", "subscriptionRequest/entityname"];
        let written = names.iter().find_map(|name| parameters.get(*name)).and_then(Value::as_str);
        let Some(set) = written.filter(|set| !set.is_empty() && !set.contains('@')) else {
            self.undecided.insert(format!("{operation}: table"));
            return None;
        };
        let table = organization.table_of_set(set).or_else(|| organization.table(set));
        if table.is_none() {
            self.unknown_tables.insert(set.to_owned());
        }
        table
    }

    /// A lookup that is set attaches the row to another; an owner that is set gives the row away.
    fn lookups(&mut self, organization: &Organization, table: &Table, parameters: &Map<String, Value>) {
        for (name, value) in parameters {
            let Some(column) = name.strip_prefix("item/") else { continue };
            let column = column.strip_suffix("@odata.bind").map_or((column, false), |column| (column, true));
            match column {
                ("ownerid" | "_ownerid_value", _) => {
                    self.known.insert((table.logical_name.to_string(), Verb::Assign));
                }
                (navigation, true) => {
                    self.known.insert((table.logical_name.to_string(), Verb::Append));
                    match set_of(value).map(|set| (set, organization.table_of_set(set))) {
                        Some((_, Some(target))) => {
                            self.known.insert((target.logical_name.to_string(), Verb::AppendTo));
                        }
                        Some((set, None)) => {
                            self.unknown_tables.insert(set.to_owned());
                        }
                        None => {
                            self.undecided.insert(format!("{navigation}: table of the lookup"));
                        }
                    }
                }
                (_, false) => {}
            }
        }
    }

    /// Rows that come along are read too.
    fn related_reads(&mut self, organization: &Organization, table: &Table, parameters: &Map<String, Value>) {
        let expand = parameters.get("$expand").and_then(Value::as_str).unwrap_or_default();
        let mut depth = 0_usize;
        let items = expand.split(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            character == ',' && depth == 0
        });
        for item in items.map(str::trim).filter(|item| !item.is_empty()) {
            let navigation = item.split('(').next().unwrap_or_default().trim();
            match target(organization, table, navigation) {
                Some(target) => {
                    self.known.insert((target, Verb::Read));
                }
                None => {
                    self.undecided.insert(format!("{navigation}: expanded table"));
                }
            }
        }
        let fetch = parameters.get("fetchXml").and_then(Value::as_str).unwrap_or_default();
        for part in fetch.split("<link-entity").skip(1) {
            let tag = part.split('>').next().unwrap_or_default();
            let name = tag.split_once(" name=").and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next());
            match name.map(|name| (name, organization.table(name))) {
                Some((_, Some(linked))) => {
                    self.known.insert((linked.logical_name.to_string(), Verb::Read));
                }
                Some((name, None)) if !name.contains('@') => {
                    self.unknown_tables.insert(name.to_owned());
                }
                Some((_, None)) | None => {
                    self.undecided.insert("fetchXml: linked table".to_owned());
                }
            }
        }
    }

    /// Attaching rows through a relationship: `Append` on the row that is attached, `AppendTo` on the other; `Append` on both where
    /// both sides are many.
    fn associate(&mut self, organization: &Organization, operation: &str, parameters: &Map<String, Value>) {
        let Some(table) = self.table(organization, operation, parameters) else { return };
        let navigation = parameters.get("associationEntityRelationship").and_then(Value::as_str).unwrap_or_default();
        let near = table.logical_name.to_string();
        if let Some(relationship) = many_to_many(&near, navigation) {
            let [(near, _), (far, _)] = relationship.seen_from(&near);
            self.known.extend([(near.to_owned(), Verb::Append), (far.to_owned(), Verb::Append)]);
        } else if let Some(relationship) = one_to_many(&near, navigation) {
            self.known.extend([(relationship.many.to_owned(), Verb::Append), (near, Verb::AppendTo)]);
        } else if let Some(far) = target(organization, table, navigation) {
            self.known.extend([(near, Verb::Append), (far, Verb::AppendTo)]);
        } else {
            self.undecided.insert(format!("{operation}: {navigation}"));
        }
    }

    /// Sharing needs Share on the row's table; what other actions need is theirs to say.
    fn unbound_action(&mut self, organization: &Organization, parameters: &Map<String, Value>) {
        let name = parameters.get("actionName").and_then(Value::as_str).unwrap_or_default();
        let kind = parameters
            .iter()
            .find(|(key, _)| key.contains("Target") && key.ends_with("@odata.type"))
            .and_then(|(_, value)| value.as_str()?.trim_start_matches('#').strip_prefix("Microsoft.Dynamics.CRM."));
        match (name, kind.and_then(|kind| organization.table(kind))) {
            ("GrantAccess" | "ModifyAccess" | "RevokeAccess", Some(table)) => {
                self.known.insert((table.logical_name.to_string(), Verb::Share));
            }
            _ => {
                self.undecided.insert(format!("PerformUnboundAction: {name}"));
            }
        }
    }
}

/// Returns the set that a lookup's value starts with: `accounts(…)`, `/accounts(…)`.
fn set_of(value: &Value) -> Option<&str> {
    let (set, _) = value.as_str()?.trim_start_matches('/').split_once('(')?;
    (!set.is_empty() && !set.contains(['@', '{', '\''])).then_some(set)
}

/// Returns the table that a navigation property leads to.
fn target(organization: &Organization, table: &Table, navigation: &str) -> Option<String> {
    if let Some(relationship) = many_to_many(&table.logical_name, navigation) {
        return Some(relationship.seen_from(&table.logical_name)[1].0.to_owned());
    }
    if let Some(relationship) = one_to_many(&table.logical_name, navigation) {
        return Some(relationship.many.to_owned());
    }
    match &table.lookup(navigation)?.kind {
        Kind::Lookup { targets, .. } => {
            targets.iter().find(|name| organization.table(name).is_some()).map(ToString::to_string)
        }
        Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Moment | Kind::Managed => None,
    }
}
