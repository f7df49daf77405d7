//! Runs of the real binary in each of Microsoft's clouds, and in one that variables put together: whom it speaks to.
use std::collections::BTreeSet;

use powergrant::sandbox::faults::{Disturbance, Rule};

use crate::desk::{Desk, shown, text};
use crate::proxied::{ENVIRONMENT, PUBLIC, Stage};

#[test]
fn a_run_in_each_cloud_dials_the_hosts_of_that_cloud_alone() {
    let clouds = [
        (
            "public",
            PUBLIC,
            ["login.microsoftonline.com", "graph.microsoft.com", "api.bap.microsoft.com", "api.flow.microsoft.com"],
        ),
        (
            "gcc",
            "contoso.crm9.dynamics.com",
            [
                "login.microsoftonline.com",
                "graph.microsoft.com",
                "gov.api.bap.microsoft.us",
                "gov.api.flow.microsoft.us",
            ],
        ),
        (
            "gcchigh",
            "contoso.crm.microsoftdynamics.us",
            [
                "login.microsoftonline.us",
                "graph.microsoft.us",
                "high.api.bap.microsoft.us",
                "high.api.flow.microsoft.us",
            ],
        ),
        (
            "dod",
            "contoso.crm.appsplatform.us",
            [
                "login.microsoftonline.us",
                "dod-graph.microsoft.us",
                "api.bap.appsplatform.us",
                "api.flow.appsplatform.us",
            ],
        ),
        (
            "china",
            "contoso.crm.dynamics.cn",
            [
                "login.chinacloudapi.cn",
                "microsoftgraph.chinacloudapi.cn",
                "api.bap.partner.microsoftonline.cn",
                "api.powerautomate.cn",
            ],
        ),
    ];
    for (cloud, organisation, hosts) in clouds {
        let stage = Stage::of(cloud, organisation);
        let whoami = stage.run(&["whoami", "."], &[]);
        assert_eq!(whoami.status.code(), Some(0), "{cloud}: {}", shown(&whoami));
        assert!(text(&whoami.stdout).contains("Nothing is missing."), "{cloud}: {}", shown(&whoami));
        let plan = stage.run(&["plan", "."], &[]);
        assert_eq!(plan.status.code(), Some(0), "{cloud}: {}", shown(&plan));
        let apply = stage.run(&["apply", "--yes", "."], &[]);
        assert_eq!(apply.status.code(), Some(0), "{cloud}: {}", shown(&apply));
        assert!(text(&apply.stdout).contains("read back from the services and held"), "{cloud}: {}", shown(&apply));
        let expected: BTreeSet<String> = hosts.into_iter().chain([organisation]).map(str::to_owned).collect();
        assert_eq!(stage.dialled(), expected, "{cloud}");
    }
}

#[cfg(unix)]
#[test]
fn a_job_asks_for_the_token_that_applications_of_its_cloud_trust() {
    use powergrant::sandbox::identity::Federated;

    for (cloud, organisation, audience) in [
        ("public", PUBLIC, "api://AzureADTokenExchange"),
        ("gcc", "contoso.crm9.dynamics.com", "api://AzureADTokenExchange"),
        ("gcchigh", "contoso.crm.microsoftdynamics.us", "api://AzureADTokenExchangeUSGov"),
        ("dod", "contoso.crm.appsplatform.us", "api://AzureADTokenExchangeUSGov"),
        ("china", "contoso.crm.dynamics.cn", "api://AzureADTokenExchangeChina"),
    ] {
        let stage = Stage::of(cloud, organisation);
        stage.with(|tenant| {
            let own = Federated {
                issuer: "https://token.actions.githubusercontent.com".to_owned(),
                subject: "repo:contoso/powergrant:environment:prod".to_owned(),
                audience: audience.to_owned(),
            };
            tenant.identities.federated = [(crate::proxied::APPLICATION.parse().expect("an id"), [own].into())].into();
        });
        let way = crate::ways::github_oidc(&stage);
        let plan = way.run(&stage, &["plan", "."]);
        assert_eq!(plan.status.code(), Some(0), "{cloud}: {}", shown(&plan));
        let other = way.with("POWERGRANT_PROD_FEDERATION_AUDIENCE", "api://another");
        let plan = other.run(&stage, &["plan", "."]);
        assert_eq!(plan.status.code(), Some(1), "{cloud}: {}", shown(&plan));
        assert!(text(&plan.stderr).contains("and audience `api://another`"), "{cloud}: {}", shown(&plan));
    }
}

