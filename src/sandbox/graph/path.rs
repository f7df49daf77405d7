//! Reads the paths of Graph: their words in any case, keys in parentheses or behind a slash, and whom `me` stands for.

use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;
use crate::sandbox::percent;
use crate::sandbox::schema::directory::Kind;

/// What a key begins with that is an application's id.
pub(super) const APP_ID: &str = "appId=";

/// The words of addresses, which Graph takes in any case (a public client asks for `/groups/{id}/Owners`).
const WORDS: [&str; 13] = [
    "users",
    "groups",
    "servicePrincipals",
    "directoryObjects",
    "members",
    "transitiveMembers",
    "owners",
    "memberOf",
    "transitiveMemberOf",
    "licenseDetails",
    "checkMemberGroups",
    "getMemberGroups",
    "getByIds",
];

/// Cuts a path into its segments; `me` is the user whose token it is.
pub(super) fn segments(path: &str, claims: &Claims) -> Result<Vec<String>, Fault> {
    let segments = percent::segments(path).ok_or_else(|| Fault::new(400, "BadRequest", "Invalid request."))?;
    let mut segments: Vec<String> = segments.iter().flat_map(|segment| with_key(segment)).collect();
    if segments.first().is_some_and(|first| first.eq_ignore_ascii_case("me")) {
        if claims.appid.is_some() {
            // Text of the service as public clients report it.
            let text = "/me request is only valid with delegated authentication flow.";
            return Err(Fault::new(400, "BadRequest", text));
        }
        segments.splice(..1, ["users".to_owned(), claims.oid.to_string()]);
    }
    Ok(segments)
}

/// Says whether the segments lead to a collection of objects, perhaps of one type.
pub(super) fn is_collection(segments: &[&str]) -> bool {
    match segments {
        [_] => true,
        [.., last] => {
            kind_of_cast(last).is_some()
                || ["members", "transitiveMembers", "owners", "memberOf", "transitiveMemberOf"].contains(last)
        }
        [] => false,
    }
}

/// Tells a segment from the key behind it: `groups('22…')` is `groups/22…` (OData: URL conventions, keys as segments), and the one
/// alternate key of users and of service principals is as good (Learn: get user, get servicePrincipal).
fn with_key(segment: &str) -> Vec<String> {
    let Some((set, key)) = segment.strip_suffix("')").and_then(|rest| rest.split_once('(')) else {
        return vec![canonical(segment)];
    };
    let set = canonical(set);
    let (name, value) = key.split_once('\'').unwrap_or(("", key));
    match (set.as_str(), name) {
        (_, "") | ("users", "userPrincipalName=") => vec![set, value.to_owned()],
        ("servicePrincipals", APP_ID) => vec![set, format!("{APP_ID}{value}")],
        _ => vec![segment.to_owned()],
    }
}

fn canonical(segment: &str) -> String {
    let known = WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(segment));
    known.unwrap_or(segment).to_owned()
}

/// The type that a segment narrows a collection to, under the namespace or its alias (published `$metadata`: `graph`).
pub(super) fn kind_of_cast(segment: &str) -> Option<Kind> {
    let name = segment.strip_prefix("microsoft.graph.").or_else(|| segment.strip_prefix("graph."))?;
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}
