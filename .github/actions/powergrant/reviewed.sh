#!/usr/bin/env bash
# Prints the digest that the comment of the merged pull request holds: reviewed.sh COMMIT. Nothing if nothing was planned.
set -euo pipefail

commit="$1"
number="$(gh api "repos/$GITHUB_REPOSITORY/commits/$commit/pulls" --jq '[.[] | select(.merged_at != null)][0].number // empty')"
if [[ -z "$number" ]]; then exit 0; fi
gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$number/comments" --jq \
    '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- powergrant:plan -->"))) | .body' |
    sed -n 's/^Apply exactly this: `powergrant apply --expect \(sha256:[0-9a-f]\{64\}\)`$/\1/p' | tail -n 1
