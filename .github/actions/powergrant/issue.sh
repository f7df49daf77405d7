#!/usr/bin/env bash
# Opens, updates or closes the one issue about drift: issue.sh FILE. An empty file says that there is none.
set -euo pipefail

file="$1"
title='powergrant: the tenant is not as the manifests say'
number="$(TITLE="$title" gh issue list --state open --limit 500 --json number,title \
    --jq '[.[] | select(.title == env.TITLE)][0].number // empty')"
if [[ -s "$file" ]]; then
    if [[ -n "$number" ]]; then
        gh issue edit "$number" --body-file "$file"
    else
        gh issue create --title "$title" --body-file "$file"
    fi
elif [[ -n "$number" ]]; then
    gh issue close "$number" --comment 'The tenant is as the manifests say again.'
fi
