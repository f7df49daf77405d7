//! Manifests on disk: which files there are, and their text.
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::finding::{Finding, Severity};
use crate::place::Place;
use crate::rules::Rule;

/// A file larger than this is no manifest.
const LARGEST: u64 = 10 * 1024 * 1024;

/// What standard input is called in findings.
const STANDARD_INPUT: &str = "<stdin>";

/// Reads every manifest under the paths: files as given, folders with all that is below them, `-` for standard input.
///
/// Sorted and each file once; hidden folders and `sandbox.yaml` are passed over.
pub fn read(paths: &[PathBuf]) -> Vec<(String, Result<String, Finding>)> {
    let mut walk = Walk::default();
    for path in paths {
        if path.as_os_str() == "-" {
            if walk.seen.insert(path.clone()) {
                walk.files.push((STANDARD_INPUT.to_owned(), text_of(STANDARD_INPUT, io::stdin().lock())));
            }
        } else {
            walk.given(path);
        }
    }
    walk.files.extend(walk.found.into_iter().map(|path| {
        let name = shown(&path);
        let text = read_file(&name, &path);
        (name, text)
    }));
    if walk.files.is_empty() {
        let places: Vec<_> = paths.iter().map(|path| format!("`{}`", shown(path))).collect();
        let message = format!("no manifest in {}", places.join(", "));
        let finding = Finding::new(Severity::Error, Rule::NoDocuments, None, message)
            .hint("manifests are `.yaml` and `.yml` files outside of hidden folders");
        walk.files.push((places.concat(), Err(finding)));
    }
    walk.files
}

#[derive(Default)]
struct Walk {
    /// Folders and files by their real path, so that a loop of links ends and nothing is read twice.
    seen: BTreeSet<PathBuf>,
    /// Manifests, by the path to show.
    found: BTreeSet<PathBuf>,
    /// What is read or refused already.
    files: Vec<(String, Result<String, Finding>)>,
}

impl Walk {
    fn given(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path),
            Ok(_) => self.file(path),
            Err(error) => self.refuse(path, &error),
        }
    }

    fn folder(&mut self, folder: &Path) {
        if !self.is_new(folder) {
            return;
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.refuse(folder, &error),
        };
        let mut paths = BTreeSet::new();
        for entry in entries {
            match entry {
                Ok(entry) => {
                    paths.insert(entry.path());
                }
                Err(error) => self.refuse(folder, &error),
            }
        }
        for path in paths {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                        self.folder(&path);
                    }
                }
                Ok(metadata) if is_manifest(&path) && metadata.is_file() => self.file(&path),
                // A pipe has no end until somebody writes into it; who means one names it.
                Ok(_) if is_manifest(&path) => {
                    let name = shown(&path);
                    let message = format!("`{name}` is neither a file nor a folder");
                    self.files.push((name.clone(), Err(unreadable(&name, message).hint("take it out of the folder"))));
                }
                // A dangling link or an unreadable file matters only where a manifest should be.
                Err(error) if is_manifest(&path) => self.refuse(&path, &error),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn file(&mut self, path: &Path) {
        if self.is_new(path) {
            self.found.insert(path.to_owned());
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.seen.insert(real)
    }

    fn refuse(&mut self, path: &Path, error: &io::Error) {
        let name = shown(path);
        let reason = if error.kind() == io::ErrorKind::NotFound {
            "does not exist".to_owned()
        } else {
            format!("cannot be read: {error}")
        };
        let finding = unreadable(&name, format!("`{name}` {reason}"));
        self.files.push((name, Err(finding.hint("check the path, and that this user may read it"))));
    }
}

fn is_manifest(path: &Path) -> bool {
    let part = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    // The embedded tenant's seed stands beside manifests and is none.
    stem != "sandbox" && !stem.starts_with('.') && (extension == "yaml" || extension == "yml")
}

/// Writes a path as findings show it: with `/`, and without `./` before it.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(&text).to_owned()
}

fn read_file(name: &str, path: &Path) -> Result<String, Finding> {
    match fs::File::open(path) {
        Ok(file) => text_of(name, file),
        Err(error) => {
            let finding = unreadable(name, format!("`{name}` cannot be read: {error}"));
            Err(finding.hint("check the path, and that this user may read it"))
        }
    }
}

/// Reads at most as much as a manifest can be, and makes text of it.
fn text_of(name: &str, reader: impl Read) -> Result<String, Finding> {
    let mut bytes = Vec::new();
    if let Err(error) = reader.take(LARGEST + 1).read_to_end(&mut bytes) {
        return Err(unreadable(name, format!("`{name}` cannot be read: {error}")));
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        let message = format!("`{name}` is larger than {} MB", LARGEST / 1024 / 1024);
        return Err(unreadable(name, message).hint("split it; a manifest is text that people review"));
    }
    decode(name, bytes)
}

