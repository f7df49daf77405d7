#!/usr/bin/env python3
"""Runs every judge against the embedded tenant, then damages the tenant and sees each judge fail.

Usage: run.py [--write-table] [JUDGE…]. Needs `target/debug/powergrant`; installs pinned clients into `target/conformance/`.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "conformance"
BINARY = ROOT / "target" / "debug" / "powergrant"
MANIFESTS = ROOT / "examples" / "copilot-agent-flow"
SEED = ROOT / "src" / "sandbox" / "seed" / "seed.yaml"
PYTHON = TARGET / "python" / "bin" / "python"
NODE_MODULES = TARGET / "node" / "node_modules"
SECONDS = 120

ROLE = "security role Flow Runner"
# What a judge leaves behind, and what `powergrant drift` must then say: these lines and no others, notes left out.
DRIFT = {
    "dataverse_client.py": [
        f"{ROLE}",
        "~ Read     Process                         Organization → User",
        "role assignment Flow Runner",
        "+ group SG-Expense-Prod",
    ],
    "dynamics_web_api.js": [
        "role assignment Flow Runner",
        "+ group SG-Expense-Prod",
        "flow Expense intake, shares",
        "- user bob@contoso.com                     run-only",
    ],
    "cli_microsoft365.js": [
        "flow Expense intake, shares",
        "- user bob@contoso.com                     run-only",
        "+ group SG-Expense-Prod                    run-only",
    ],
    "python_odata.py": [
        f"{ROLE}",
        "~ description",
    ],
}
NAMES = [
    "msal_client.py",
    "azure_identity.py",
    "graph_client.js",
    "odata_csdl.js",
    "python_odata.py",
    "dataverse_client.py",
    "dynamics_web_api.js",
    "cli_microsoft365.js",
    "prometheus_parser.py",
]

# What every judge walks through as far as its client can ask for it; each check belongs to one of them.
WALKS = [
    "sign-in",
    "read back",
    "reading",
    "metadata",
    "roles",
    "$ref",
    "sharing",
    "batch",
    "change set",
    "ETag",
    "impersonation",
    "rows",
    "errors",
    "metrics",
    "drift",
]

# How the tenant is damaged: the judge that has to notice, and the rule for the answers (see `/_sandbox/faults`).
MUTATIONS = [
    ("a renamed property", "dynamics_web_api.js", {"path": "RetrieveRolePrivilegesRole", "answer": {"rewritten": {"from": "PrivilegeName", "to": "privilegeName"}}}),
    ("a renamed property", "dataverse_client.py", {"path": "RetrieveSharedPrincipalsAndAccess", "answer": {"rewritten": {"from": "ownerid", "to": "principalid"}}}),
    ("a renamed property", "graph_client.js", {"path": "/groups/", "answer": {"rewritten": {"from": "securityEnabled", "to": "isSecurityEnabled"}}}),
    ("a renamed property", "msal_client.py", {"path": "/oauth2/v2.0/token", "answer": {"rewritten": {"from": "expires_in", "to": "expiresIn"}}}),
    ("a type that is not there", "odata_csdl.js", {"path": "$metadata", "answer": {"rewritten": {"from": 'EntityType Name="team"', "to": 'EntityType Name="teams"'}}}),
    ("a wrong status", "dynamics_web_api.js", {"method": "PATCH", "answer": {"status": 200}}),
    ("a wrong status", "dataverse_client.py", {"method": "DELETE", "path": "$ref", "answer": {"status": 404}}),
    ("a wrong status", "graph_client.js", {"path": "/users/nobody", "answer": {"status": 400}}),
    ("a wrong status", "msal_client.py", {"path": "WhoAmI", "answer": {"status": 403}}),
    ("a member in lower case", "dynamics_web_api.js", {"path": "RetrieveRolePrivilegesRole", "answer": {"rewritten": {"from": '"Basic"', "to": '"basic"'}}}),
    ("a member in lower case", "dataverse_client.py", {"path": "RetrieveSharedPrincipalsAndAccess", "answer": {"rewritten": {"from": "ReadAccess", "to": "readaccess"}}}),
    ("a code of another error", "dynamics_web_api.js", {"answer": {"rewritten": {"from": "0x80040217", "to": "0x80040216"}}}),
    ("a page without its link", "dataverse_client.py", {"path": "systemusers", "answer": {"rewritten": {"from": "@odata.nextLink", "to": "@odata.next"}}}),
    ("a renamed property", "azure_identity.py", {"path": "/oauth2/v2.0/token", "answer": {"rewritten": {"from": "client_info", "to": "clientInfo"}}}),
    ("a wrong status", "azure_identity.py", {"path": "WhoAmI", "answer": {"status": 403}}),
    ("a code of another error", "azure_identity.py", {"path": "/oauth2/v2.0/token", "answer": {"rewritten": {"from": "7000215", "to": "7000216"}}}),
    ("a type in lower case", "odata_csdl.js", {"path": "$metadata", "answer": {"rewritten": {"from": 'EnumType Name="AccessRights"', "to": 'EnumType Name="accessrights"'}}}),
    ("a renamed property", "python_odata.py", {"path": "$metadata", "answer": {"rewritten": {"from": 'Name="isinherited"', "to": 'Name="isInherited"'}}}),
    ("a member in lower case", "python_odata.py", {"path": "$metadata", "answer": {"rewritten": {"from": 'Member Name="Deep"', "to": 'Member Name="deep"'}}}),
    ("a wrong status", "python_odata.py", {"path": "teamroles_association", "answer": {"status": 404}}),
    ("a renamed property", "cli_microsoft365.js", {"path": "/flows/", "answer": {"rewritten": {"from": '"source"', "to": '"Source"'}}}),
    ("a wrong status", "cli_microsoft365.js", {"path": "modifyPermissions", "answer": {"status": 403}}),
    ("a member in lower case", "cli_microsoft365.js", {"path": "/permissions", "answer": {"rewritten": {"from": "CanView", "to": "canView"}}}),
    ("a wrong status", "prometheus_parser.py", {"path": "principalobjectaccessset", "answer": {"status": 403}}),
    ("a renamed property", "prometheus_parser.py", {"path": "roleprivilegescollection", "answer": {"rewritten": {"from": "privilegedepthmask", "to": "privilegeDepthMask"}}}),
    ("a page without its link", "graph_client.js", {"path": "/users", "answer": {"rewritten": {"from": "@odata.nextLink", "to": "nextLink"}}}),
]


def install():
    """Installs the pinned clients, once per change of the pins."""
    pins = "".join((HERE / name).read_text(encoding="utf-8") for name in ("requirements.txt", "package-lock.json"))
    stamp = TARGET / "pins"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == pins:
        return
    shutil.rmtree(TARGET, ignore_errors=True)
    (TARGET / "node").mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", TARGET / "python"], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([PYTHON, "-m", "pip", "install", *quiet, "-r", HERE / "requirements.txt"], check=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, TARGET / "node" / name)
    subprocess.run(["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=TARGET / "node", check=True)
    stamp.write_text(pins, encoding="utf-8")


def certify():
    """Makes a certificate for the application, with its key in the same file, as clients read it."""
    whole, key, certificate = (TARGET / name for name in ("application.pem", "key.pem", "certificate.pem"))
    subject = ["-subj", "/CN=powergrant", "-days", "2", "-keyout", key, "-out", certificate]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject], check=True, capture_output=True)
    whole.write_text(key.read_text(encoding="utf-8") + certificate.read_text(encoding="utf-8"), encoding="utf-8")


def seed():
    """The tenant that every example starts with, where the application may also sign in with the certificate."""
    text, line = SEED.read_text(encoding="utf-8"), "      secret: sandbox\n"
    certificate = (TARGET / "certificate.pem").read_text(encoding="utf-8")
    assert text.count(line) == 1, "the seed has one application with this secret"
    return text.replace(line, f"{line}      certificate: {json.dumps(certificate)}\n")


class Tenant:
    """A tenant of its own, on free ports, to which the manifests were applied through the proxy."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="powergrant-conformance-"))
        self.certificate = self.folder / "ca.pem"
        (self.folder / "sandbox.yaml").write_text(seed(), encoding="utf-8")
        arguments = ["sandbox", str(self.folder), "--proxy", "--ca-out", str(self.certificate), "--format", "json"]
        self.process = subprocess.Popen([BINARY, *arguments], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.place = json.loads(line)
        (self.folder / "tenant.json").write_text(line, encoding="utf-8")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=SECONDS)
        shutil.rmtree(self.folder)

    def powergrant(self, *arguments):
        """Runs powergrant as against a true tenant: Microsoft's hosts, real sign-in, the proxy from the environment."""
        environment = os.environ | {
            "HTTPS_PROXY": self.place["proxy"],
            "SSL_CERT_FILE": str(self.certificate),
            "POWERGRANT_PROD_TENANT_ID": self.place["tenantId"],
            "POWERGRANT_PROD_CLIENT_ID": self.place["clientId"],
            "POWERGRANT_PROD_CLIENT_SECRET": self.place["clientSecret"],
        }
        return subprocess.run([BINARY, *arguments, MANIFESTS], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=SECONDS)

    def damage(self, rule):
        """Schedules a rule for all answers from here on."""
        body = json.dumps(rule | {"times": 0}).encode()
        request = urllib.request.Request(self.place["http"] + "/_sandbox/faults", data=body, method="POST")
        # The environment's own proxy has no part in this.
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=SECONDS).close()

    def judge(self, name, stops="at the end"):
        """Runs one judge, to the end or to its first complaint; returns what it counted, and what it complained of."""
        environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()} | {
            "CONFORMANCE_TENANT": str(self.folder / "tenant.json"),
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "NODE_EXTRA_CA_CERTS": str(self.certificate),
            "NODE_PATH": str(NODE_MODULES),
            "CONFORMANCE_BINARY": str(BINARY),
            "CONFORMANCE_MANIFESTS": str(MANIFESTS),
            "CONFORMANCE_CERTIFICATE": str(TARGET / "application.pem"),
            "CONFORMANCE_STOPS": stops,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        program = PYTHON if name.endswith(".py") else "node"
        ran = subprocess.run([program, HERE / "judges" / name], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
        lines = ran.stdout.strip().splitlines()
        counted = json.loads(lines[-1]) if lines else {"judge": name, "version": "?", "passed": 0, "failed": 1}
        if (ran.returncode == 0) != (counted["failed"] == 0):
            counted["failed"] += 1
        return counted, ran.stderr


def applied(tenant):
    """Applies the manifests; returns what went wrong, if anything."""
    ran = tenant.powergrant("apply", "--yes", "--quiet")
    return None if ran.returncode == 0 else f"apply ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"


def drifted(tenant, name):
    """Compares what `powergrant drift` says with what the judge left behind; returns the difference, if any."""
    ran = tenant.powergrant("drift", "--quiet")
    lines = [line.strip() for line in ran.stdout.splitlines()]
    lines = [line for line in lines if line and line != "contoso-prod" and not line.startswith("Drift:")]
    # The class of the drift, which is all of it, and its lines.
    expected = ["changed outside Git:", *DRIFT[name]] if name in DRIFT else ["as the manifests say"]
    code = 2 if name in DRIFT else 0
    is_equal = len(lines) == len(expected) and all(line.startswith(start) for line, start in zip(lines, expected))
    if is_equal and ran.returncode == code:
        return None
    return f"drift ended with {ran.returncode}, not {code}, and said\n" + "\n".join(lines) + "\nnot\n" + "\n".join(expected)


def table(rows):
    """Writes the counts as the page has them: checks by walk, and what each judge noticed of the damages."""
    columns = ["judge", "version", *WALKS, "all checks", "mutations noticed"]
    lines = [f"| {' | '.join(columns)} |", f"|---|---|{'--:|' * (len(columns) - 2)}"]
    for row in rows:
        counts = [str(row["walks"].get(walk) or "–") for walk in WALKS]
        lines.append(f"| {' | '.join([row['judge'], row['version'], *counts, str(row['passed']), str(row['noticed'])])} |")
    return "\n".join(lines)


def notices(name, rule):
    """Damages a tenant of its own by a rule; says whether the judge complains."""
    with Tenant() as tenant:
        problem = applied(tenant)
        tenant.damage(rule)
        damaged, _ = tenant.judge(name, "at the first complaint")
    return problem is None and damaged["failed"] > 0


def judged(name):
    """Lets one judge walk, and then through damaged tenants; returns its row of the table, and what failed."""
    failures = []
    with Tenant() as tenant:
        problem = applied(tenant)
        counted, complaints = tenant.judge(name)
        if counted["failed"]:
            failures.append(f"{name}:\n{complaints}")
        found = drifted(tenant, name)
    failures += [f"{name}: {what}" for what in (problem, found) if what]
    # What is left behind is one check more, of powergrant; that nothing is left is none.
    drift = int(name in DRIFT and not found)
    walks = counted.get("walks", {}) | {"drift": drift}
    failures += [f"{name} counts a walk that is none: {walk}" for walk in walks if walk not in WALKS]
    mutations = [(what, rule) for what, judge, rule in MUTATIONS if judge == name]
    if not mutations:
        failures.append(f"no damage was tried on {name}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        noticed = list(pool.map(lambda mutation: notices(name, mutation[1]), mutations))
    for (what, rule), is_noticed in zip(mutations, noticed):
        if not is_noticed:
            failures.append(f"{name} did not notice {what}: {json.dumps(rule)}")
    tried = ", ".join(what for what, _ in mutations)
    print(f"{counted['judge']} {counted['version']}: {counted['passed'] + drift} checks passed, {counted['failed']} failed; mutations tried: {tried}", flush=True)
    return counted | {"passed": counted["passed"] + drift, "walks": walks, "noticed": sum(noticed)}, failures


def main(arguments):
    """Runs what was asked for; returns how the process ends."""
    is_writing = "--write-table" in arguments
    wanted = [name for name in NAMES if not set(arguments) - {"--write-table"} or name in arguments]
    install()
    certify()
    failures, rows = [], []
    for name in wanted:
        row, failed = judged(name)
        rows.append(row)
        failures += failed
    if len(wanted) == len(NAMES):
        failures += compare(table(rows), is_writing)
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    print(f"judges: {len(rows)}, checks: {sum(row['passed'] for row in rows)}, mutations noticed: {sum(row['noticed'] for row in rows)}, failures: {len(failures)}")
    return 1 if failures else 0


def compare(counts, is_writing):
    """Compares the page's table with the counts, or writes it."""
    page, begin, end = HERE / "README.md", "<!-- counts: judges -->\n", "\n<!-- end of counts -->"
    before, rest = page.read_text(encoding="utf-8").split(begin, 1)
    found, after = rest.split(end, 1)
    if is_writing:
        page.write_text(before + begin + counts + end + after, encoding="utf-8")
        return []
    return [] if found == counts else [f"README.md has other counts; `run.py --write-table` writes these:\n{counts}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