#[test]
fn a_link_into_another_cloud_or_to_a_stranger_is_not_followed() {
    for host in ["contoso.crm9.dynamics.com", "graph.microsoft.us", "evil.example"] {
        let stage = Stage::public();
        stage.change(Rule::on("roles?", Disturbance::ForeignNextLink(host.to_owned())).from_nth(1, 0));
        let plan = stage.run(&["plan", "."], &[]);
        assert_eq!(plan.status.code(), Some(1), "{host}: {}", shown(&plan));
        assert!(shown(&plan).contains("leads away from"), "{host}: {}", shown(&plan));
        assert!(!stage.dialled().contains(host), "{host} was dialled");
    }
}

#[test]
fn every_address_can_be_replaced() {
    let stage = Stage::public();
    let own = format!("https://127.0.0.1:{}", stage.running.address().port());
    desk_at(&stage.desk, PUBLIC, &own);
    let replaced =
        ["LOGIN", "GRAPH", "ADMIN", "FLOW"].map(|name| (format!("POWERGRANT_PROD_{name}_URL"), own.as_str()));
    let mut variables: Vec<(&str, &str)> = replaced.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    variables.push(("NO_PROXY", "127.0.0.1"));
    let whoami = stage.run(&["whoami", "."], &variables);
    assert!(text(&whoami.stdout).contains("Nothing is missing."), "{}", shown(&whoami));
    assert_eq!(stage.dialled(), BTreeSet::new());
    // An audience is what is asked for: one that no service takes is refused by the service.
    variables.push(("POWERGRANT_PROD_FLOW_AUDIENCE", "https://another.example"));
    let other = stage.run(&["whoami", "."], &variables);
    assert!(text(&other.stdout).contains("Power Automate                signed in; refuses"), "{}", shown(&other));
}

/// Lets the manifests mean an organisation at this address instead of the one at a host.
fn desk_at(desk: &Desk, host: &str, address: &str) {
    desk.write("environment.yaml", &desk.read("environment.yaml").replace(&format!("https://{host}"), address));
}

