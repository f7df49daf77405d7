//! Rails over several environments of the same manifests.
use std::sync::Arc;

use powergrant::cli::controller::metrics::{self, Format};
use powergrant::cli::controller::status::Turn;
use powergrant::cli::controller::{Controller, Mode, Settings};
use powergrant::clock::Stop;
use powergrant::rules::Rule;

use super::{Stage, seen, turn_of};

const SEED: &str = include_str!("../../../examples/three-stages/sandbox.yaml");
const STAGES: [&str; 3] = ["contoso-dev", "contoso-test", "contoso-prod"];

/// Three environments, of which production lets nothing be taken away; Bob is to leave it.
async fn strict(each: bool) -> (Stage, Controller) {
    let (stage, running) = Stage::of("three-stages", SEED).await;
    let environments = stage.desk.read("environments.yaml");
    let loose = "max-removals: { absolute: 5, share: 0.1, floor: 2 }";
    assert!(environments.contains(loose));
    let strict = "max-removals: { absolute: 0, share: 0.0, floor: 0 }";
    stage.desk.write("environments.yaml", &environments.replace(loose, strict));
    let settings = Settings { each, ..stage.settings(Mode::Enforce) };
    let controller = Controller::new(settings, Arc::new(stage.clock.clone()), Stop::default(), Some(running));
    (stage, controller)
}

/// How many requests were to change something in an environment.
fn written(stage: &Stage, environment: &str) -> usize {
    let host = if environment == "contoso-prod" { "contoso.crm4" } else { environment };
    stage.with(|tenant| {
        let writes = tenant.log.iter().filter(|logged| {
            logged.method != "GET" && !logged.path.contains("/oauth2/") && !logged.path.ends_with("/$batch")
        });
        writes.filter(|logged| logged.host.starts_with(host)).count()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rail_in_one_environment_holds_the_writes_of_all_back() {
    let (stage, mut controller) = strict(false).await;
    controller.round().await;
    for environment in STAGES {
        assert_eq!(written(&stage, environment), 0, "{environment}");
        assert_eq!(turn_of(&controller, environment, Turn::HeldBack), 1, "{environment}");
    }
    assert!(!stage.journal().exists(), "nothing was written, and written down");
    let status = seen(&controller);
    assert_eq!(status.environments["contoso-prod"].rails, [Rule::MaxRemovals].into());
    assert!(status.environments["contoso-dev"].rails.is_empty(), "the rail is told where it stands");
    let text = metrics::text(&status, Format::Prometheus);
    let standing = |environment: &str| format!("rail_standing{{environment=\"{environment}\",rail=\"max-removals\"}}");
    assert!(text.contains(&format!("{} 1\n", standing("contoso-prod"))), "{text}");
    assert!(!text.contains(&format!("{} 1\n", standing("contoso-dev"))), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_each_the_others_go_on_and_the_one_follows_when_its_rail_is_gone() {
    let (stage, mut controller) = strict(true).await;
    controller.round().await;
    assert_eq!(written(&stage, "contoso-prod"), 0);
    assert_eq!(turn_of(&controller, "contoso-prod", Turn::HeldBack), 1);
    for environment in ["contoso-dev", "contoso-test"] {
        assert!(written(&stage, environment) > 0, "{environment}");
        assert_eq!(turn_of(&controller, environment, Turn::Applied), 1, "{environment}");
    }
    let environments =
        stage.desk.read("environments.yaml").replace("absolute: 0, share: 0.0", "absolute: 5, share: 1.0");
    stage.desk.write("environments.yaml", &environments);
    let dev = written(&stage, "contoso-dev");
    controller.round().await;
    assert!(written(&stage, "contoso-prod") > 0);
    assert_eq!(turn_of(&controller, "contoso-prod", Turn::HeldBack), 1, "it was not held back again");
    assert_eq!(written(&stage, "contoso-dev"), dev, "what holds is not written again");
    assert!(seen(&controller).environments["contoso-prod"].rails.is_empty());
}
