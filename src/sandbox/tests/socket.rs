//! The listener and the file that keeps the state.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::sandbox::{Options, Running, StartError, start};

async fn send(running: &Running, request: &str) -> String {
    let mut stream = TcpStream::connect(running.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn sign_in(running: &Running) -> String {
    let credentials = running.credentials();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://{HOST}/.default",
        credentials.client, credentials.secret
    );
    let request = format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: login.microsoftonline.com\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        credentials.tenant,
        form.len()
    );
    let answer = send(running, &request).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str::<Value>(body).unwrap()["access_token"].as_str().unwrap().to_owned()
}

fn options() -> Options {
    Options::new(Seed::parse(default_seed()).unwrap())
}

#[tokio::test]
async fn a_client_signs_in_and_asks_over_a_socket() {
    let running = start(options()).await.unwrap();
    let token = sign_in(&running).await;
    let answer = send(
        &running,
        &format!(
            "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nAuthorization: Bearer \
                  {token}\r\nConnection: close\r\n\r\n"
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(&format!("https://{HOST}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse")));
    // Under its own address the first organisation answers, with links to that address.
    let own = running.address();
    let request = format!(
        "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\nHost: {own}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    assert!(send(&running, &request).await.contains(&format!("http://{own}/api/data/v9.2/$metadata")));
    running.stop().await;
}

#[tokio::test]
async fn addresses_over_32_kilobytes_are_refused() {
    let running = start(options()).await.unwrap();
    let request = format!("GET /{} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n", "x".repeat(33_000));
    assert!(send(&running, &request).await.starts_with("HTTP/1.1 414"));
}

#[tokio::test]
async fn the_state_survives_and_is_thrown_away_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || Options { state: Some(folder.path().join("state.json")), ..options() };
    let running = start(kept()).await.unwrap();
    let token = sign_in(&running).await;
    let flow = lock(&running.tenant()).organization(ENVIRONMENT).unwrap().named("workflow", "Expense intake").unwrap();
    let body = r#"{"description":"kept"}"#;
    let request = format!(
        "PATCH /api/data/v9.2/workflows({flow}) HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\nConnection: \
         close\r\nIf-Match: *\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(send(&running, &request).await.starts_with("HTTP/1.1 204"));
    running.stop().await;
    let description = |running: &Running| {
        let tenant = running.tenant();
        let tenant = lock(&tenant);
        tenant.organization(ENVIRONMENT).unwrap().row("workflow", flow).unwrap().get("description").cloned()
    };
    let running = start(kept()).await.unwrap();
    assert_eq!(description(&running), Some(json!("kept")));
    running.stop().await;
    let running = start(Options { reset: true, ..kept() }).await.unwrap();
    assert_eq!(description(&running), None);
    running.stop().await;
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let listen = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    assert!(matches!(start(Options { listen, ..options() }).await, Err(StartError::NotLoopback(_))));
}
