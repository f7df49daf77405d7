//! Every way to sign in by every way in which it can fail, through the real binary: what is wrong, where, and what to do next.
use powergrant::sandbox::faults::{Disturbance, Recorded, Refusal, Rule};
use serde_json::json;

use crate::desk::{shown, text};
use crate::proxied::{APPLICATION, PUBLIC, Stage};
use crate::ways::{self, CONNECTION, Way};

/// One failure: what was done to the way, and what has to be said of it.
struct Case {
    about: &'static str,
    way: Way,
    fault: Option<Rule>,
    arguments: &'static [&'static str],
    says: &'static str,
    place: &'static str,
    next: &'static str,
}

impl Case {
    fn new(about: &'static str, way: Way, says: &'static str, place: &'static str, next: &'static str) -> Self {
        Self { about, way, fault: None, arguments: &[], says, place, next }
    }

    fn when(self, path: &str, answer: Disturbance) -> Self {
        Self { fault: Some(Rule::on(path, answer).from_nth(1, 0)), ..self }
    }

    /// Without patience: nothing passes over while a test waits for it.
    fn at_once(self) -> Self {
        Self { arguments: &["--patience", "0"], ..self }
    }

    fn run(self, stage: &Stage) {
        let about = format!("{}, {}", self.way.name, self.about);
        stage.with(|tenant| {
            tenant.faults.clear();
            tenant.log.clear();
            if let Some(fault) = self.fault {
                tenant.faults.schedule(fault);
            }
        });
        let mut arguments = vec!["plan", "-vv"];
        arguments.extend(self.arguments);
        arguments.push(".");
        let plan = self.way.run(stage, &arguments);
        let all = shown(&plan);
        assert_eq!(plan.status.code(), Some(1), "{about}: {all}");
        let said = text(&plan.stderr);
        let (problem, hint) = said.split_once("\nhint: ").unwrap_or_else(|| panic!("{about}: no hint in {all}"));
        let problem = problem.lines().last().unwrap_or_default();
        assert!(problem.starts_with("error: contoso-prod could not be read: "), "{about}: {all}");
        assert!(problem.contains(self.says), "{about}: `{}` is not what is said: {all}", self.says);
        assert!(problem.contains(self.place), "{about}: it is not said that it was at `{}`: {all}", self.place);
        let hint = hint.lines().next().unwrap_or_default();
        assert!(!hint.is_empty() && hint.contains(self.next), "{about}: `{}` is not what to do next: {all}", self.next);
        assert_eq!(text(&plan.stdout), "Plan: nothing was planned.\n", "{about}");
        assert_eq!(ways::services_asked(stage), [""; 0], "{about}: a service was asked");
        let is_named = said.contains(&format!("{} from POWERGRANT_PROD_*", self.way.name));
        assert!(is_named || self.place.starts_with("POWERGRANT_"), "{about}: the way is not in the log: {all}");
        for secret in self.way.secrets.iter().map(String::as_str).chain(["eyJ", "Bearer "]) {
            assert!(!all.contains(secret), "{about}: `{secret}` is shown: {all}");
        }
    }
}

const ENTRA: &str = "(sign-in POST login.microsoftonline.com/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token)";
const TOKEN: &str = "oauth2/v2.0/token";

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// What every service on the way to a token can answer.
fn common(way: &Way, path: &'static str, place: &'static str) -> Vec<Case> {
    let busy = Refusal { status: 429, code: None, message: None, retry_after: Some(99_999) };
    let case = |about, says, next| Case::new(about, way.clone(), says, place, next);
    vec![
        case("429 with Retry-After", "429", "the service asks to wait 99999 seconds, longer than this run may last")
            .when(path, Disturbance::Refuse(busy)),
        case("a web page", "200 a web page instead of JSON", "").when(path, Disturbance::Html(200)),
        case("a web page of a gateway", "503 a web page instead of JSON", "")
            .when(path, Disturbance::Html(503))
            .at_once(),
        case("truncated JSON", "200 the answer broke off before its end", "")
            .when(path, Disturbance::Truncated)
            .at_once(),
        case("other JSON", "200 the answer has no `", "").when(path, answer(&json!({ "hello": "world" }))),
    ]
}

/// An answer in place of a token.
fn answer(body: &serde_json::Value) -> Disturbance {
    Disturbance::Recorded(Recorded { status: 200, headers: [].into(), body: Some(body.clone()) })
}

fn granted(token: &str) -> Disturbance {
    answer(&json!({ "token_type": "Bearer", "expires_in": 3_599, "access_token": token }))
}

