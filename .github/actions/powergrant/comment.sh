#!/usr/bin/env bash
# Keeps one comment of a pull request up to date: comment.sh NUMBER FILE. An empty file says that there is nothing to do.
set -euo pipefail

number="$1" file="$2"
marker='<!-- powergrant:plan -->'
comments="repos/$GITHUB_REPOSITORY/issues/$number/comments"
# Only our own comment is edited; anybody may write the marker.
id="$(gh api --paginate "$comments" --jq \
    ".[] | select(.user.login == \"github-actions[bot]\" and (.body | startswith(\"$marker\"))) | .id" | head -n 1)"
if [[ ! -s "$file" ]]; then
    if [[ -z "$id" ]]; then exit 0; fi
    file="$(mktemp)"
    printf '%s\n### powergrant: nothing to do\n' "$marker" >"$file"
fi
# Through a file, because an argument may not be that long.
if [[ -n "$id" ]]; then
    gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F "body=@$file" >/dev/null
else
    gh api --method POST "$comments" -F "body=@$file" >/dev/null
fi
