//! Which environments documents are for, and which are asked for.
use jiff::civil::date;

use super::*;

#[test]
fn environments_are_found_by_name_and_label() {
    let text = format!(
        r"{PROD}apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: {{ name: prod2 }}
spec: {{ url: 'https://CONTOSO.crm4.dynamics.com/' }}
---
apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: {{ name: prod }}
spec: {{ environmentId: x }}
---
apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: {{ name: nowhere }}
spec: {{ url: 'https://contoso.crm4.dynamics.com/api', vars: {{ a: '${{b}}' }} }}
---
apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: {{ name: nothing }}
spec: {{}}
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: {{ name: a }}
environments: [ prd, prod ]
spec: {{ flow: x }}
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: {{ name: b }}
environments: {{ selector: {{ stage: test }} }}
spec: {{ flow: y }}
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: {{ name: c }}
environments: []
spec: {{ flow: z }}
"
    );
    insta::assert_snapshot!(told(&text).join("\n"), @"
    9:14 duplicate-environment: prod and prod2 are one environment, `https://contoso.crm4.dynamics.com` [4: first here]
    13:19 duplicate-document: there are two Environment documents named `prod` [3: first here]
    19:14 invalid-value: `https://contoso.crm4.dynamics.com/api` has more than the organisation's host in it
    19:66 invalid-value: `a` has a variable in its value
    23:19 shape: nothing has neither `url` nor `environmentId`
    29:17 unknown-environment: no Environment document is named `prd`
    35:15 unknown-environment: no Environment document has the labels `stage: test`
    38:1 unknown-environment: `c` is for no environment
    ");
}

#[test]
fn one_set_of_documents_serves_environments_that_differ_in_variables() {
    let text = format!(
        "{PROD}{}{}",
        PROD.replace("prod", "test").replace("contoso", "contoso-test").replace("Flow Runner", "Test Runner"),
        "apiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: { name: it }\nenvironments: [prod, test]\nspec: { role: ${word}, members: [ ${who} ] }\n",
    );
    let (desired, findings) = compiled(&text);
    assert_eq!(findings, []);
    let roles: Vec<_> = desired
        .environments
        .iter()
        .map(|wanted| (wanted.environment.name.to_string(), wanted.assignments[0].role.value.clone()))
        .collect();
    let name = |name: &str| RoleName::Name(name.to_owned());
    assert_eq!(roles, [("prod".to_owned(), name("Flow Runner")), ("test".to_owned(), name("Test Runner"))]);

    let manifests = manifest::load([("a.yaml".to_owned(), Ok(text))]);
    let (only_test, findings) = compile(&manifests.documents, date(2026, 12, 1), &["test".to_owned()]);
    assert_eq!((only_test.environments.len(), findings), (1, Vec::new()));
    let (_, findings) = compile(&manifests.documents, date(2026, 12, 1), &["tes".to_owned()]);
    assert_eq!(findings[0].hints, ["did you mean `test`?"]);
}

#[test]
fn an_address_alone_makes_an_environment() {
    let environment = Environment::from_url("https://Contoso.crm4.dynamics.com/").unwrap();
    assert_eq!(&*environment.name, "contoso.crm4.dynamics.com");
    assert!(environment.is_of_address_alone());
    // Its document says the same, and is one by itself.
    let (desired, findings) = compiled(&environment.document());
    assert_eq!(findings, []);
    let [wanted] = &desired.environments[..] else { panic!("one environment") };
    let address = |environment: &Environment| environment.url.as_ref().map(|url| url.value.clone());
    assert_eq!((&wanted.environment.name, address(&wanted.environment)), (&environment.name, address(&environment)));
    assert!(!wanted.environment.is_of_address_alone());
    assert!(Environment::from_url("http://127.0.0.1:8080").is_ok());
    for bad in ["contoso", "http://contoso.crm4.dynamics.com", "https://u:p@x.com", "https://x.com/api", "ftp://x.com"]
    {
        assert_eq!(Environment::from_url(bad).unwrap_err().rule, Rule::InvalidValue, "{bad}");
    }
}

#[test]
fn environments_are_picked_by_name_or_by_their_organisations_addresses() {
    let manifests = manifest::load([("a.yaml".to_owned(), Ok(TENANT.to_owned()))]);
    let pick = |asked: &str| {
        let (desired, findings) = compile(&manifests.documents, date(2026, 12, 1), &[asked.to_owned()]);
        let picked: Vec<String> = desired.environments.iter().map(|one| one.environment.name.to_string()).collect();
        let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
        (picked, errors.map(|finding| format!("{} {:?}", finding.message, finding.hints)).collect::<Vec<_>>())
    };
    for asked in ["contoso-prod", "https://contoso.crm4.dynamics.com", "https://CONTOSO.crm4.dynamics.com/"] {
        assert_eq!(pick(asked).0, ["contoso-prod"], "{asked}");
    }
    let (picked, errors) = pick("https://contoso.crm.dynamics.com");
    assert!(picked.is_empty());
    let expected = "no Environment document has the address `https://contoso.crm.dynamics.com`";
    assert!(errors[0].starts_with(expected) && errors[0].contains("crm4"), "{errors:?}");
}
