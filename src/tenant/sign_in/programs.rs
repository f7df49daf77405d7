//! Programs that print a token: the Azure CLI, the Azure Developer CLI, and any command.
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{MARGIN, Secret, SignIn, Token};
use crate::problem::{Cause, Problem};
use crate::tenant::token::Claims;

/// How long a program may take: `az` starts slowly and may renew its own token, and nobody waits longer for one.
const LONGEST: Duration = Duration::from_secs(60);
/// How much a program may print, in bytes; a token has a few thousand.
const LARGEST: u64 = 1 << 20;

/// A program and what to do when it gives no token.
pub(super) struct Program {
    command: Command,
    name: &'static str,
    next: &'static str,
}

impl Program {
    /// `az account get-access-token` (Learn; also what `azure_identity` runs).
    pub(super) fn azure_cli(scope: &str, tenant: Option<&str>) -> Self {
        let mut command = found("az");
        command.args(["account", "get-access-token", "-o", "json", "--scope", scope]);
        command.args(tenant.iter().flat_map(|tenant| ["--tenant", tenant]));
        let next = "install the Azure CLI 2.54 or newer, and sign in with `az login --allow-no-subscriptions`";
        Self { command, name: "az", next }
    }

    /// `azd auth token` (client code of `azure_identity`).
    pub(super) fn azd(scope: &str, tenant: Option<&str>) -> Self {
        let mut command = found("azd");
        command.args(["auth", "token", "-o", "json", "--no-prompt", "--scope", scope]);
        command.args(tenant.iter().flat_map(|tenant| ["--tenant-id", tenant]));
        Self { command, name: "azd", next: "install the Azure Developer CLI, and sign in with `azd auth login`" }
    }

    /// A command line of the user's, run by the shell (precedent: credential plugins of kubectl).
    pub(super) fn any(line: &Secret, scope: &str) -> Self {
        let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = Command::new(shell);
        // In a variable and not in the text, so that no part of an address is read by the shell.
        command.arg(option).env("SCOPE", scope);
        #[cfg(not(windows))]
        command.arg(line.reveal());
        // As it is: quotes that are escaped for other programs are not understood by `cmd` (Learn: cmd, `/c`).
        #[cfg(windows)]
        std::os::windows::process::CommandExt::raw_arg(&mut command, line.reveal());
        let next = "run the command by hand with SCOPE set, and see that it prints a token as JSON";
        Self { command, name: "the token command", next }
    }
}

/// A program on the path, and nothing of the current folder, which is that of the manifests: the shell of Windows would start an `az.cmd` there, and
/// an `az` that is run as a module of Python would import from there (client code of `azure_identity` changes to another folder as well).
fn found(program: &str) -> Command {
    if cfg!(windows) {
        // Both are scripts there, which only the shell starts.
        let mut command = Command::new("cmd");
        command.args(["/C", program]);
        // Learn: NeedCurrentDirectoryForExePath.
        command.env("NoDefaultCurrentDirectoryInExePath", "1");
        command
    } else {
        let mut command = Command::new(program);
        command.current_dir("/");
        command
    }
}

impl SignIn {
    /// Runs a program and reads the token that it prints.
    pub(super) async fn of_program(&self, program: Program) -> Result<Token, Problem> {
        let Program { mut command, name, next } = program;
        let refuse = |says: String| Problem::without_request(Cause::SignedOut, "sign-in", says, next);
        command.stdin(Stdio::null());
        let ran = tokio::task::spawn_blocking(move || run(command, LONGEST)).await;
        let Ran { status, printed: output, complaint } = ran
            .map_err(|error| refuse(error.to_string()))?
            .map_err(|failure| refuse(format!("{name} {}", failure.words())))?;
        if !status.success() {
            let says = String::from_utf8_lossy(&complaint).trim().to_owned();
            return Err(refuse(format!("{name} failed ({status}): {says}")));
        }
        printed(&output, self.wire.clock.now())
            .ok_or_else(|| refuse(format!("{name} did not print `{{\"token\", \"expiresOn\"}}`")))
    }
}

/// What a program did.
struct Ran {
    status: ExitStatus,
    printed: Vec<u8>,
    complaint: Vec<u8>,
}

/// Why it came to no end of its own.
#[derive(Debug)]
enum Failure {
    NotStarted(std::io::Error),
    TooSlow(Duration),
    TooMuch,
}

impl Failure {
    fn words(&self) -> String {
        match self {
            Self::NotStarted(error) => format!("did not start: {error}"),
            Self::TooSlow(limit) => format!("gave no answer within {} seconds and was ended", limit.as_secs()),
            Self::TooMuch => format!("printed more than {LARGEST} bytes and was ended"),
        }
    }
}

