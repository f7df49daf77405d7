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

# Every test, offline; those of PFX files need the feature that reads them.
test:
    cargo test --all-features

# Advisories, licences, sources and duplicate crates, against the lock file as it is.
deny:
    cargo deny --locked check

# Write the JSON Schemas of manifests, plans and events. Through temporary files, so that a failed build leaves the old ones.
schemas:
    cargo run -q -- schema > target/powergrant.schema.json
    cargo run -q -- schema plan > target/plan.schema.json
    cargo run -q -- schema events > target/events.schema.json
    mv target/powergrant.schema.json target/plan.schema.json target/events.schema.json schemas/

# What the workflow runs: the generated schemas must be the committed ones.
ci: lint test
    cargo run -q -- schema | diff -u schemas/powergrant.schema.json -
    cargo run -q -- schema plan | diff -u schemas/plan.schema.json -
    cargo run -q -- schema events | diff -u schemas/events.schema.json -
