# Policies on the JSON of a plan, for conftest and other evaluators of Rego:
#   powergrant plan --format json permissions > plan.json && conftest test --policy examples/policy plan.json
package main

import rego.v1

# What is given or changed, as it shall stand.
given contains change if {
	some change in input.resource_changes
	some action in change.change.actions
	action in {"create", "update"}
}

deny contains message if {
	some change in given
	change.type == "powergrant_role_assignment"
	change.change.after.principal == "user"
	message := sprintf("%s: %s is given to %s alone; give it to a group", [change.name, change.change.after.subject, change.change.after.entry])
}

deny contains message if {
	some change in given
	change.type == "powergrant_role_privilege"
	change.change.after.level == "organization"
	some operation in {"Write", "Delete", "Assign", "Share"}
	startswith(change.change.after.entry, operation)
	message := sprintf("%s: %s gets %s for the whole organization", [change.name, change.change.after.subject, change.change.after.entry])
}

deny contains message if {
	some change in given
	change.type == "powergrant_flow_connection"
	change.change.after.level == "useThisConnection"
	message := sprintf("%s: %s lends the connection %s", [change.name, change.change.after.subject, change.change.after.entry])
}

# powergrant grades every change; what it calls critical is not for a pipeline alone.
deny contains message if {
	some change in input.resource_changes
	change.powergrant.risk.grade == "critical"
	some because in change.powergrant.risk.because
	message := sprintf("%s: %s is of critical risk: %s", [change.name, change.address, because.reason])
}

deny contains "the plan is not whole: something could not be read" if not input.complete