/// Runs a program to its end, or ends it together with everything that it started.
fn run(mut command: Command, limit: Duration) -> Result<Ran, Failure> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let until = Instant::now() + limit;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(Failure::NotStarted)?;
    let (printed, complaint) = (collected(child.stdout.take()), collected(child.stderr.take()));
    let left = || until.saturating_duration_since(Instant::now());
    let texts = printed.recv_timeout(left()).and_then(|printed| Ok((printed, complaint.recv_timeout(left())?)));
    let Ok((printed, complaint)) = texts else {
        end(&mut child);
        return Err(Failure::TooSlow(limit));
    };
    if [&printed, &complaint].iter().any(|text| text.len() as u64 > LARGEST) {
        end(&mut child);
        return Err(Failure::TooMuch);
    }
    // It has closed its output, so its end is near, if it has one.
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Ran { status, printed, complaint }),
            Ok(None) if left().is_zero() => {
                end(&mut child);
                return Err(Failure::TooSlow(limit));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(Failure::NotStarted(error)),
        }
    }
}

/// Reads a stream in a thread of its own, and one byte more than may come.
fn collected(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        // A stream that breaks off has ended.
        let _ = stream.map(|stream| stream.take(LARGEST + 1).read_to_end(&mut text));
        // Nobody listens any more after the time limit.
        let _ = sender.send(text);
    });
    receiver
}

/// Ends a program, and where there are process groups what it started, which may be the one that hangs.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // As above.
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads what a program printed.
fn printed(output: &[u8], now: Timestamp) -> Option<Token> {
    let value: Value = serde_json::from_slice(output).ok()?;
    let secret = ["token", "accessToken", "access_token"].iter().find_map(|name| value[*name].as_str())?;
    let claims = Claims::of(secret);
    let seconds = |name: &str| value[name].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let date = |name: &str| {
        let text = value[name].as_str()?;
        // `az` prints local time without a zone as `expiresOn`; its `expires_on` and the token itself come first.
        text.parse().ok().or_else(|| {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            Some(local.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp())
        })
    };
    let expires = seconds("expires_on").or_else(|| seconds("expiresOn"));
    let expires = expires.or_else(|| claims.as_ref().and_then(|claims| claims.expires)).or_else(|| date("expiresOn"));
    // Without any date it is asked for again soon.
    let expires = expires.unwrap_or(now + MARGIN + SignedDuration::from_mins(1));
    Some(Token { secret: Secret::new(secret), claims, fetched: now, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_program_that_hangs_or_floods_is_ended_with_all_that_it_started() {
        let shell = |line: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", line]);
            command
        };
        // What it starts holds this pipe, which ends only when all that hold it have ended.
        let (mut held, holder) = std::io::pipe().unwrap();
        let mut hangs = shell("exec 3<&0; sleep 600 & wait");
        hangs.stdin(holder);
        assert!(matches!(run(hangs, Duration::from_millis(500)), Err(Failure::TooSlow(_))));
        let (ended, waits) = std::sync::mpsc::channel();
        std::thread::spawn(move || ended.send(std::io::Read::read(&mut held, &mut [0]).ok()));
        assert_eq!(waits.recv_timeout(LONGEST), Ok(Some(0)), "what it started still runs");
        assert!(matches!(run(shell("yes"), LONGEST), Err(Failure::TooMuch)));
        assert!(matches!(run(Command::new("/nowhere/az"), LONGEST), Err(Failure::NotStarted(_))));
        let ran = run(shell("echo out; echo err >&2; exit 3"), LONGEST).ok().unwrap();
        assert_eq!((ran.status.code(), &ran.printed[..], &ran.complaint[..]), (Some(3), &b"out\n"[..], &b"err\n"[..]));
    }

    #[test]
    fn a_command_prints_what_plugins_or_az_print() {
        let now = Timestamp::UNIX_EPOCH;
        let expires = |output: &str| printed(output.as_bytes(), now).unwrap().expires.to_string();
        assert_eq!(expires(r#"{"token":"t","expiresOn":"2027-01-31T10:00:00Z"}"#), "2027-01-31T10:00:00Z");
        assert_eq!(
            expires(r#"{"accessToken":"t","expiresOn":"2027-01-31 11:00:00.000000","expires_on":1801389600}"#),
            "2027-01-31T10:00:00Z"
        );
        assert_eq!(expires(r#"{"token":"t"}"#), "1970-01-01T00:06:00Z");
        assert!(printed(b"t", now).is_none());
    }
}
