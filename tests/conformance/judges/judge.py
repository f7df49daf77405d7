"""What judges in Python share: counted checks, and the tenant that they are given."""

import json
import os
import sys
import traceback


class FirstComplaintError(Exception):
    """A judge of a damaged tenant has seen enough."""


class Failures(list):
    """What a judge complains of; of a damaged tenant the first complaint is enough."""

    def append(self, failure):
        super().append(failure)
        if os.environ.get("CONFORMANCE_STOPS") == "at the first complaint":
            raise FirstComplaintError


class Judge:
    """Counts checks; every check names what it expects. A judge that stops early has failed."""

    def __init__(self, name, version):
        self.name, self.version = name, version
        self.passed, self.failures = 0, Failures()
        self.walk, self.walks = "sign-in", {}

    def on(self, walk):
        """Names the walk that the next checks belong to."""
        self.walk = walk

    def equal(self, what, found, expected):
        """Counts one check that two values are equal."""
        if found == expected and type(found) is type(expected):
            self.passed += 1
            self.walks[self.walk] = self.walks.get(self.walk, 0) + 1
        else:
            self.failures.append(f"{what}: expected {expected!r}, found {found!r}")

    def holds(self, what, claim):
        """Counts one check that a claim is true."""
        self.equal(what, bool(claim), True)

    def refused(self, what, call, read, expected):
        """Counts one check that a call is refused as expected; `read` takes the answer out of the client's own error."""
        try:
            answer = call()
        except FirstComplaintError:
            raise
        except Exception as error:  # noqa: BLE001 - the client decides what it raises; `read` fails on anything else
            self.equal(what, read(error), expected)
        else:
            self.failures.append(f"{what}: expected {expected!r}, but it was answered {answer!r}")

    def finish(self):
        """Prints what was found, and ends with it."""
        for failure in self.failures:
            print(f"not ok: {failure}", file=sys.stderr)
        print(json.dumps({"judge": self.name, "version": self.version, "passed": self.passed, "failed": len(self.failures), "walks": self.walks}))
        sys.exit(1 if self.failures else 0)


def run(judge, walk):
    """Walks, and counts a walk that broke off as a failure."""
    try:
        walk(judge)
    except FirstComplaintError:
        pass
    except Exception:  # noqa: BLE001 - whatever broke off is told
        judge.failures.extend(["the walk broke off:\n" + traceback.format_exc()])
    judge.finish()


def tenant():
    """Returns what `powergrant sandbox --format json` printed."""
    with open(os.environ["CONFORMANCE_TENANT"], encoding="utf-8") as file:
        return json.load(file)
