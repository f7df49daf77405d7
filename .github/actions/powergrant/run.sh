#!/usr/bin/env bash
# Runs one command of powergrant; what it says as Markdown is kept in a file, whose name is an output.
set -euo pipefail

folder="$RUNNER_TEMP/powergrant"
mkdir -p "$folder"
lines() { if [[ -n "$1" ]]; then printf '%s\n' "$1"; fi; }
mapfile -t paths < <(lines "${POWERGRANT_PATHS:-.}")
mapfile -t arguments < <(lines "${POWERGRANT_ARGUMENTS:-}")

case "$POWERGRANT_COMMAND" in
plan)
    markdown="$folder/plan.md"
    powergrant plan --ci github --format markdown --out "$folder/plan.json" "${arguments[@]}" -- "${paths[@]}" >"$markdown"
    ;;
drift)
    markdown="$folder/drift.md"
    # 2 is drift, which the issue tells of; everything else is a failure.
    powergrant drift --ci github --format markdown "${arguments[@]}" -- "${paths[@]}" >"$markdown" || [[ $? -eq 2 ]]
    ;;
apply)
    markdown=''
    if [[ -n "$POWERGRANT_EXPECT" ]]; then
        powergrant apply --ci github --yes --expect "$POWERGRANT_EXPECT" "${arguments[@]}" -- "${paths[@]}"
    elif ! powergrant plan --ci none --detailed-exitcode "${arguments[@]}" -- "${paths[@]}"; then
        echo '::error::there is something to apply, and no digest of a plan that was reviewed'
        exit 1
    fi
    ;;
*)
    echo "::error::the command is one of plan, apply and drift"
    exit 1
    ;;
esac
printf 'markdown=%s\n' "$markdown" >>"$GITHUB_OUTPUT"
