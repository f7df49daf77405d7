"""python-odata, a client for any OData service: it makes its classes from `$metadata` alone, of both models, and asks with them."""

import importlib.metadata
import os

import msal
import requests
from odata import ODataService
from odata.exceptions import NoResultsFound, ODataError

from judge import Judge, run, tenant

NOBODY = "12345678-1234-1234-1234-123456789012"
RUNNERS = "22222222-2222-2222-2222-222222222222"


def opened(place, address, resource):
    """Opens a service with its model; MSAL signs in."""
    authority = f"https://login.microsoftonline.com/{place['tenantId']}"
    application = msal.ConfidentialClientApplication(place["clientId"], client_credential=place["clientSecret"], authority=authority)
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + application.acquire_token_for_client([resource + "/.default"])["access_token"]
    return ODataService(address, session=session, reflect_entities=True, quiet_progress=True)


def refusal(error):
    """Reads status and code from the client's own error."""
    assert isinstance(error, ODataError), repr(error)
    return (error.status_code, error.code)


def dataverse(judge, service):
    entities = service.entities
    role, flow, user, team = (entities[name] for name in ("roles", "workflows", "systemusers", "teams"))

    # Its classes: keys, types and enumerations, as the model has them.
    judge.on("metadata")
    judge.equal("the keys of its classes", [prop.primary_key for prop in (role.roleid, role.name, team.ownerid, flow.workflowid)], [True, False, True, True])
    depths = service.types["Microsoft.Dynamics.CRM.PrivilegeDepth"]
    judge.equal("the members of a depth", {member.name: member.value for member in depths}, {"Basic": 0, "Local": 1, "Deep": 2, "Global": 3})
    rights = service.types["Microsoft.Dynamics.CRM.AccessRights"]
    judge.equal("two access rights", (rights.ReadAccess.value, rights.ShareAccess.value), (1, 262144))
    judge.holds("functions and actions", {"WhoAmI", "RetrieveRolePrivilegesRole"} <= set(service.functions) and {"GrantAccess", "AddPrivilegesRole"} <= set(service.actions))

    # What the manifests say, read back through navigation properties.
    judge.on("read back")
    made = service.query(role).filter(role.name == "Flow Runner").first()
    judge.equal("the role of the manifest", (made.isinherited, made.description), (1, "Runs the cloud flows that are shared with the holder."))
    group = service.query(team).filter(team.azureactivedirectoryobjectid == RUNNERS).first()
    judge.equal("its group", (group.teamtype, [held.name for held in group.teamroles_association]), (2, ["Flow Runner"]))
    mia = service.query(user).filter(user.domainname == "mia@contoso.com").first()
    judge.equal("the roles of a user", sorted(held.name for held in mia.systemuserroles_association), ["Basic User", "Delegate", "Environment Maker"])
    intake = service.query(flow).filter(flow.name == "Expense intake").first()
    judge.equal("who owns a flow", intake.owninguser.fullname, "Mia Maker")

    # Queries: conditions of every kind, order, choice, numbers of rows.
    judge.on("reading")
    names = [found.name for found in service.query(flow).filter(flow.category == 5).filter(flow.statecode == 1).order_by(flow.name.asc())]
    judge.equal("flows that are on, in order", names, ["Approve expense", "Archive receipt", "Expense intake", "Expense reminder", "Payroll export"])
    either = service.query(role).filter((role.name == "Basic User") | (role.name == "Delegate")).order_by(role.name.desc())
    judge.equal("one or the other", [found.name for found in either], ["Delegate", "Basic User"])
    judge.equal("the start of a name", [found.name for found in service.query(role).filter(role.name.startswith("Environment"))], ["Environment Maker"])
    judge.equal("a part of a name", sorted(found.name for found in service.query(flow).filter(flow.name.contains("receipt"))), ["Archive receipt"])
    judge.equal("at most", len(list(service.query(user).limit(3))), 3)
    everybody = [found.systemuserid for found in service.query(user)]
    judge.equal("everybody, each once", len(everybody), len(set(everybody)))
    judge.equal("a row by its key", service.query(role).get(made.roleid).name, "Flow Runner")
    expanded = [found.owninguser.fullname for found in service.query(flow).expand(flow.owninguser).filter(flow.name == "Payroll export")]
    judge.equal("an owner with its flow", expanded, ["Ann Admin"])

    # What is refused.
    judge.on("errors")
    refusals = [
        ("an unknown property", lambda: service.query(role).raw({"$filter": "shoesize eq 4"}), ("HTTP 400", "0x80060888")),
        ("a value of another type", lambda: service.query(role).raw({"$filter": "name eq 4"}), ("HTTP 400", "0x80060888")),
        ("an unknown navigation", lambda: service.query(role).raw({"$expand": "shoes"}), ("HTTP 400", "0x80060888")),
    ]
    for what, call, expected in refusals:
        judge.refused(what, call, refusal, expected)
    judge.refused("a row that is not there", lambda: service.query(role).get(NOBODY), type, NoResultsFound)
    return made


def graph(judge, service):
    user, group = service.entities["users"], service.entities["groups"]
    judge.on("reading")
    ada = service.query(user).filter(user.userPrincipalName == "ada@contoso.com").first()
    judge.equal("a user of the directory", ada.displayName, "Ada Lovelace")
    judge.equal("users, so many", len(list(service.query(user).limit(4))), 4)
    judge.equal("a group by its key", service.query(group).get(RUNNERS).displayName, "SG-Expense-Prod")


def walk(judge):
    place = tenant()
    os.environ.update(HTTPS_PROXY=place["proxy"], NO_PROXY="127.0.0.1")
    url = place["organizations"][0]["url"]
    service = opened(place, url + "/api/data/v9.2/", url)
    made = dataverse(judge, service)
    graph(judge, opened(place, "https://graph.microsoft.com/v1.0/", "https://graph.microsoft.com"))

    # Drift: somebody writes something else about the role.
    made.description = "Whatever"
    service.save(made)


run(Judge("python-odata", importlib.metadata.version("python-odata")), walk)