#[test]
fn plain_http_is_for_loopback_alone() {
    let stage = Stage::public();
    let plan = stage.run(&["plan", "."], &[("POWERGRANT_PROD_GRAPH_URL", "http://graph.example")]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(shown(&plan).contains("plain http is for loopback alone"), "{}", shown(&plan));
    desk_at(&stage.desk, PUBLIC, &format!("http://{PUBLIC}"));
    let plan = stage.run(&["plan", "."], &[]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(shown(&plan).contains("http"), "{}", shown(&plan));
    assert_eq!(stage.dialled(), BTreeSet::new());
}

#[test]
fn without_graph_and_the_admin_api_whatever_dataverse_alone_answers_works() {
    let stage = Stage::public();
    for host in ["graph.microsoft.com", "api.bap.microsoft.com", "api.flow.microsoft.com"] {
        let refused = Rule { host: Some(host.to_owned()), ..Rule::on("", Disturbance::refuse(403)).from_nth(1, 0) };
        stage.change(refused);
    }
    // The environment's id is set, so the admin API is asked about it; nothing that is wanted here depends on its answer.
    assert!(stage.desk.read("environment.yaml").contains(ENVIRONMENT));
    let plan = stage.run(&["plan", "."], &[]);
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    let whoami = stage.run(&["whoami", "."], &[]);
    assert_eq!(whoami.status.code(), Some(0), "{}", shown(&whoami));
    let said = text(&whoami.stdout);
    assert!(said.contains("flow shares                   yes     yes"), "{said}");
    assert!(
        said.contains("98830695-27a2-44f7-8c18-0c3ebc9698f6=Role 97235f07-e226-4f63-ace3-39588e11d3a1=Role"),
        "{said}"
    );
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
}

/// A cloud that is in no table: the manifests say `public`, and every host and audience is set to another one.
const PRIVATE: [(&str, &str); 9] = [
    ("POWERGRANT_PROD_LOGIN_URL", "https://login.partner.microsoftonline.cn"),
    ("POWERGRANT_PROD_ISSUER", "sts.chinacloudapi.cn"),
    ("POWERGRANT_PROD_DATAVERSE_SUFFIX", "crm.dynamics.cn"),
    ("POWERGRANT_PROD_ADMIN_URL", "https://high.api.bap.microsoft.us"),
    ("POWERGRANT_PROD_ADMIN_AUDIENCE", "https://high.service.apps.appsplatform.us"),
    ("POWERGRANT_PROD_FLOW_URL", "https://us.api.flow.appsplatform.us"),
    ("POWERGRANT_PROD_FLOW_AUDIENCE", "https://service.flow.appsplatform.us/"),
    ("POWERGRANT_PROD_GRAPH_URL", "https://graph.microsoft.us"),
    ("POWERGRANT_PROD_GRAPH_AUDIENCE", "00000003-0000-0000-c000-000000000000"),
];

#[test]
fn a_cloud_that_variables_put_together_is_the_only_one_that_is_dialled() {
    let own = "contoso.crm.dynamics.cn";
    let stage = Stage::of("public", own);
    let hosts = [
        "login.partner.microsoftonline.cn",
        own,
        "high.api.bap.microsoft.us",
        "us.api.flow.appsplatform.us",
        "graph.microsoft.us",
    ];
    let whoami = stage.run(&["whoami", "."], &PRIVATE);
    assert!(text(&whoami.stdout).contains("Nothing is missing."), "{}", shown(&whoami));
    let apply = stage.run(&["apply", "--yes", "."], &PRIVATE);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    assert_eq!(stage.dialled(), hosts.map(str::to_owned).into(), "{}", shown(&apply));

    // The public cloud is another one now, also for a page whose address came out of an answer.
    for host in [PUBLIC, "graph.microsoft.com", "fabrikam.crm.dynamics.cn"] {
        stage.change(Rule::on("roles?", Disturbance::ForeignNextLink(host.to_owned())).from_nth(1, 0));
        let plan = stage.run(&["plan", "."], &PRIVATE);
        assert_eq!(plan.status.code(), Some(1), "{host}: {}", shown(&plan));
        assert!(shown(&plan).contains("leads away from"), "{host}: {}", shown(&plan));
        assert!(!stage.dialled().contains(host), "{host} was dialled");
    }
    desk_at(&stage.desk, own, &format!("https://{PUBLIC}"));
    let public = stage.run(&["plan", "."], &PRIVATE);
    assert_eq!(public.status.code(), Some(1), "{}", shown(&public));
    assert!(shown(&public).contains("those are `*.crm.dynamics.cn`"), "{}", shown(&public));
    assert!(!stage.dialled().contains(PUBLIC));
}

#[test]
fn a_token_that_another_host_signed_goes_nowhere() {
    let stage = Stage::of("public", "contoso.crm.dynamics.cn");
    let variables: Vec<_> = PRIVATE.into_iter().filter(|(name, _)| !name.ends_with("_ISSUER")).collect();
    let plan = stage.run(&["plan", "."], &variables);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(shown(&plan).contains("the token was issued by `sts.chinacloudapi.cn`"), "{}", shown(&plan));
    assert_eq!(stage.dialled(), ["login.partner.microsoftonline.cn".to_owned()].into());
}
