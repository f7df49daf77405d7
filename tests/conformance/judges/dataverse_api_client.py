"""dataverse-api, a client for Dataverse: it reads what a table is before it asks anything of it, and writes rows in every way that the
table takes. MSAL signs in."""

import importlib.metadata
import logging
import os

import msal
import requests
from dataverse_api import DataverseClient
from dataverse_api.errors import DataverseAPIError

from judge import Judge, run, tenant

# It logs what it is refused besides raising it.
logging.disable(logging.CRITICAL)


def refusal(error):
    """Reads status and code from the client's own error."""
    assert isinstance(error, DataverseAPIError), repr(error)
    return (error.response.status_code, error.response.json()["error"]["code"])


def walk(judge):
    place = tenant()
    os.environ.update(HTTPS_PROXY=place["proxy"], NO_PROXY="127.0.0.1")
    url = place["organizations"][0]["url"]
    authority = f"https://login.microsoftonline.com/{place['tenantId']}"
    application = msal.ConfidentialClientApplication(place["clientId"], client_credential=place["clientSecret"], authority=authority)
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + application.acquire_token_for_client([url + "/.default"])["access_token"]
    client = DataverseClient(session=session, environment_url=url)

    # Four requests each tell what a table is.
    judge.on("metadata")
    names = ["role", "systemuser", "team", "workflow", "businessunit", "connectionreference", "principalobjectaccess"]
    tables = {name: client.entity(name) for name in names}
    judge.equal("the sets", [table.entity_set_name for table in tables.values()], ["roles", "systemusers", "teams", "workflows", "businessunits", "connectionreferences", "principalobjectaccessset"])
    judge.equal("the keys", [tables[name].primary_id_attr for name in ("role", "workflow")], ["roleid", "workflowid"])
    keys = {name: list(table.alternate_keys.values()) for name, table in tables.items() if table.alternate_keys}
    expected = {
        "systemuser": [["azureactivedirectoryobjectid"]],
        "team": [["azureactivedirectoryobjectid", "membershiptype"]],
        "connectionreference": [["connectionreferencelogicalname"]],
    }
    judge.equal("the other keys", keys, expected)
    many = [(table.supports_create_multiple, table.supports_update_multiple) for table in tables.values()]
    judge.equal("which take many at once", many, [(True, True)] * 6 + [(False, False)])
    judge.holds("lookups", {"businessunitid", "parentrootroleid"} <= set(tables["role"].relationships.single_valued))
    judge.holds("collections", {"business_unit_roles", "business_unit_teams"} <= set(tables["businessunit"].relationships.collection_valued))

    judge.on("read back")
    role = tables["role"].read(select=["name", "description", "isinherited"], filter="name eq 'Flow Runner'")
    judge.equal("the role of the manifest", [(one["isinherited"], one["description"]) for one in role], [(1, "Runs the cloud flows that are shared with the holder.")])
    teams = tables["team"].read(select=["name"], filter="teamtype eq 2", expand="teamroles_association($select=name)")
    judge.equal("the role of its group", [[held["name"] for held in team["teamroles_association"]] for team in teams], [["Flow Runner"]])

    judge.on("reading")
    users = tables["systemuser"]
    everybody = [user["fullname"] for user in users.read(select=["fullname"], order_by="fullname desc")]
    judge.holds("everybody", len(everybody) > 10)
    judge.equal("the same in pages", [user["fullname"] for user in users.read(select=["fullname"], order_by="fullname desc", page_size=3)], everybody)
    judge.equal("pages", len(users.read(select=["fullname"], page_size=3, return_responses=True)), -(-len(everybody) // 3))
    judge.equal("at most", len(users.read(select=["fullname"], top=4)), 4)
    formatted = "OData.Community.Display.V1.FormattedValue"
    flow = tables["workflow"].read(select=["name", "statecode", "_ownerid_value"], filter="name eq 'Expense intake'", return_formatted_values=True)[0]
    judge.equal("names of values", [flow[f"{name}@{formatted}"] for name in ("statecode", "_ownerid_value")], ["Activated", "Mia Maker"])
    judge.holds("and no other annotation", not any("lookuplogicalname" in name for name in flow))

    # Rows in every way that it has.
    judge.on("rows")
    unit = tables["businessunit"].read(select=["name"], filter="parentbusinessunitid eq null")[0]["businessunitid"]
    row = lambda name: {"name": name, "businessunitid@odata.bind": f"/businessunits({unit})"}  # noqa: E731
    roles = tables["role"]
    found = lambda condition: sorted(one["name"] for one in roles.read(select=["name"], filter=condition))  # noqa: E731
    one_by_one = roles.create([row("Judged 1"), row("Judged 2")], return_created=True)
    judge.equal("one by one", [(answer.status_code, answer.json()["name"]) for answer in one_by_one], [(201, "Judged 1"), (201, "Judged 2")])
    judge.equal("and no address", [answer.headers.get("OData-EntityId") for answer in one_by_one], [None, None])
    at_once = roles.create([row("Judged 3"), row("Judged 4")], mode="multiple")
    judge.equal("many at once", [len(answer.json()["Ids"]) for answer in at_once], [2])
    judge.equal("all of them", found("startswith(name,'Judged')"), [f"Judged {number}" for number in range(1, 5)])
    ids = [one["roleid"] for one in roles.read(select=["name"], filter="startswith(name,'Judged')", order_by="name")]
    judge.equal("changes", [answer.status_code for answer in roles.upsert([{"roleid": ids[0], "description": "x"}, {"roleid": ids[1], "description": "y"}])], [204, 204])
    judge.equal("emptied columns", [answer.status_code for answer in roles.delete_columns(["description"], ids=[ids[0]])], [204])
    judge.equal("what is left", [one["description"] for one in roles.read(select=["description"], filter="startswith(name,'Judged')", order_by="name")][:2], [None, "y"])
    references = tables["connectionreference"]
    key = next(iter(references.alternate_keys))
    new = {"connectionreferencelogicalname": "contoso_judged", "connectionreferencedisplayname": "Judged", "connectorid": "/providers/Microsoft.PowerApps/apis/shared_x"}
    for text in ("made", "changed"):
        answers = references.upsert([new | {"description": text}], altkey_name=key)
        judge.equal(f"by the other key: {text}", [answer.status_code for answer in answers], [204])
    judge.equal("one row of it", [one["description"] for one in references.read(select=["description"], filter="connectionreferencelogicalname eq 'contoso_judged'")], ["changed"])
    references.delete(filter="connectionreferencelogicalname eq 'contoso_judged'")
    roles.delete(filter="name eq 'Judged 1'")
    roles.delete(ids=ids[1:])
    judge.equal("all gone", found("startswith(name,'Judged')"), [])

    judge.on("errors")
    # Its lines end without a carriage return, which the service may not read.
    judge.equal("a batch of such lines", [answer.status_code for answer in roles.create([row("Judged 5")], mode="batch")], [400])
    refusals = [
        ("an unknown table", lambda: client.entity("shoe"), (404, "0x80060888")),
        ("an unknown column", lambda: roles.read(select=["shoesize"]), (400, "0x80060888")),
        ("a condition that cannot be read", lambda: roles.read(filter="name eqq 'x'"), (400, "0x80060888")),
        ("no function of definitions", lambda: client.get_relationship_definition("shoes"), (404, "0x80060888")),
    ]
    for what, call, expected in refusals:
        judge.refused(what, call, refusal, expected)

    # Drift: somebody empties the role's description.
    roles.delete_columns(["description"], ids=[role[0]["roleid"]])


run(Judge("dataverse-api", importlib.metadata.version("dataverse-api")), walk)
