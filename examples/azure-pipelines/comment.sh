#!/usr/bin/env bash
# Keeps one thread of a pull request up to date: comment.sh FILE. An empty file says that there is nothing to do.
# Learn: REST API of pull request threads and comments; the build identity needs "Contribute to pull requests".
set -euo pipefail

file="$1"
marker='<!-- powergrant:plan -->'
threads="${SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}${SYSTEM_TEAMPROJECTID}/_apis/git/repositories/${BUILD_REPOSITORY_ID}/pullRequests/${SYSTEM_PULLREQUEST_PULLREQUESTID}/threads"
call() {
    # The header through a file descriptor, so that the token is in no list of processes.
    curl --silent --show-error --fail-with-body --request "$1" "$2?api-version=7.1" \
        --header @<(printf 'Authorization: Bearer %s' "$SYSTEM_ACCESSTOKEN") --header 'Content-Type: application/json' "${@:3}"
}
found="$(call GET "$threads" | jq --raw-output --arg marker "$marker" \
    'first(.value[] | select(.comments[0].content // "" | startswith($marker)) | "\(.id)/comments/\(.comments[0].id)") // empty')"
body="$(mktemp)"
if [[ -s "$file" ]]; then
    jq --null-input --rawfile content "$file" '{ content: $content }' >"$body"
elif [[ -n "$found" ]]; then
    jq --null-input --arg content "$marker"$'\n### powergrant: nothing to do' '{ content: $content }' >"$body"
else
    exit 0
fi
if [[ -n "$found" ]]; then
    call PATCH "$threads/$found" --data @"$body" >/dev/null
else
    jq '{ comments: [{ parentCommentId: 0, content: .content, commentType: 1 }], status: 1 }' "$body" >"$body.thread"
    call POST "$threads" --data @"$body.thread" >/dev/null
fi
