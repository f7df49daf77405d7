//! Words of the sentences about people.
/// `has` of one, `have` of several.
pub(super) fn has(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

/// `acts` of one, `act` of several.
pub(super) fn act(runners: Option<usize>) -> &'static str {
    match runners {
        Some(1) | None => "acts",
        Some(_) => "act",
    }
}

/// A connector as people call it: `shared_office365` is Office 365 in the portal; what is not known is called by its name.
pub(super) fn connector(name: &str) -> &str {
    match name {
        "shared_sharepointonline" => "SharePoint",
        "shared_commondataserviceforapps" | "shared_commondataservice" => "Dataverse",
        "shared_office365" => "Outlook",
        "shared_sql" => "SQL",
        "shared_teams" => "Teams",
        other => other.strip_prefix("shared_").unwrap_or(other),
    }
}
