"""Microsoft's Python client for Dataverse, under Microsoft's host through the proxy, signed in by MSAL.

It has no calls for functions, actions and references; those go through the client's own request method, with its headers, retries
and errors.
"""

import importlib.metadata
import json
import os
import time

import msal
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import DataverseError

from judge import Judge, run, tenant

NOBODY = "12345678-1234-1234-1234-123456789012"


class Credential:
    """What the client asks for tokens: MSAL, as azure-identity would."""

    def __init__(self, place):
        authority = f"https://login.microsoftonline.com/{place['tenantId']}"
        self.application = msal.ConfidentialClientApplication(place["clientId"], client_credential=place["clientSecret"], authority=authority)

    def get_token(self, *scopes, **_):
        found = self.application.acquire_token_for_client(list(scopes))
        return AccessToken(found["access_token"], int(time.time()) + found["expires_in"])


def refusal(error):
    """Reads status and code from the client's own error."""
    assert isinstance(error, DataverseError), repr(error)
    return (error.status_code, (error.details or {}).get("service_error_code"))


def walk(judge):
    place = tenant()
    os.environ.update(HTTPS_PROXY=place["proxy"], NO_PROXY="127.0.0.1")
    url = place["organizations"][0]["url"]
    client = DataverseClient(url, Credential(place))
    service = client._get_odata()  # noqa: SLF001 - see above

    def ask(method, path, *expected, **options):
        return service._request(method, f"{service.api}/{path}", expected=expected or (200, 204), **options)  # noqa: SLF001

    def only(table, condition, select):
        found = list(client.records.list(table, select=select, filter=condition))
        judge.equal(f"one row of {table} where {condition}", len(found), 1)
        return found[0]

    me = ask("get", "WhoAmI").json()
    unit = me["BusinessUnitId"]
    judge.equal("who is signed in", sorted(key for key in me if "@" not in key), ["BusinessUnitId", "OrganizationId", "UserId"])

    # What the manifests say, read back.
    judge.on("read back")
    role = only("role", "name eq 'Flow Runner'", ["roleid", "isinherited"])
    judge.equal("its inheritance", role["isinherited"], 1)
    for form in [f"RetrieveRolePrivilegesRole(RoleId={role['roleid']})", f"RetrieveRolePrivilegesRole(RoleId=@p)?@p={role['roleid']}"]:
        held = {entry["PrivilegeName"]: entry["Depth"] for entry in ask("get", form).json()["RolePrivileges"]}
        judge.equal(
            f"the privileges of the manifest by {form.split('(')[1][:9]}",
            [held.get(name) for name in ("prvReadWorkflow", "prvReadconnectionreference", "prvReadEnvironmentVariableDefinition", "prvFlow")],
            ["Basic", "Basic", "Global", "Global"],
        )
    team = only("team", "azureactivedirectoryobjectid eq 22222222-2222-2222-2222-222222222222", ["teamid", "membershiptype"])
    held = ask("get", f"teams({team['teamid']})/teamroles_association?$select=name").json()["value"]
    judge.equal("the roles of the group's team", [entry["name"] for entry in held], ["Flow Runner"])
    flow = only("workflow", "name eq 'Expense intake' and category eq 5", ["workflowid", "name", "clientdata"])
    references = json.loads(flow["clientdata"])["properties"]["connectionReferences"]
    # The Dataverse connector says it in a place of its own.
    judge.equal(
        "the modes of the connections",
        (references["shared_sharepointonline"]["runtimeSource"], references["shared_office365"]["runtimeSource"], references["shared_commondataserviceforapps"]["impersonation"]),
        ("invoker", "embedded", {"source": "invoker"}),
    )
    for reference in client.records.list("connectionreference", select=["connectionreferencelogicalname"]):
        held = f"RetrieveSharedPrincipalsAndAccess(Target=@t)?@t=%7B%22@odata.id%22:%20%22connectionreferences({reference['connectionreferenceid']})%22%7D"
        judge.equal(
            f"who reads {reference['connectionreferencelogicalname']}",
            [(entry["Principal"]["ownerid"], entry["AccessMask"]) for entry in ask("get", held).json()["PrincipalAccesses"]],
            [(team["teamid"], "ReadAccess")],
        )
    shared = f"RetrieveSharedPrincipalsAndAccess(Target=@t)?@t=%7B%22@odata.id%22:%20%22workflows({flow['workflowid']})%22%7D"
    judge.equal(
        "the shares of the flow",
        [(entry["Principal"]["ownerid"], entry["AccessMask"]) for entry in ask("get", shared).json()["PrincipalAccesses"]],
        [(team["teamid"], "ReadAccess")],
    )

    # Reading: pages, order, expansion.
    judge.on("reading")
    pages = list(client.records.list_pages("systemuser", select=["fullname"], orderby=["fullname asc"], page_size=4))
    names = [user["fullname"] for page in pages for user in page]
    judge.equal("sizes of all pages but the last", {len(page) for page in pages[:-1]}, {4})
    judge.equal("in order, each once", names, sorted(set(names)))
    flows = list(client.records.list("workflow", select=["name"], filter="category eq 5", expand=["owninguser"], top=50))
    owners = {entry["name"]: entry["owninguser"]["fullname"] for entry in flows}
    judge.equal("an owner", owners["Expense intake"], "Mia Maker")
    judge.equal("at most", len(list(client.records.list("workflow", select=["name"], top=2))), 2)

    # Definitions of tables.
    judge.on("metadata")
    table = client.tables.get("workflow")
    judge.equal("a table", (table["logical_name"], table["entity_set_name"], table["primary_id_attribute"]), ("workflow", "workflows", "workflowid"))
    judge.equal("a table that is not there", client.tables.get("wizard"), None)
    listed = {entry["LogicalName"] for entry in client.tables.list(select=["LogicalName"])}
    judge.holds("the list of tables", {"role", "team", "systemuser", "workflow", "connectionreference"} <= listed)
    columns = {column["LogicalName"] for column in client.tables.list_columns("role", select=["LogicalName"])}
    judge.holds("the columns of a table", {"roleid", "name", "businessunitid"} <= columns)

    # Rows: one, many, changed, deleted. A word stands for the number of a choice.
    judge.on("rows")
    account = client.records.create("account", {"name": "Judge"})
    judge.equal("a new row", client.records.retrieve("account", account, select=["name"])["name"], "Judge")
    client.records.update("account", account, {"description": "changed"})
    judge.equal("a changed row", client.records.retrieve("account", account, select=["description"])["description"], "changed")
    many = client.records.create("account", [{"name": "Judge 1"}, {"name": "Judge 2"}])
    judge.equal("two new rows", len(set(many)), 2)
    client.records.update("account", many, {"description": "both"})
    found = list(client.records.list("account", select=["name"], filter="description eq 'both'", orderby=["name desc"]))
    judge.equal("two changed rows", [row["name"] for row in found], ["Judge 2", "Judge 1"])
    for key in [account, *many]:
        client.records.delete("account", key)
    judge.refused("a deleted row", lambda: ask("get", f"accounts({account})"), refusal, (404, "0x80040217"))
    judge.equal("a deleted row, as the client tells it", client.records.retrieve("account", account, select=["name"]), None)

    # Privileges of a role.
    judge.on("roles")
    made = client.records.create("role", {"name": "Judge", "businessunitid@odata.bind": f"/businessunits({unit})"})
    privilege = only("privilege", "name eq 'prvReadWorkflow'", ["privilegeid"])["privilegeid"]

    def privileges():
        entries = ask("get", f"RetrieveRolePrivilegesRole(RoleId={made})").json()["RolePrivileges"]
        return [entry["Depth"] for entry in entries if entry["PrivilegeId"] == privilege]

    def act(action, depth):
        entry = {"PrivilegeId": privilege, "Depth": depth, "BusinessUnitId": unit}
        return ask("post", f"roles({made})/Microsoft.Dynamics.CRM.{action}", json={"Privileges": [entry]})

    act("AddPrivilegesRole", "Local")
    judge.equal("an added privilege", privileges(), ["Local"])
    act("ReplacePrivilegesRole", "Global")
    judge.equal("a replaced privilege", privileges(), ["Global"])
    judge.refused("a depth that is none", lambda: act("AddPrivilegesRole", "Everywhere"), lambda error: refusal(error)[0], 400)

    # Who holds a role, by reference: absolute and relative, and the row to be removed in the query.
    judge.on("$ref")
    ada = only("systemuser", "domainname eq 'ada@contoso.com'", ["systemuserid"])["systemuserid"]
    held_by = f"systemusers({ada})/systemuserroles_association"
    for form in [f"{service.api}/roles({made})", f"roles({made})", f"/roles({made})"]:
        ask("post", f"{held_by}/$ref", json={"@odata.id": form})
        names = [entry["name"] for entry in ask("get", f"{held_by}?$select=name").json()["value"]]
        judge.holds(f"an assigned role by {form.split('roles')[0] or 'a relative id'}", "Judge" in names)
        judge.refused(
            f"the same role again by {form.split('roles')[0] or 'a relative id'}",
            lambda form=form: ask("post", f"{held_by}/$ref", json={"@odata.id": form}),
            refusal,
            (400, "0x80040237"),
        )
        ask("delete", f"{held_by}/$ref?$id={service.api}/roles({made})")
        names = [entry["name"] for entry in ask("get", f"{held_by}?$select=name").json()["value"]]
        judge.holds(f"an unassigned role by {form.split('roles')[0] or 'a relative id'}", "Judge" not in names)

    # Shares: the principal by the key of its base type, and by its own.
    judge.on("sharing")
    target = {"@odata.type": "Microsoft.Dynamics.CRM.workflow", "workflowid": flow["workflowid"]}

    def masks(owner):
        return [entry["AccessMask"] for entry in ask("get", shared).json()["PrincipalAccesses"] if entry["Principal"]["ownerid"] == owner]

    for key in ["systemuserid", "ownerid"]:
        principal = {"@odata.type": "Microsoft.Dynamics.CRM.systemuser", key: ada}
        ask("post", "GrantAccess", json={"Target": target, "PrincipalAccess": {"Principal": principal, "AccessMask": "ReadAccess, ShareAccess"}})
        judge.equal(f"a granted share by {key}", masks(ada), ["ReadAccess, ShareAccess"])
        ask("post", "ModifyAccess", json={"Target": target, "PrincipalAccess": {"Principal": principal, "AccessMask": "ReadAccess"}})
        judge.equal(f"a modified share by {key}", masks(ada), ["ReadAccess"])
        ask("post", "RevokeAccess", json={"Target": target, "Revokee": principal})
        judge.equal(f"a revoked share by {key}", masks(ada), [])

    # Versions.
    judge.on("ETag")
    row = ask("get", f"roles({made})?$select=name").json()
    ask("patch", f"roles({made})", json={"description": "one"}, headers={"If-Match": row["@odata.etag"]})
    judge.refused(
        "a version that has passed",
        lambda: ask("patch", f"roles({made})", json={"description": "two"}, headers={"If-Match": row["@odata.etag"]}),
        refusal,
        (412, "0x80060882"),
    )
    judge.refused(
        "a row that would have to be there",
        lambda: ask("patch", f"roles({NOBODY})", json={"description": "no"}, headers={"If-Match": "*"}),
        lambda error: refusal(error)[0],
        404,
    )

    # Batches: alone, and in change sets.
    judge.on("batch")
    batch = client.batch.new()
    batch.records.create("account", {"name": "Judge's batch"})
    batch.records.update("role", made, {"description": "from a batch"})
    batch.records.retrieve("role", made, select=["name"])
    answers = batch.execute()
    judge.equal("statuses of a batch", [answer.status_code for answer in answers.responses], [204, 204, 200])
    judge.equal("a row of a batch", answers.responses[2].data["name"], "Judge")
    account = answers.responses[0].entity_id
    judge.on("change set")
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.update("role", made, {"description": "not to stay"})
        changes.records.delete("account", NOBODY)
    answers = batch.execute(continue_on_error=True)
    judge.holds("a change set with a refusal", answers.failed and not answers.succeeded)
    judge.equal("nothing of it stays", ask("get", f"roles({made})?$select=description").json()["description"], "from a batch")
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.update("role", made, {"description": "to stay"})
        changes.records.delete("account", account)
    judge.equal("a change set that holds", [answer.status_code for answer in batch.execute().responses], [204, 204])
    judge.refused("what it deleted", lambda: ask("get", f"accounts({account})"), refusal, (404, "0x80040217"))

    # What is refused.
    judge.on("errors")
    refusals = [
        ("an unknown set", "get", "wizards", {}, (404, "0x80060888")),
        ("an unknown property", "get", "roles?$select=shoesize", {}, (400, "0x80060888")),
        ("an unknown option", "get", "roles?$shoes=4", {}, (400, "0x80060888")),
        ("an unknown segment", "get", f"roles({made})/shoes", {}, (404, "0x80060888")),
        ("a broken filter", "get", "roles?$filter=name+eq", {}, (400, "0x80060888")),
        ("a key that is none", "get", "roles(4)", {}, (400, "0x80060888")),
        ("an unknown property of a new row", "post", "accounts", {"json": {"shoesize": 4}}, (400, "0x80060888")),
        ("a read-only property", "patch", f"roles({made})", {"json": {"componentstate": 1}}, (400, "0x80060888")),
        ("a version of the API that is none", "get", "../v8.9/roles", {}, (404, "0x80060888")),
    ]
    for what, method, path, options, expected in refusals:
        judge.refused(what, lambda method=method, path=path, options=options: ask(method, path, **options), refusal, expected)
    client.records.delete("role", made)

    # Drift: somebody widens the role, and takes it from the group.
    ask(
        "post",
        f"roles({role['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        json={"Privileges": [{"PrivilegeId": privilege, "Depth": "Global", "BusinessUnitId": unit}]},
    )
    ask("delete", f"teams({team['teamid']})/teamroles_association({role['roleid']})/$ref")


run(Judge("PowerPlatform-Dataverse-Client", importlib.metadata.version("PowerPlatform-Dataverse-Client")), walk)
