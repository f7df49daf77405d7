#!/usr/bin/env bash
# Brings the journal of the last run into place; without one, drift cannot tell what was changed outside Git.
set -euo pipefail

run="$(gh api "repos/$GITHUB_REPOSITORY/actions/artifacts?name=powergrant-journal&per_page=1" \
    --jq '.artifacts[0] | select(.expired | not) | .workflow_run.id // empty')"
if [[ -n "$run" ]]; then
    mkdir -p .powergrant
    gh run download "$run" --name powergrant-journal --dir .powergrant
fi
