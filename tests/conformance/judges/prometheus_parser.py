"""The parsers of Prometheus' own client read what a controller answers under `/metrics`, in both formats."""

import importlib.metadata
import json
import os
import pathlib
import re
import signal
import subprocess
import urllib.request

from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics

from judge import Judge, run, tenant

MANIFESTS = pathlib.Path(os.environ["CONFORMANCE_MANIFESTS"])
# What the page about the controller says of each metric: its name without `_total`, its kind and its labels.
PAGE = MANIFESTS.parent / "controller" / "README.md"
ROW = re.compile(r"^\| `(powergrant_\w+?)(_total)?` \| (counter|gauge) \| (.*?) \|", re.MULTILINE)


class Controller:
    """A controller that looks once at the tenant and answers for it on a free port."""

    def __enter__(self):
        place = tenant()
        environment = os.environ | {
            "HTTPS_PROXY": place["proxy"],
            "SSL_CERT_FILE": os.environ["REQUESTS_CA_BUNDLE"],
            "POWERGRANT_PROD_TENANT_ID": place["tenantId"],
            "POWERGRANT_PROD_CLIENT_ID": place["clientId"],
            "POWERGRANT_PROD_CLIENT_SECRET": place["clientSecret"],
        }
        arguments = ["controller", "--every", "1h", "--listen", "127.0.0.1:0", "--log-format", "json", MANIFESTS]
        program = [os.environ["CONFORMANCE_BINARY"], *arguments]
        self.process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[-1]
        for line in self.process.stderr:
            if json.loads(line).get("message", json.loads(line).get("fields", {}).get("message")) == "round ended":
                break
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)

    def metrics(self, accept):
        """What is answered to a scraper that takes this format, and the type that it is said to have."""
        request = urllib.request.Request(self.address + "/metrics", headers={"Accept": accept})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.read().decode(), answer.headers["Content-Type"]


def parsed(parser, text):
    return {family.name: family for family in parser.text_string_to_metric_families(text)}


def samples(families):
    found = [(s.name, tuple(sorted(s.labels.items())), s.value) for family in families.values() for s in family.samples]
    return sorted(found)


def walk(judge):
    judge.on("metrics")
    with Controller() as controller:
        plain, plain_type = controller.metrics("text/plain")
        # As Prometheus asks.
        strict, strict_type = controller.metrics("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5")
    judge.equal("type of the plain text", plain_type, "text/plain; version=0.0.4; charset=utf-8")
    judge.equal("type of OpenMetrics", strict_type, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    old, new = parsed(prometheus, plain), parsed(openmetrics, strict)
    judge.equal("both formats have the same families", {n: f.type for n, f in old.items()}, {n: f.type for n, f in new.items()})
    judge.equal("both formats have the same help", {n: f.documentation for n, f in old.items()}, {n: f.documentation for n, f in new.items()})
    judge.equal("both formats have the same samples", samples(old), samples(new))
    for name, family in new.items():
        judge.equal(f"unit of {name}", family.unit, "seconds" if name.endswith("_seconds") else "")

    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    page = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, _, kind, labels in rows}
    judge.equal("the page has every family and no other", sorted(page), sorted(new))
    for name, family in new.items():
        kind, labels = page[name]
        judge.equal(f"kind of {name} as the page says", family.type, kind)
        found = {label for sample in family.samples for label in sample.labels}
        judge.holds(f"labels of {name} as the page says: {found}", not family.samples or found == labels)

    def value(name, **labels):
        found = [float(value) for of, has, value in samples(new) if of == name and dict(has) == labels]
        return found[0] if len(found) == 1 else found

    prod = {"environment": "contoso-prod"}
    judge.equal("the manifests are sound", value("powergrant_manifests_sound"), 1.0)
    judge.equal("one round was completed", value("powergrant_rounds_total", result="completed"), 1.0)
    judge.equal("the environment is as the manifests say", value("powergrant_environment_turns_total", result="in_sync", **prod), 1.0)
    for of in ("changed_outside", "not_yet_applied", "unknown", "blocked", "unreadable"):
        judge.equal(f"nothing is {of}", value("powergrant_drift", **{"class": of}, **prod), 0.0)
    judge.holds("Dataverse was asked", value("powergrant_requests_total", service="Dataverse", status="200"))
    answered = {sample.labels["status"] for sample in new["powergrant_requests"].samples}
    judge.equal("every answer was a good one", answered, {"200"})

    # What these parsers take is worth something only if they refuse something.
    last = strict.splitlines()[-2]
    for what, text in [
        ("text without its end", strict.removesuffix("# EOF\n")),
        ("a sample twice", strict.replace("# EOF\n", last + "\n# EOF\n")),
        ("a counter without its suffix", strict.replace("powergrant_rounds_total{", "powergrant_rounds{")),
        ("a family in two places", strict.replace("# EOF\n", "# TYPE powergrant_drift gauge\n# EOF\n")),
    ]:
        judge.refused(what, lambda text=text: parsed(openmetrics, text), lambda error: type(error), ValueError)


run(Judge("prometheus_client", importlib.metadata.version("prometheus_client")), walk)
