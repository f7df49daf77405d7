//! What variables hold or name: certificates, and files with secrets.
use super::{Certificate, Problem, Secret, refuse};

/// A certificate out of a variable, or out of the file that it names.
pub(super) fn certificate(variable: &str, bytes: &[u8], password: Option<&Secret>) -> Result<Certificate, Problem> {
    Certificate::read(bytes, password)
        .map_err(|problem| Problem { says: format!("{variable}: {}", problem.says), ..problem })
}

/// The text of a file that a variable names.
pub(super) fn content(variable: &str, path: &str) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| unreadable(variable, path, &error))
}

/// The bytes of a file that a variable names.
pub(super) fn bytes(variable: &str, path: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    std::fs::read(path).map(Into::into).map_err(|error| unreadable(variable, path, &error))
}

fn unreadable(variable: &str, path: &str, error: &std::io::Error) -> Problem {
    refuse(format!("{variable} names `{path}`, which cannot be read: {error}"), "name a file that can be read")
}