#[test]
fn what_services_on_the_way_to_a_token_answer_is_explained_for_every_way() {
    let stage = Stage::public();
    let (secret, certificate) = (ways::client_secret(&stage), ways::certificate(&stage));
    let (pod, pipelines) = (ways::workload_identity(&stage), ways::azure_pipelines(&stage));
    let (github, managed, device) =
        (ways::github_oidc(&stage), ways::managed_identity(&stage), ways::device_code(&stage));
    let mut cases = Vec::new();
    for way in [&secret, &certificate, &pod, &pipelines, &github] {
        cases.extend(common(way, TOKEN, ENTRA));
        let refused = way.clone().with("POWERGRANT_PROD_LOGIN_URL", nobody());
        cases.push(
            Case::new("connection refused", refused, "Connection refused", "(sign-in POST 127.0.0.1:", "").at_once(),
        );
    }
    cases.extend(common(&device, "devicecode", "(sign-in POST login.microsoftonline.com/"));
    let refused = device.clone().with("POWERGRANT_PROD_LOGIN_URL", nobody());
    cases
        .push(Case::new("connection refused", refused, "Connection refused", "(sign-in POST 127.0.0.1:", "").at_once());
    for (way, path, place, variable) in [
        (&pipelines, "oidctoken", "(Azure Pipelines' token service POST 127.0.0.1:", "SYSTEM_OIDCREQUESTURI"),
        (&github, "_github", "(GitHub's token service GET 127.0.0.1:", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        (&managed, "msi/token", "(managed identity GET 127.0.0.1:", "IDENTITY_ENDPOINT"),
    ] {
        cases.extend(common(way, path, place));
        let refused = way.clone().with(variable, format!("{}/x", nobody()));
        let place = place.split(" 127").next().unwrap_or_default();
        cases.push(Case::new("connection refused", refused, "Connection refused", place, "").at_once());
    }
    for case in cases {
        case.run(&stage);
    }
}

#[test]
fn what_is_wrong_with_an_application_or_a_job_is_explained() {
    let stage = Stage::public();
    let secret = ways::client_secret(&stage);
    let certificate = ways::certificate(&stage);
    stage.desk.write("not.pem", "hunter2");
    stage.desk.write("expired.pem", &expired(&stage));
    stage.desk.write("garbage", "hunter2");
    let (pod, pipelines, github) =
        (ways::workload_identity(&stage), ways::azure_pipelines(&stage), ways::github_oidc(&stage));
    let managed = ways::managed_identity(&stage);
    let file = "POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE";
    let of_pipelines =
        pipelines.variables.iter().find(|(name, _)| name.starts_with("SYSTEM_OIDC")).expect("set").1.clone();
    let of_github = github.variables.iter().find(|(name, _)| name.ends_with("REQUEST_URL")).expect("set").1.clone();
    let of_job = "(GitHub's token service GET 127.0.0.1:";
    let of_pipeline = "(Azure Pipelines' token service POST 127.0.0.1:";
    let cases = [
        Case::new(
            "wrong secret",
            secret.clone().with("POWERGRANT_PROD_CLIENT_SECRET", "hunter2").hiding("hunter2"),
            "401 AADSTS7000215 Invalid client secret provided.",
            ENTRA,
            "use the secret's value, not its id",
        ),
        Case::new(
            "unknown application",
            secret.clone().with("POWERGRANT_PROD_CLIENT_ID", CONNECTION),
            "AADSTS700016",
            ENTRA,
            "check the client id and the tenant",
        ),
        Case::new(
            "unknown tenant",
            secret.clone().with("POWERGRANT_PROD_TENANT_ID", CONNECTION),
            "AADSTS90002",
            "55555555-5555-5555-5555-555555555555/oauth2",
            "check the tenant's id",
        ),
        Case::new(
            "audience mismatch",
            secret.clone(),
            "the token is for `https://graph.microsoft.com`, and `https://contoso.crm4.dynamics.com` was asked for",
            "",
            "the scope that they are asked for",
        )
        .when(TOKEN, granted(&ways::token(&stage, "https://graph.microsoft.com", 0))),
        Case::new(
            "another tenant's token",
            secret.clone(),
            "the token is of tenant 55555555-5555-5555-5555-555555555555",
            "",
            "sign in to that tenant",
        )
        .when(TOKEN, granted(&ways::forged(&stage, "tid", CONNECTION))),
        Case::new(
            "another cloud's token",
            secret.clone(),
            "the token was issued by `sts.chinacloudapi.cn`",
            "",
            "correct `cloud:`",
        )
        .when(TOKEN, granted(&ways::forged(&stage, "iss", "https://sts.chinacloudapi.cn/x/"))),
        Case::new(
            "not a certificate",
            certificate.clone().with(file, "not.pem").hiding("hunter2"),
            "POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE (`not.pem`): the certificate cannot be used",
            "POWERGRANT_PROD_",
            "give a file with certificate and RSA key",
        ),
        Case::new(
            "no file",
            certificate.clone().with(file, "nowhere.pem"),
            "names `nowhere.pem`, which cannot be read",
            "POWERGRANT_PROD_",
            "name a file that can be read",
        ),
        Case::new(
            "expired certificate",
            certificate.clone().with(file, "expired.pem"),
            "AADSTS700027",
            ENTRA,
            "certificate",
        ),
        Case::new(
            "no pod's file",
            pod.clone().with("POWERGRANT_PROD_FEDERATED_TOKEN_FILE", "nowhere"),
            "the token file `nowhere` cannot be read",
            "",
            "azure.workload.identity/use",
        ),
        Case::new(
            "a pod's file of garbage",
            pod.with("POWERGRANT_PROD_FEDERATED_TOKEN_FILE", "garbage").hiding("hunter2"),
            "AADSTS",
            ENTRA,
            "",
        ),
        Case::new(
            "no permission",
            github.clone().with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2").hiding("hunter2"),
            "401",
            of_job,
            "id-token: write",
        ),
        Case::new(
            "not mapped",
            pipelines.clone().with("SYSTEM_ACCESSTOKEN", "hunter2").hiding("hunter2"),
            "401",
            of_pipeline,
            "map SYSTEM_ACCESSTOKEN",
        ),
        Case::new(
            "405 from the wrong verb",
            github.with("ACTIONS_ID_TOKEN_REQUEST_URL", of_pipelines),
            "405",
            "(GitHub's token service GET 127.0.0.1:",
            "choose `--auth azure-pipelines`",
        ),
        Case::new(
            "405 from the wrong verb",
            pipelines.clone().with("SYSTEM_OIDCREQUESTURI", of_github),
            "405",
            of_pipeline,
            "choose `--auth github-oidc`",
        ),
        Case::new(
            "an untrusted connection",
            pipelines.with("POWERGRANT_PROD_SERVICE_CONNECTION_ID", APPLICATION),
            "AADSTS700213",
            ENTRA,
            "subject `sc://contoso/powergrant/33333333-3333-3333-3333-333333333333`",
        ),
        Case::new(
            "a wrong header",
            managed.clone().with("IDENTITY_HEADER", "hunter2").hiding("hunter2"),
            "401",
            "(managed identity GET 127.0.0.1:",
            "leave IDENTITY_HEADER as Azure sets it",
        ),
        Case::new(
            "an unknown identity",
            managed.clone().with("POWERGRANT_PROD_CLIENT_ID", CONNECTION),
            "Identity not found",
            "(managed identity GET 127.0.0.1:",
            "",
        ),
        Case::new(
            "audience mismatch",
            managed,
            "the token is for `https://graph.microsoft.com`",
            "",
            "the scope that they are asked for",
        )
        .when("msi/token", granted(&ways::token(&stage, "https://graph.microsoft.com", 0))),
    ];
    for case in cases {
        case.run(&stage);
    }
}

/// A certificate of the application whose days are over, with its key.
fn expired(stage: &Stage) -> String {
    let key = ways::PEM.split_at(ways::PEM.find("-----BEGIN CERT").expect("a certificate")).0;
    let pair = rcgen::KeyPair::from_pem(key).expect("a key");
    let mut about = rcgen::CertificateParams::new(vec!["app.example".to_owned()]).expect("a name");
    (about.not_before, about.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let certificate = about.self_signed(&pair).expect("a certificate").pem();
    ways::trust_certificate(stage, &certificate);
    format!("{key}{certificate}")
}

#[test]
fn a_clock_that_is_wrong_is_named_as_the_cause_whichever_way_is_taken() {
    let early = Stage::at("public", PUBLIC, |options| powergrant::sandbox::Options {
        now: || jiff::Timestamp::now().as_second() + 3_600,
        ..options
    });
    let late = Stage::at("public", PUBLIC, |options| powergrant::sandbox::Options {
        now: || jiff::Timestamp::now().as_second() - 7_200,
        ..options
    });
    let from = "the token holds from";
    let until = "the token has expired at";
    Case::new(
        "an early clock",
        ways::client_secret(&early),
        from,
        "and the clock here shows",
        "set this machine's clock",
    )
    .run(&early);
    Case::new(
        "a late clock",
        ways::client_secret(&late),
        until,
        "and the clock here shows",
        "set this machine's clock",
    )
    .run(&late);
    Case::new("an early clock", ways::certificate(&early), "AADSTS700024", ENTRA, "set this machine's clock")
        .run(&early);
    Case::new("a late clock", ways::certificate(&late), "AADSTS700024", ENTRA, "set this machine's clock").run(&late);
    Case::new("an early clock", ways::managed_identity(&early), from, "", "set this machine's clock").run(&early);
    Case::new("an early clock", ways::github_oidc(&early), from, "", "set this machine's clock").run(&early);
}

#[test]
fn what_programs_print_instead_of_a_token_is_explained() {
    let stage = Stage::public();
    let dataverse = "https://contoso.crm4.dynamics.com";
    let print = |token: &str| format!("printf '{{\"token\":\"{token}\",\"accessToken\":\"{token}\"}}'\n");
    let expired = print(&ways::token(&stage, dataverse, 7_200));
    let future = print(&ways::token(&stage, dataverse, -7_200));
    let for_graph = print(&ways::token(&stage, "https://graph.microsoft.com", 0));
    let elsewhere = print(&ways::forged(&stage, "tid", CONNECTION));
    let in_china = print(&ways::forged(&stage, "iss", "https://sts.chinacloudapi.cn/x/"));
    let loud = format!("echo 'refused: {}' >&2\nexit 1\n", ways::token(&stage, dataverse, 0));
    let did_not = "did not print `{\"token\", \"expiresOn\"}`";
    let programs: [(&str, fn(&Stage) -> Way, &str); 3] = [
        ("az", ways::azure_cli, "az login --allow-no-subscriptions"),
        ("azd", ways::azd, "azd auth login"),
        ("print-token", ways::command, "run the command by hand with SCOPE set"),
    ];
    for (name, way, by_hand) in programs {
        let way = way(&stage);
        let clock = "set this machine's clock, or sign in again";
        for (about, script, says, next) in [
            (
                "nobody signed in",
                "echo \"Please run 'az login' to setup account.\" >&2\nexit 1\n",
                "Please run 'az login'",
                by_hand,
            ),
            ("a token among its complaints", &loud, "refused: ***", by_hand),
            ("a web page", "echo '<!DOCTYPE html><html></html>'\n", did_not, by_hand),
            ("garbage", "echo garbage\n", did_not, by_hand),
            ("truncated JSON", "printf '{\"token\":\"abc'\n", did_not, by_hand),
            ("nothing", "exit 0\n", did_not, by_hand),
            ("an expired token", &expired, "the token has expired at", clock),
            ("a token of the future", &future, "the token holds from", clock),
            (
                "audience mismatch",
                &for_graph,
                "the token is for `https://graph.microsoft.com`",
                "the scope that they are asked for",
            ),
            (
                "another tenant",
                &elsewhere,
                "the token is of tenant 55555555-5555-5555-5555-555555555555",
                "sign in to that tenant",
            ),
            ("another cloud", &in_china, "the token was issued by `sts.chinacloudapi.cn`", "sign in to that cloud"),
        ] {
            ways::program(&stage, name, script);
            Case::new(about, way.clone(), says, "", next).run(&stage);
        }
        std::fs::remove_file(stage.desk.path("programs").join(name)).expect("it is there");
        let says = if name == "print-token" { "not found" } else { "did not start" };
        Case::new("it is not there", way, says, "", by_hand).run(&stage);
    }
}

#[test]
fn a_pfx_file_is_read_or_says_what_is_missing() {
    let stage = Stage::public();
    let file = "POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE";
    if !cfg!(feature = "pfx") {
        let says = "a PFX file, which this build of powergrant does not read";
        return Case::new("another build", ways::pfx(&stage), says, file, "--features pfx").run(&stage);
    }
    let whoami = ways::pfx(&stage).run(&stage, &["whoami", "-v", "."]);
    assert!(text(&whoami.stdout).contains("Nothing is missing."), "{}", shown(&whoami));
    let password = "POWERGRANT_PROD_CLIENT_CERTIFICATE_PASSWORD";
    let wrong = ways::pfx(&stage).with(password, "hunter3").hiding("hunter");
    Case::new("a wrong password", wrong, "its password is not that of the PFX file", file, password).run(&stage);
    let none = ways::pfx(&stage).with(password, "");
    Case::new("no password", none, "no variable holds it", file, "_CLIENT_CERTIFICATE_PASSWORD").run(&stage);
    stage.desk.write("half.pfx", "");
    let half =
        std::fs::read(stage.desk.path("half.pfx")).map(|_| ways::pfx(&stage).with(file, "half.pfx")).expect("a file");
    Case::new("an empty file", half, "the certificate cannot be used", file, "give a file").run(&stage);
}
