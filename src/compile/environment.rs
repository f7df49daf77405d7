//! Environment documents, and organisation addresses given instead of one.
use url::{Host, Url};

use crate::compile::desired::{Cloud, Environment, GroupTeams, MaxRemovals, Member, Placed, Rails};
use crate::compile::specs;
use crate::finding::{Finding, Severity};
use crate::kinds::environment::spec::{self, Spec};
use crate::kinds::principals::Principal;
use crate::manifest::Document;
use crate::manifest::document::Read;
use crate::place::Place;
use crate::rules::Rule;

/// Reads an Environment document.
pub(super) fn read(document: &Document, findings: &mut Vec<Finding>) -> Option<Environment> {
    let read: Read<Spec> = match document.spec(None) {
        Ok(read) => read,
        Err(mut problems) => {
            findings.append(&mut problems);
            return None;
        }
    };
    let spec = &read.spec;
    let url = spec.url.as_ref().map(|url| Placed { value: url.clone(), place: read.place("/url") });
    let url = url.map(|url| match address(&url.value) {
        Ok(value) => Placed { value, place: url.place },
        Err(reason) => {
            let message = format!("`{}` {reason}", url.value);
            findings.push(Finding::error(Rule::InvalidValue, &url.place, message).hint(ADDRESS));
            url
        }
    });
    let environment_id = spec.environment_id.as_ref();
    let environment_id = environment_id.map(|id| Placed { value: id.clone(), place: read.place("/environmentId") });
    if url.is_none() && environment_id.is_none() {
        let message = format!("{} has neither `url` nor `environmentId`", document.name.value);
        findings.push(Finding::error(Rule::Shape, &document.name.place, message).hint(ADDRESS));
    }
    report_nested_variables(&read, findings);
    Some(Environment {
        name: document.name.value.as_str().into(),
        place: document.place.clone(),
        labels: document.labels.clone(),
        url,
        environment_id,
        tenant: spec.tenant,
        cloud: spec.cloud,
        credentials: spec.credentials.clone(),
        add_users: spec.add_users,
        act_as: spec.act_as,
        group_teams: group_teams(&read),
        rails: rails(&read, findings),
    })
}

const ADDRESS: &str = "the address of an organisation looks like https://contoso.crm4.dynamics.com";

/// What stands for the file of an environment that no document describes.
const COMMAND_LINE: &str = "<command line>";

impl Environment {
    /// Makes an environment of an organisation's address alone, as if a document had said just that.
    pub fn from_url(url: &str) -> Result<Self, Finding> {
        let value = address(url).map_err(|reason| {
            Finding::new(Severity::Error, Rule::InvalidValue, None, format!("`{url}` {reason}")).hint(ADDRESS)
        })?;
        let place = Place::start_of(COMMAND_LINE);
        Ok(Self {
            name: value.trim_start_matches("https://").trim_start_matches("http://").into(),
            labels: std::collections::BTreeMap::new(),
            url: Some(Placed { value, place: place.clone() }),
            place,
            environment_id: None,
            tenant: None,
            cloud: Cloud::default(),
            credentials: None,
            add_users: crate::compile::desired::AddUsers::default(),
            act_as: crate::compile::desired::ActAs::default(),
            group_teams: GroupTeams::default(),
            rails: Rails::default(),
        })
    }

    /// Whether it was made of an organisation's address alone.
    pub fn is_of_address_alone(&self) -> bool {
        &*self.place.file == COMMAND_LINE
    }

    /// The document that says what an address alone says, to be put beside other manifests.
    pub fn document(&self) -> String {
        let url = self.url.as_ref().map(|url| format!("  url: \"{}\"\n", url.value)).unwrap_or_default();
        let cloud = match self.cloud {
            Cloud::Public => "",
            Cloud::Gcc => "  cloud: gcc\n",
            Cloud::GccHigh => "  cloud: gcchigh\n",
            Cloud::Dod => "  cloud: dod\n",
            Cloud::China => "  cloud: china\n",
        };
        let name = &self.name;
        format!(
            "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata:\n  name: \"{name}\"\nspec:\n{url}{cloud}"
        )
    }
}

/// Takes an organisation's address to the form in which two of them can be compared, or says what it is instead.
fn address(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "is no address")?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("is no address of a host"),
    };
    match url.scheme() {
        "https" => {}
        // The embedded tenant listens without TLS, and only on this machine.
        "http" if is_loopback => {}
        "http" => return Err("would send tokens without encryption"),
        _ => return Err("is no https address"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name or a password in it");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("has more than the organisation's host in it");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn group_teams(read: &Read<Spec>) -> GroupTeams {
    let spec::GroupTeams { membership, business_unit } = &read.spec.group_teams;
    let business_unit = business_unit.as_ref().filter(|unit| *unit != "root");
    GroupTeams {
        membership: *membership,
        business_unit: business_unit
            .map(|unit| Placed { value: unit.clone(), place: read.place("/groupTeams/businessUnit") }),
    }
}

fn rails(read: &Read<Spec>, findings: &mut Vec<Finding>) -> Rails {
    let spec::Rails {
        max_removals,
        min_admins,
        required_admins,
        max_audience,
        protected,
        privileged_grant,
        unmanaged_layer,
    } = &read.spec.rails;
    let usual = Rails::default();
    let mut people = People { read, findings };
    let (mut protected_principals, mut protected_roles) = (Vec::new(), Vec::new());
    for (index, protected) in protected.iter().enumerate() {
        let pointer = format!("/rails/protected/{index}");
        match protected {
            spec::Protected::Principal(principal) => protected_principals.extend(people.one(&pointer, principal)),
            spec::Protected::Role(spec::ProtectedRole { role }) => {
                protected_roles.push(Placed { value: specs::role_name(role), place: read.place(&pointer) });
            }
        }
    }
    Rails {
        max_removals: MaxRemovals {
            absolute: max_removals.absolute.unwrap_or(usual.max_removals.absolute),
            share: max_removals.share.unwrap_or(usual.max_removals.share),
            floor: max_removals.floor.unwrap_or(usual.max_removals.floor),
        },
        min_admins: min_admins.unwrap_or(usual.min_admins),
        required_admins: people.all("required-admins", required_admins),
        max_audience: max_audience.unwrap_or(usual.max_audience),
        protected: protected_principals,
        protected_roles,
        privileged_grant: people.all("privileged-grant", privileged_grant),
        unmanaged_layer: *unmanaged_layer,
    }
}

/// Principals that rails name.
struct People<'run> {
    read: &'run Read<Spec>,
    findings: &'run mut Vec<Finding>,
}

impl People<'_> {
    fn all(&mut self, key: &str, principals: &[Principal]) -> Vec<Member> {
        let found = principals.iter().enumerate();
        found.filter_map(|(index, principal)| self.one(&format!("/rails/{key}/{index}"), principal)).collect()
    }

    fn one(&mut self, pointer: &str, principal: &Principal) -> Option<Member> {
        let membership = self.read.spec.group_teams.membership;
        specs::member(&principal.clone().into(), &self.read.place(pointer), membership, self.findings)
    }
}

/// A variable's value is a value: another variable in it would never be put in.
fn report_nested_variables(read: &Read<Spec>, findings: &mut Vec<Finding>) {
    for (name, value) in &read.spec.vars {
        if let spec::Variable::Text(text) = value
            && text.contains("${")
        {
            let message = format!("`{name}` has a variable in its value");
            let place = read.place(&format!("/vars/{name}"));
            findings.push(Finding::error(Rule::InvalidValue, &place, message).hint("write the value out"));
        }
    }
}
