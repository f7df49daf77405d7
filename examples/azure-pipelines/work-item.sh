#!/usr/bin/env bash
# Opens, updates or closes the one work item about drift: work-item.sh FILE. An empty file says that there is none.
# The type and the closed state are those of the Basic process; other processes have other words.
set -euo pipefail

file="$1"
title='powergrant: the tenant is not as the manifests say'
type="${POWERGRANT_WORK_ITEM_TYPE:-Issue}" closed="${POWERGRANT_CLOSED_STATE:-Done}"
organization=(--organization "$SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")
wiql="SELECT [System.Id] FROM workitems WHERE [System.TeamProject] = @project AND [System.Title] = '$title' AND [System.State] <> '$closed'"
id="$(az boards query "${organization[@]}" --project "$SYSTEM_TEAMPROJECT" --wiql "$wiql" --output json | jq --raw-output '.[0].id // empty')"
if [[ -s "$file" ]]; then
    # An argument may not be longer; the whole is in the log and in the summary of the run.
    description="<pre>$(head -c 30000 "$file" | sed 's/&/\&amp;/g; s/</\&lt;/g')</pre>"
    if [[ -n "$id" ]]; then
        az boards work-item update "${organization[@]}" --id "$id" --description "$description" --output none
    else
        az boards work-item create "${organization[@]}" --project "$SYSTEM_TEAMPROJECT" --type "$type" --title "$title" --description "$description" --output none
    fi
elif [[ -n "$id" ]]; then
    az boards work-item update "${organization[@]}" --id "$id" --state "$closed" --output none
fi
