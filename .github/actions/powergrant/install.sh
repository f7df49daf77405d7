#!/usr/bin/env bash
# Installs a release of powergrant for the steps that follow, after its attestation was checked.
set -euo pipefail

folder="$RUNNER_TEMP/powergrant/bin"
asset='powergrant-x86_64-unknown-linux-musl'
mkdir -p "$folder"
gh release download "v$POWERGRANT_VERSION" --repo "$POWERGRANT_REPOSITORY" --pattern "$asset" --dir "$folder" --clobber
gh attestation verify "$folder/$asset" --repo "$POWERGRANT_REPOSITORY"
mv "$folder/$asset" "$folder/powergrant"
chmod +x "$folder/powergrant"
printf '%s\n' "$folder" >>"$GITHUB_PATH"
