//! What programs print instead of a token.
use super::Case;
use crate::proxied::Stage;
use crate::ways::{self, CONNECTION, Way};

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
        // A folder of manifests may hold what the program would take for its own.
        ways::program(&stage, name, "echo \"it runs in $(pwd).\" >&2\nexit 1\n");
        let folder =
            if name == "print-token" { stage.desk.path("").canonicalize().expect("a path") } else { "/".into() };
        let says = format!("it runs in {}.", folder.display());
        Case::new("where it runs", way.clone(), &says, "", by_hand).run(&stage);
        std::fs::remove_file(stage.desk.path("programs").join(name)).expect("it is there");
        let says = if name == "print-token" { "not found" } else { "did not start" };
        Case::new("it is not there", way, says, "", by_hand).run(&stage);
    }
}