/// UTF-8, with or without a byte order mark; UTF-16 only with one (Windows PowerShell 5.1 writes both).
fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Finding> {
    let units = |pair: fn([u8; 2]) -> u16| -> Option<String> {
        let rest = &bytes[2..];
        if !rest.len().is_multiple_of(2) {
            return None;
        }
        let units = rest.chunks_exact(2).map(|bytes| pair([bytes[0], bytes[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    let wide = match bytes.as_slice() {
        [0xFF, 0xFE, ..] => Some(units(u16::from_le_bytes)),
        [0xFE, 0xFF, ..] => Some(units(u16::from_be_bytes)),
        _ => None,
    };
    if let Some(text) = wide {
        return text.ok_or_else(|| unreadable(name, format!("`{name}` begins as UTF-16 and is none")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let place = end_of(name, &String::from_utf8_lossy(good));
        let byte = error.as_bytes()[error.utf8_error().valid_up_to()];
        Finding::error(Rule::Unreadable, &place, format!("`{name}` is not UTF-8: byte 0x{byte:02X}"))
            .hint("save it as UTF-8")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// The place behind the last character of a text.
fn end_of(name: &str, text: &str) -> Place {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    Place {
        line: number(text.matches('\n').count() + 1),
        column: number(last_line.trim_start_matches('\u{feff}').chars().count() + 1),
        ..Place::start_of(name)
    }
}

fn unreadable(name: &str, message: String) -> Finding {
    Finding::error(Rule::Unreadable, &Place::start_of(name), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    /// What was read, with paths from the folder on, and the message of what was not.
    fn outcome(folder: &tempfile::TempDir, paths: &[&str]) -> Vec<(String, Result<String, String>)> {
        let root = format!("{}/", shown(folder.path()));
        let paths: Vec<_> = paths.iter().map(|path| folder.path().join(path)).collect();
        let clean = |text: String| text.replace(&root, "").replace(root.trim_end_matches('/'), "");
        read(&paths)
            .into_iter()
            .map(|(name, text)| (clean(name), text.map_err(|finding| clean(finding.message))))
            .collect()
    }

    fn good(name: &str, text: &str) -> (String, Result<String, String>) {
        (name.to_owned(), Ok(text.to_owned()))
    }

    fn bad(name: &str, message: &str) -> (String, Result<String, String>) {
        (name.to_owned(), Err(message.to_owned()))
    }

    #[test]
    fn folders_are_walked_in_order_without_hidden_ones_and_seeds() {
        let folder = folder(&[
            ("b/z.yml", b"z"),
            ("b/a.yaml", b"a"),
            ("a.yaml", b"1"),
            ("sandbox.yaml", b"seed"),
            ("notes.txt", b"no"),
            (".git/config.yaml", b"no"),
            (".hidden.yaml", b"no"),
        ]);
        let all = [good("a.yaml", "1"), good("b/a.yaml", "a"), good("b/z.yml", "z")];
        assert_eq!(outcome(&folder, &[""]), all);
        assert_eq!(outcome(&folder, &["b", "", "a.yaml"]), all);
        assert_eq!(outcome(&folder, &["notes.txt"]), [good("notes.txt", "no")]);
    }

    #[test]
    fn a_path_that_is_not_there_and_a_folder_without_manifests_are_told() {
        let folder = folder(&[("empty/readme.md", b"")]);
        assert_eq!(outcome(&folder, &["gone.yaml"]), [bad("gone.yaml", "`gone.yaml` does not exist")]);
        let [(_, Err(message))] = &outcome(&folder, &["empty"])[..] else { panic!("one finding") };
        assert_eq!(message, "no manifest in `empty`");
    }

    #[test]
    fn encodings_are_decoded_or_refused() {
        let utf16: Vec<u8> = "\u{feff}é: 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let folder = folder(&[
            ("bom.yaml", b"\xEF\xBB\xBFa: 1"),
            ("latin.yaml", b"a: 1\nb: \xE9\n"),
            ("odd.yaml", b"\xFF\xFEa"),
            ("wide.yaml", &utf16),
        ]);
        assert_eq!(
            outcome(&folder, &[""]),
            [
                good("bom.yaml", "a: 1"),
                bad("latin.yaml", "`latin.yaml` is not UTF-8: byte 0xE9"),
                bad("odd.yaml", "`odd.yaml` begins as UTF-16 and is none"),
                good("wide.yaml", "é: 1"),
            ]
        );
        let finding = read(&[folder.path().join("latin.yaml")]).remove(0).1.unwrap_err();
        assert_eq!(finding.at.map(|place| (place.line, place.column)), Some((2, 4)));
    }

    #[test]
    fn a_huge_file_is_refused_without_reading_it_whole() {
        let folder = folder(&[]);
        let file = fs::File::create(folder.path().join("huge.yaml")).unwrap();
        file.set_len(100 * 1024 * 1024).unwrap();
        assert_eq!(outcome(&folder, &[""]), [bad("huge.yaml", "`huge.yaml` is larger than 10 MB")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_among_manifests_is_told_and_not_waited_for() {
        let folder = folder(&[("a.yaml", b"1")]);
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("b.yaml")).status().unwrap();
        assert!(made.success());
        assert_eq!(
            outcome(&folder, &[""]),
            [bad("b.yaml", "`b.yaml` is neither a file nor a folder"), good("a.yaml", "1")]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends() {
        let folder = folder(&[("a/m.yaml", b"1")]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("a/gone.yaml")).unwrap();
        assert_eq!(
            outcome(&folder, &[""]),
            [bad("a/gone.yaml", "`a/gone.yaml` does not exist"), good("a/m.yaml", "1")]
        );
    }
}
