//! Who runs this, from which commit: read from the pipeline's variables and the checked-out repository, never from manifests.
use std::fs;
use std::path::{Path, PathBuf};

use crate::foreign::inert;

/// Where a run comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Provenance {
    /// The pipeline's actor, or the user of the machine.
    pub(super) who: Option<String>,
    /// The commit that is checked out.
    pub(super) commit: Option<String>,
    /// The pipeline's run, as an address.
    pub(super) pipeline: Option<String>,
}

/// Finds out where this run comes from (GitHub Docs: default variables; Learn: predefined variables of Azure Pipelines).
pub(super) fn provenance() -> Provenance {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| inert(&value));
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
    let github = variable("GITHUB_SERVER_URL").zip(variable("GITHUB_REPOSITORY")).zip(variable("GITHUB_RUN_ID"));
    let azure = variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")
        .zip(variable("SYSTEM_TEAMPROJECT"))
        .zip(variable("BUILD_BUILDID"));
    let pipeline = github
        .map(|((server, repository), run)| format!("{server}/{repository}/actions/runs/{run}"))
        .or_else(|| azure.map(|((server, project), run)| format!("{server}{project}/_build/results?buildId={run}")));
    Provenance {
        who: first(&["GITHUB_ACTOR", "BUILD_REQUESTEDFOR", "USER", "USERNAME", "LOGNAME"]),
        commit: first(&["GITHUB_SHA", "BUILD_SOURCEVERSION"]).or_else(|| checked_out(&std::env::current_dir().ok()?)),
        pipeline,
    }
}

/// The commit of the repository that a folder is in, read from its files, so that no program is run.
fn checked_out(folder: &Path) -> Option<String> {
    let git = folder.ancestors().find_map(|folder| git_folder(&folder.join(".git")))?;
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else { return id(&head) };
    // A second working tree has its own HEAD, and its branches in the first one's folder.
    let common = fs::read_to_string(git.join("commondir")).map_or_else(|_| git.clone(), |path| git.join(path.trim()));
    let loose = [&git, &common].into_iter().find_map(|folder| fs::read_to_string(folder.join(name)).ok());
    loose.as_deref().and_then(id).or_else(|| {
        let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
        packed.lines().find_map(|line| id(line.strip_suffix(name)?))
    })
}

fn git_folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let text = fs::read_to_string(path).ok()?;
    Some(path.parent()?.join(text.trim().strip_prefix("gitdir: ")?))
}

fn id(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_read_from_loose_and_packed_references_and_second_working_trees() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let (first, second, third) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        assert_eq!(checked_out(&folder.path().join("none")), None);
        write("main/.git/HEAD", "ref: refs/heads/main\n");
        write("main/.git/packed-refs", &format!("# pack-refs\n{first} refs/heads/main\n{second} refs/heads/other\n"));
        write("main/deep/file", "");
        assert_eq!(checked_out(&folder.path().join("main/deep")), Some(first));
        write("main/.git/refs/heads/main", &format!("{third}\n"));
        assert_eq!(checked_out(&folder.path().join("main")), Some(third.clone()));
        write("main/.git/worktrees/second/HEAD", "ref: refs/heads/other\n");
        write("main/.git/worktrees/second/commondir", "../..\n");
        write("second/.git", &format!("gitdir: {}\n", folder.path().join("main/.git/worktrees/second").display()));
        assert_eq!(checked_out(&folder.path().join("second")), Some(second));
        write("detached/.git/HEAD", &third);
        assert_eq!(checked_out(&folder.path().join("detached")), Some(third));
    }
}
