//! Who a token is for: a person, or an application that proved itself.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::issuer::Issuer;
use super::refusal::Refusal;
use crate::sandbox::directory::{Directory, ServicePrincipal};

/// Who a token is for.
pub(super) struct Bearer {
    pub(super) id: Uuid,
    pub(super) application: Option<Uuid>,
    /// The application's display name.
    pub(super) name: Option<String>,
    pub(super) upn: Option<String>,
}

impl Bearer {
    pub(super) fn application(id: Uuid, found: &ServicePrincipal) -> Self {
        Self { id, application: Some(found.app_id), name: Some(found.display_name.clone()), upn: None }
    }
}

impl Issuer {
    pub(super) fn user(&self, directory: &Directory, upn: &str) -> Result<Bearer, Refusal> {
        let refuse = |number, text| Refusal { status: 400, error: "invalid_grant", number, text };
        let Some((id, person)) = directory.user_by_upn(upn) else {
            let text = format!("The user account {upn} does not exist in the {} directory.", self.tenant);
            return Err(refuse(50034, text));
        };
        if !person.enabled {
            return Err(refuse(50057, "The user account is disabled.".to_owned()));
        }
        Ok(Bearer { id, application: None, name: None, upn: Some(person.upn.clone()) })
    }

    pub(super) fn service_principal<'a>(
        &self,
        directory: &'a Directory,
        client: &str,
    ) -> Result<(Uuid, &'a ServicePrincipal), Refusal> {
        let found = client.parse().ok().and_then(|app| directory.service_principal_by_app(app));
        found.ok_or_else(|| Refusal {
            status: 400,
            error: "unauthorized_client",
            number: 700_016,
            text: format!(
                "Application with identifier '{client}' was not found in the directory '{}'. This can happen if the application \
                 has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
                self.tenant
            ),
        })
    }

    pub(super) fn application(
        &self,
        directory: &Directory,
        client: &str,
        form: &BTreeMap<String, String>,
    ) -> Result<Bearer, Refusal> {
        let (id, service_principal) = self.service_principal(directory, client)?;
        let refuse = |number, text: String| Refusal { status: 401, error: "invalid_client", number, text };
        match form.get("client_secret") {
            Some(secret) if *secret == service_principal.secret => Ok(Bearer::application(id, service_principal)),
            Some(_) => Err(refuse(
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
                     client secret ID, for a secret added to app '{client}'."
                ),
            )),
            None => Err(refuse(
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
                    .to_owned(),
            )),
        }
    }
}
