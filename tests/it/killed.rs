//! A sandbox that is killed: what a client had an answer for is there when it is started again.
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::desk::Desk;

/// A sandbox in a process of its own, and what it says of itself.
struct Served {
    child: Child,
    said: Value,
}

impl Served {
    fn start(desk: &Desk) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_powergrant"))
            .args(["sandbox", "--format", "json", "."])
            .current_dir(desk.path(""))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is built for its tests");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        Self { child, said: serde_json::from_str(&line).expect("an object on a line") }
    }

    fn word(&self, key: &str) -> &str {
        self.said[key].as_str().expect("it says so")
    }

    /// Sends a request to the Web API of the first organisation; gives status and body.
    async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let http = reqwest::Client::new();
        let organization = &self.said["organizations"][0];
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", self.word("clientId").to_owned()),
            ("client_secret", self.word("clientSecret").to_owned()),
            ("scope", format!("{}/.default", organization["url"].as_str().expect("an address"))),
        ];
        let token = http.post(format!("{}/oauth2/v2.0/token", self.word("authority"))).form(&form).send().await;
        let token: Value = token.expect("an answer").json().await.expect("JSON");
        let address = format!("{}/api/data/v9.2/{path}", organization["local"].as_str().expect("an address"));
        let mut request = http.request(method, address).bearer_auth(token["access_token"].as_str().expect("a token"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Ends it as `kill -9` does: it cannot do anything more.
    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where the test came to its end.
        let _ = self.child.kill();
    }
}

#[tokio::test]
async fn what_was_answered_outlives_a_sandbox_that_is_killed() {
    powergrant::tenant::install_tls();
    let desk = Desk::with("copilot-agent-flow");
    // Killed once on its seed, and once on what was killed before.
    for name in ["First", "Second"] {
        let served = Served::start(&desk);
        let path = "businessunits?$filter=parentbusinessunitid%20eq%20null";
        let (_, units) = served.ask(reqwest::Method::GET, path, None).await;
        let unit = units["value"][0]["businessunitid"].as_str().expect("a root business unit");
        let role = json!({ "name": name, "businessunitid@odata.bind": format!("/businessunits({unit})") });
        let (status, answer) = served.ask(reqwest::Method::POST, "roles", Some(role)).await;
        assert_eq!(status, 204, "{answer}");
        served.kill();
    }
    let served = Served::start(&desk);
    let path = "roles?$select=name&$filter=name%20eq%20'First'%20or%20name%20eq%20'Second'&$orderby=name";
    let (status, found) = served.ask(reqwest::Method::GET, path, None).await;
    let names: Vec<&str> =
        found["value"].as_array().into_iter().flatten().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!((status, names.as_slice()), (200, ["First", "Second"].as_slice()), "{found}");
    served.kill();
}
