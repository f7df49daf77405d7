//! Connections: TLS with the authority of the run, tunnels for Microsoft's hosts, and nothing for anybody else.

use reqwest::{Certificate, Client, Proxy};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::sandbox::seed::{Seed, default_seed};
use crate::sandbox::{Front, Options, Running, start};

async fn running(front: Front) -> Running {
    // A second provider in one process is refused; the first serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options::new(Seed::parse(default_seed()).unwrap());
    start(Options { front, ..options }).await.unwrap()
}

fn client(running: &Running) -> reqwest::ClientBuilder {
    let root = Certificate::from_pem(running.authority().unwrap().as_bytes()).unwrap();
    Client::builder().tls_certs_only([root]).no_proxy()
}

fn through(running: &Running) -> Client {
    let proxy = Proxy::https(format!("http://{}", running.address())).unwrap();
    client(running).proxy(proxy).build().unwrap()
}

async fn token(client: &Client, running: &Running, authority: &str, scope: &str) -> String {
    let caller = running.credentials();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", caller.client.as_str()),
        ("client_secret", caller.secret.as_str()),
        ("scope", scope),
    ];
    let sent = client.post(format!("{authority}/{}/oauth2/v2.0/token", caller.tenant)).form(&form).send();
    let answer: Value = sent.await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn plain_and_encrypted_requests_come_through_one_address() {
    let running = running(Front::Encrypted).await;
    let client = client(&running).build().unwrap();
    for (scheme, host) in [("https", "127.0.0.1"), ("http", "127.0.0.1"), ("https", "localhost")] {
        let base = format!("{scheme}://{host}:{}", running.address().port());
        let configuration: Value = client
            .get(format!("{base}/{}/v2.0/.well-known/openid-configuration", running.credentials().tenant))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert!(configuration["token_endpoint"].as_str().unwrap().starts_with(&base), "{configuration}");
    }
}

#[tokio::test]
async fn fixed_hosts_are_reached_through_the_proxy_with_tokens_for_them_only() {
    let running = running(Front::Proxy).await;
    let client = through(&running);
    let graph =
        token(&client, &running, "https://login.microsoftonline.com", "https://graph.microsoft.com/.default").await;
    let users = "https://graph.microsoft.com/v1.0/users";
    let whoami = "https://contoso.crm4.dynamics.com/api/data/v9.2/WhoAmI";
    let status = async |address: &str, token: &str| {
        client.get(address).bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(users, &graph).await, 200);
    assert_eq!(status(whoami, &graph).await, 401);
    let dataverse =
        token(&client, &running, "https://login.windows.net", "https://contoso.crm4.dynamics.com/.default").await;
    assert_eq!(status(whoami, &dataverse).await, 200);
    assert_eq!(status(users, &dataverse).await, 401);
    // The token of one cloud is none in another.
    assert_eq!(status("https://graph.microsoft.us/v1.0/users", &graph).await, 401);
    let forged = graph.replace('.', ".A");
    assert_eq!(status(users, &forged).await, 401);
}

#[tokio::test]
async fn links_keep_the_host_that_was_asked() {
    let running = running(Front::Proxy).await;
    let client = through(&running);
    let token =
        token(&client, &running, "https://login.microsoftonline.com", "https://contoso.crm4.dynamics.com/.default")
            .await;
    let address = "https://contoso.crm4.dynamics.com/api/data/v9.1/systemusers?$select=fullname";
    let request = client.get(address).bearer_auth(token).header("Prefer", "odata.maxpagesize=1");
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    let next = body["@odata.nextLink"].as_str().unwrap();
    assert!(next.starts_with("https://contoso.crm4.dynamics.com/api/data/v9.1/systemusers?"), "{next}");
}

/// Sends a head and returns the status line.
async fn line(running: &Running, head: &str) -> String {
    let mut stream = TcpStream::connect(running.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap().trim_end().to_owned()
}

#[tokio::test]
async fn nothing_but_microsofts_hosts_is_connected_to() {
    let running = running(Front::Proxy).await;
    let port = running.address().port();
    for host in
        ["example.com:443", "graph.microsoft.com.example.org:443", "127.0.0.1:1", "169.254.169.254:80", "[::1]:22"]
    {
        let answer = line(&running, &format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(answer, "HTTP/1.1 403 Forbidden", "{host}");
    }
    for host in ["graph.microsoft.com:443", "API.FLOW.microsoft.com:8443", &format!("127.0.0.1:{port}")] {
        let answer = line(&running, &format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(answer, "HTTP/1.1 200 Connection established", "{host}");
    }
}

#[tokio::test]
async fn there_is_no_proxy_unless_it_is_asked_for() {
    let running = running(Front::Encrypted).await;
    let answer =
        line(&running, "CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: graph.microsoft.com:443\r\n\r\n").await;
    assert!(!answer.contains(" 200 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_know_the_authority_does_not_trust_it() {
    let running = running(Front::Encrypted).await;
    let other = self::running(Front::Encrypted).await;
    let stranger = client(&other).build().unwrap();
    let sent = stranger.get(format!("https://{}/v1.0/users", running.address())).send().await;
    assert!(sent.unwrap_err().is_connect());
}
