//! Requests as values: what will be read or written, without a client that could send it.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A service of Microsoft's that requests go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// The Web API of the environment's own organisation.
    Dataverse,
    /// Microsoft Graph.
    Graph,
    /// The Power Platform admin API (Business App Platform).
    Admin,
    /// The Power Automate service.
    Flow,
}

impl Service {
    /// The service's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dataverse => "Dataverse",
            Self::Graph => "Microsoft Graph",
            Self::Admin => "Power Platform admin API",
            Self::Flow => "Power Automate",
        }
    }
}

/// A request that changes nothing. Its constructors refuse what would write although it is a GET.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    service: Service,
    path: String,
    page: Option<u32>,
    strong: bool,
    annotated: bool,
}

impl Read {
    /// Reads a set or a row, page by page. `path` is relative to the service's root, its query already encoded.
    ///
    /// # Panics
    /// When the path addresses `systemusers` or `teams` by alternate key: that GET adds the user or team
    /// (Learn: use Microsoft Entra ID group teams with the Web API), so it is not a read.
    pub fn get(service: Service, path: impl Into<String>) -> Self {
        let path = path.into();
        assert!(!adds_principal(&path), "a GET by alternate key on users or teams writes: {path}");
        Self { service, path, page: None, strong: false, annotated: false }
    }

    /// Asks for annotations, above all the names of lookups (`Prefer: odata.include-annotations="*"`; Learn: formatted values).
    #[must_use]
    pub fn annotated(mut self) -> Self {
        self.annotated = true;
        self
    }

    /// Asks for at most `rows` rows a page.
    #[must_use]
    pub fn page(mut self, rows: u32) -> Self {
        self.page = Some(rows);
        self
    }

    /// Bypasses the service's caches, for reading back what was just written
    /// (`Consistency: Strong`; Learn: compose HTTP requests and handle errors).
    #[must_use]
    pub fn strong(mut self) -> Self {
        self.strong = true;
        self
    }

    /// The service that is asked.
    pub fn service(&self) -> Service {
        self.service
    }

    /// The path and query, relative to the service's root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The page size that is asked for.
    pub fn page_size(&self) -> Option<u32> {
        self.page
    }

    /// Whether annotations are asked for.
    pub fn is_annotated(&self) -> bool {
        self.annotated
    }

    /// Whether caches are bypassed.
    pub fn is_strong(&self) -> bool {
        self.strong
    }
}

/// Says whether a GET of this path would add a user or a team.
fn adds_principal(path: &str) -> bool {
    let path = path.trim_start_matches('/').to_ascii_lowercase();
    ["systemusers(", "teams("].iter().any(|set| {
        path.strip_prefix(set).is_some_and(|rest| rest.split(')').next().is_some_and(|key| key.contains('=')))
    })
}

/// The method of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Creates, or calls an action.
    Post,
    /// Changes columns of a row.
    Patch,
    /// Removes a row or an association.
    Delete,
}

impl Method {
    /// The method as it is sent.
    pub fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request that changes something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Request {
    /// The service that is asked.
    pub service: Service,
    /// The method.
    pub method: Method,
    /// The path and query, relative to the service's root.
    pub path: String,
    /// Further headers, such as `If-Match` or `MSCRM.SolutionUniqueName`.
    pub headers: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<Value>,
}

impl Request {
    /// Makes a POST.
    pub fn post(service: Service, path: impl Into<String>, body: Value) -> Self {
        Self { service, method: Method::Post, path: path.into(), headers: Vec::new(), body: Some(body) }
    }

    /// Makes a PATCH of a row that must exist: `If-Match: *` keeps it from creating one.
    pub fn patch(service: Service, path: impl Into<String>, body: Value) -> Self {
        Self { service, method: Method::Patch, path: path.into(), headers: Vec::new(), body: Some(body) }
            .header("If-Match", "*")
    }

    /// Makes a DELETE.
    pub fn delete(service: Service, path: impl Into<String>) -> Self {
        Self { service, method: Method::Delete, path: path.into(), headers: Vec::new(), body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What one step sends: one wire object, one outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// One request.
    Send(Request),
    /// A change set: all or nothing.
    Together(Vec<Request>),
    /// Several requests in order, each only when the one before it was accepted; for what a change set cannot hold.
    InOrder(Vec<Request>),
    /// A flow's text, read at send time, edited and written with `If-Match`.
    Rewrite(Edit),
}

/// An edit of a flow's text: which connection references get which mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The flow (`workflowid`).
    pub flow: Uuid,
    /// The modes to write.
    pub modes: Vec<ModeEdit>,
    /// The Entra object id to act as: the flow's owner, where the Environment document says `actAs: owner`.
    pub act_as: Option<Uuid>,
}

/// One connection reference's move from one mode to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeEdit {
    /// Which entries of `connectionReferences` are meant.
    pub target: ModeTarget,
    /// Whether the run-only user's connection is wanted (`true`) or the flow's own.
    pub by_run_only_user: bool,
}

/// Which entries of a flow's `connectionReferences` an edit means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModeTarget {
    /// Every key that carries this logical name.
    LogicalName(String),
    /// This key alone, for a reference without a logical name.
    Key(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_by_id_or_filter_is_a_read() {
        let by_id = Read::get(Service::Dataverse, "systemusers(3f2504e0-4f89-11d3-9a0c-0305e82c3301)?$select=fullname");
        let filtered = Read::get(Service::Dataverse, "teams?$filter=azureactivedirectoryobjectid%20eq%20x").page(5000);
        assert_eq!(by_id.page_size(), None);
        assert_eq!(filtered.page_size(), Some(5000));
    }

    #[test]
    #[should_panic(expected = "writes")]
    fn a_get_that_adds_the_user_is_not_a_read() {
        let _ = Read::get(
            Service::Dataverse,
            "systemusers(azureactivedirectoryobjectid=3f2504e0-4f89-11d3-9a0c-0305e82c3301)",
        );
    }

    #[test]
    fn a_patch_never_creates() {
        let patch = Request::patch(Service::Dataverse, "roles(1)", serde_json::json!({}));
        assert_eq!(patch.headers, [("If-Match".to_owned(), "*".to_owned())]);
    }
}
