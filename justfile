# List the recipes.
default:
    @just --list

# Format every file.
fmt:
    cargo fmt

# What reviewers would say first; the same lints as in the workflow.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# Every test, offline.
test:
    cargo test

# Advisories, licences, sources and duplicate crates, against the lock file as it is.
deny:
    cargo deny --locked check

# Write the JSON Schema that editors use. Through a temporary file, so that a failed build leaves the old one.
schemas:
    cargo run -q -- schema > target/powergrant.schema.json
    mv target/powergrant.schema.json schemas/powergrant.schema.json

# What the workflow runs: the generated schema must be the committed one.
ci: lint test
    cargo run -q -- schema | diff -u schemas/powergrant.schema.json -
