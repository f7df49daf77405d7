//! What Power Automate does when a flow is written: checks of its text, its connections, its children and its state.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use crate::sandbox::access::Authority;
use crate::sandbox::fault::Fault;
use crate::sandbox::flow_text::{
    DATAVERSE, RUNNING_TEXT, Text, child_with_callers_connection, flow_error, usual_columns,
};
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{id, number, text};
use crate::sandbox::rights::Verb;
use crate::sandbox::variants::{EmbeddedUnderAppTrigger, ModeEffect, PatchOfActiveFlow, ReferenceCheck};

/// Triggers of apps, for which a third party measured that connections are set back.
const APP_TRIGGERS: [&str; 2] = ["PowerApp", "PowerAppV2"];

impl Session<'_> {
    /// Completes a new flow: it is off, its text is read, and its connection references have to be visible to the caller
    /// (field notes: checked on creation, not on changes).
    pub(super) fn complete_new_flow(&self, key: Uuid, row: &mut Row) -> Result<(), Fault> {
        for (name, value) in usual_columns(key) {
            row.entry(name).or_insert(value);
        }
        row.insert("statecode".into(), json!(0));
        row.insert("statuscode".into(), json!(1));
        if number(row, "category") != Some(5) {
            return Ok(());
        }
        let written = Text::parse(text(row, "clientdata").unwrap_or_default())?;
        self.may_read_references(&written, &self.authority()?)?;
        self.check_saved(key, row, &written)
    }

    fn may_read_references(&self, written: &Text, authority: &Authority) -> Result<(), Fault> {
        let table = self.table("connectionreference")?;
        let mut found = written.references().filter_map(|(_, reference)| self.reference_row(reference));
        found.try_for_each(|found| authority.require_on(self.organization, table, Verb::Read, found))
    }

    /// Changes a flow.
    pub(super) fn update_flow(&mut self, key: Uuid, mut columns: Row, authority: &Authority) -> Result<(), Fault> {
        self.may_customize("workflow", key)?;
        let Some(before) = self.organization.row("workflow", key).cloned() else {
            return Err(Fault::no_such_row("workflow", key));
        };
        let was_on = number(&before, "statecode") == Some(1);
        let mut after = before.clone();
        after.extend(columns.clone());
        if let Some(state) = number(&columns, "statecode") {
            let status = match state {
                0 => 1,
                1 => 2,
                _ => return Err(Fault::malformed(format!("{state} is not a valid state of a flow."))),
            };
            columns.insert("statuscode".into(), json!(status));
        }
        let is_new_text = text(&columns, "clientdata").is_some_and(|new| text(&before, "clientdata") != Some(new));
        if is_new_text {
            let written = Text::parse(text(&after, "clientdata").unwrap_or_default())?;
            self.check_saved(key, &after, &written)?;
            if self.variants.reference_check == ReferenceCheck::OnEverySave {
                self.may_read_references(&written, authority)?;
            }
            if was_on {
                match self.variants.patch_of_active_flow {
                    PatchOfActiveFlow::Accepted => {}
                    PatchOfActiveFlow::Refused => self.require_connections(&before, authority)?,
                    PatchOfActiveFlow::TurnsOff => {
                        columns.insert("statecode".into(), json!(0));
                        columns.insert("statuscode".into(), json!(1));
                    }
                    PatchOfActiveFlow::Reverted => {
                        columns.remove("clientdata");
                    }
                }
            }
            if self.variants.embedded_under_app_trigger == EmbeddedUnderAppTrigger::SetBack
                && let Some(set_back) = set_back(&written, text(&before, "clientdata").unwrap_or_default())
                && columns.contains_key("clientdata")
            {
                columns.insert("clientdata".into(), json!(set_back));
            }
        }
        if was_on && is_new_text && self.variants.mode_effect == ModeEffect::AfterRestart {
            // What runs until then is no column of the table.
            let runs = before.get(RUNNING_TEXT).or_else(|| before.get("clientdata")).cloned();
            columns.insert(RUNNING_TEXT.into(), runs.unwrap_or_default());
        }
        if number(&columns, "statecode") == Some(0) {
            columns.insert(RUNNING_TEXT.into(), json!(null));
        }
        if !was_on && number(&columns, "statecode") == Some(1) {
            let written = Text::parse(text(&after, "clientdata").unwrap_or_default())?;
            self.check_saved(key, &after, &written)?;
            self.check_started(&written)?;
        }
        self.organization.change("workflow", key, columns);
        Ok(())
    }

    /// Checks what Power Automate checks on every save.
    fn check_saved(&self, key: Uuid, row: &Row, written: &Text) -> Result<(), Fault> {
        if written.has_callers_connection() && self.is_child(key) {
            return Err(child_with_callers_connection(key, row));
        }
        for child in written.children() {
            let child_row = self.organization.row("workflow", child);
            let child_text = child_row.and_then(|row| text(row, "clientdata")).and_then(|text| Text::parse(text).ok());
            if let (Some(child_row), Some(child_text)) = (child_row, child_text)
                && child_text.has_callers_connection()
            {
                return Err(child_with_callers_connection(child, child_row));
            }
        }
        let impersonating = written.impersonating();
        if impersonating.is_empty() || !written.0["properties"]["definition"]["triggers"].is_object() {
            return Ok(());
        }
        // Learn, manage Dataverse connections: actions with an environment of their own cannot use the caller's connection.
        for action in written.actions() {
            let host = &action["inputs"]["host"];
            let is_meant = impersonating.iter().any(|key| host["connectionName"] == key.as_str());
            if is_meant && host["operationId"].as_str().is_some_and(|name| name.ends_with("WithOrganization")) {
                let text =
                    format!("The operation '{}' does not support connections of the invoker.", host["operationId"]);
                return Err(flow_error(400, "InvokerConnectionNotAllowed", &text));
            }
        }
        // Learn, impersonate another user: directly, not through a team.
        let owner = id(row, "_ownerid_value").unwrap_or_default();
        let is_allowed = self.organization.row("systemuser", owner).is_some()
            && Authority::of(self.organization, owner).holds_directly(self.organization, "prvActOnBehalfOfAnotherUser");
        if is_allowed {
            return Ok(());
        }
        Err(Fault::new(
            403,
            "0x80040220",
            format!(
                "Principal user (Id={owner}, type=8) is missing prvActOnBehalfOfAnotherUser privilege (Id={}). The owner of a flow that \
                 uses Dataverse connections of its users needs it through a role of its own.",
                self.organization.privilege_id("prvActOnBehalfOfAnotherUser")
            ),
        ))
    }

    fn check_started(&self, written: &Text) -> Result<(), Fault> {
        for (key, reference) in written.references() {
            let name = reference["connection"]["connectionReferenceLogicalName"].as_str();
            if name.is_some() && self.reference_row(reference).is_none() {
                let text = format!("The connection reference '{}' of '{key}' was not found.", name.unwrap_or_default());
                return Err(flow_error(400, "InvalidOpenApiFlow", &text));
            }
        }
        Ok(())
    }

    /// Refuses a caller who has none of the connections that the flow lends: they are their reference's owner's.
    fn require_connections(&self, row: &Row, authority: &Authority) -> Result<(), Fault> {
        let held = Text::parse(text(row, "clientdata").unwrap_or_default())?;
        for (_, reference) in held.references().filter(|(_, reference)| !Text::is_callers(reference)) {
            let Some(found) = self.reference_row(reference) else { continue };
            let Some(reference_row) = self.organization.row("connectionreference", found) else { continue };
            if id(reference_row, "_ownerid_value") != Some(authority.user) {
                let object = self
                    .organization
                    .row("systemuser", authority.user)
                    .and_then(|row| id(row, "azureactivedirectoryobjectid"));
                // Issues of the Center of Excellence kit; the words are a paraphrase.
                return Err(Fault::new(
                    403,
                    "ConnectionAuthorizationFailed",
                    format!(
                        "The caller with object id '{}' does not have permission for connection '{}' under Api '{}'; it cannot be used \
                         to activate this flow.",
                        object.unwrap_or_default(),
                        text(reference_row, "connectionid").unwrap_or_default(),
                        reference["api"]["name"].as_str().unwrap_or_default(),
                    ),
                ));
            }
        }
        Ok(())
    }

    fn reference_row(&self, reference: &Value) -> Option<Uuid> {
        let name = reference["connection"].get("connectionReferenceLogicalName")?;
        self.organization.find("connectionreference", "connectionreferencelogicalname", name).map(|(key, _)| key).next()
    }

    fn is_child(&self, key: Uuid) -> bool {
        let mention = key.to_string();
        self.organization
            .all("workflow")
            .filter(|(other, _)| *other != key)
            .filter_map(|(_, row)| text(row, "clientdata"))
            .filter(|clientdata| clientdata.contains(&mention))
            .any(|clientdata| Text::parse(clientdata).is_ok_and(|text| text.children().contains(&key)))
    }
}

/// Makes connections the caller's again that were so before, under a trigger of an app.
fn set_back(written: &Text, before: &str) -> Option<String> {
    let before = Text::parse(before).ok()?;
    if !written.trigger_kinds().iter().any(|kind| APP_TRIGGERS.contains(kind)) {
        return None;
    }
    let mut value = written.0.clone();
    let mut is_changed = false;
    for (key, reference) in value["properties"]["connectionReferences"].as_object_mut()? {
        let was_callers = before.references().any(|(known, old)| known == key && Text::is_callers(old));
        if was_callers && !Text::is_callers(reference) && reference["api"]["name"] != DATAVERSE {
            reference["runtimeSource"] = json!("invoker");
            is_changed = true;
        }
    }
    is_changed.then(|| value.to_string())
}
