"""Evaluates the rule `deny` of a Rego policy on the JSON of standard input, as conftest does, and prints what it refuses."""

import json
import sys

import opa_eval

policy = opa_eval.OpaEval(sys.argv[1], query="data.main.deny")
print(json.dumps(sorted(policy.evaluate_parsed(sys.stdin.read()))))
