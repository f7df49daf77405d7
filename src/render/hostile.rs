//! Nothing that a name of the tenant says is obeyed by whatever shows it.
