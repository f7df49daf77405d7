"""dynamics-client, a client for Dynamics 365: it signs in with the secret in a header, follows the links of embedded collections, and
has the query functions of Dataverse."""

import importlib.metadata
import os

# httpx has a variable of its own for the authority that it trusts.
os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"]

from authlib.integrations.base_client import OAuthError  # noqa: E402 - after the variable
from dynamics import DynamicsClient, ftr  # noqa: E402
from dynamics.exceptions import DynamicsException  # noqa: E402

from judge import Judge, run, tenant  # noqa: E402

RUNNERS = "22222222-2222-2222-2222-222222222222"


def refusal(error):
    """Reads the status from the client's own error; it keeps no code."""
    assert isinstance(error, DynamicsException), repr(error)
    return error.status_code


def walk(judge):
    place = tenant()
    os.environ.update(HTTPS_PROXY=place["proxy"], NO_PROXY="127.0.0.1")
    url = place["organizations"][0]["url"]
    login = f"https://login.microsoftonline.com/{place['tenantId']}/oauth2"

    def opened(address, secret=place["clientSecret"], **what_for):
        return DynamicsClient(url + "/api/data/v9.2", address, place["clientId"], secret, cache_token=False, connection_timeout=60, **what_for)

    def ask(client=None, **options):
        client = client or dynamics
        client.reset_query()
        client.pagesize = 5000
        for name, value in options.items():
            setattr(client, name, value)
        return client

    def rows(**options):
        return ask(**options).get(not_found_ok=True).data

    # Both addresses, each with what it is told the organisation by.
    dynamics = opened(login + "/v2.0/token", scope=[url + "/.default"])
    me = rows(table="WhoAmI")[0]
    judge.equal("who is signed in", sorted(key for key in me if "@" not in key), ["BusinessUnitId", "OrganizationId", "UserId"])
    older = opened(login + "/token", resource=url)
    judge.equal("the same at the older address", ask(older, table="WhoAmI").get().data[0]["UserId"], me["UserId"])
    wrong = opened(login + "/v2.0/token", secret="wrong", scope=[url + "/.default"])
    judge.refused("a wrong secret", lambda: ask(wrong, table="roles").get(), lambda error: isinstance(error, OAuthError) and error.error, "invalid_client")

    # What the manifests say, read back.
    judge.on("read back")
    role = rows(table="roles", filter=[ftr.eq("name", "Flow Runner")])[0]
    judge.equal("the role of the manifest", (role["isinherited"], role["description"]), (1, "Runs the cloud flows that are shared with the holder."))
    group = rows(table="teams", select=["name"], filter=[ftr.eq("azureactivedirectoryobjectid", RUNNERS)], expand={"teamroles_association": {"select": ["name"]}})
    judge.equal("the roles of its group", [held["name"] for held in group[0]["teamroles_association"]], ["Flow Runner"])
    held = rows(table="roles", row_id=role["roleid"], pre_expand="teamroles_association", select=["name"])
    judge.equal("the groups of its role", [team["teamid"] for team in held], [group[0]["teamid"]])
    intake = rows(table="workflows", select=["name"], filter=[ftr.eq("name", "Expense intake")], expand={"owninguser": {"select": ["fullname"]}})
    judge.equal("who owns a flow", intake[0]["owninguser"]["fullname"], "Mia Maker")

    judge.on("reading")
    everybody = rows(table="systemusers", select=["fullname"], orderby={"fullname": "asc"})
    names = [user["fullname"] for user in everybody]
    judge.holds("everybody in order", names == sorted(names, key=str.lower) and len(names) > 10)
    paged = ask(table="systemusers", select=["fullname"], orderby={"fullname": "asc"}, pagesize=4)
    judge.equal("the same in pages", [user["fullname"] for user in paged.get(pagination_rules={"pages": -1}).data], names)
    judge.equal("their number", ask(table="systemusers", select=["fullname"], count=True).get().count, len(names))
    conditions = {
        "contains": (ftr.contains("name", "user"), {"Basic User", "Support User"}),
        "neither": (ftr.and_(ftr.startswith("name", "S"), ftr.not_(ftr.contains("name", "system"))), {"Support User"}),
        "one of a list": (ftr.in_("name", ["Basic User", "Delegate"]), {"Basic User", "Delegate"}),
        "between": (ftr.and_(ftr.between("isinherited", [1, 1]), ftr.eq("name", "Flow Runner")), {"Flow Runner"}),
        "not between": (ftr.and_(ftr.not_between("isinherited", [1, 1]), ftr.eq("name", "Flow Runner")), set()),
        "on a day": (ftr.and_(ftr.on("createdon", "2026-01-05"), ftr.eq("name", "Delegate")), {"Delegate"}),
        "since a day": (ftr.and_(ftr.on_or_after("createdon", "2026-01-06"), ftr.eq("name", "Delegate")), set()),
        "until a day": (ftr.and_(ftr.on_or_before("createdon", "2026-01-05"), ftr.eq("name", "Delegate")), {"Delegate"}),
        "of related rows": (ftr.any_("systemuserroles_association", "u", ftr.eq("fullname", "Mia Maker", lambda_indicator="u")), {"Basic User", "Delegate", "Environment Maker"}),
    }
    for what, (condition, expected) in conditions.items():
        judge.equal(f"a condition: {what}", {found["name"] for found in rows(table="roles", select=["name"], filter=[condition])}, expected)
    judge.equal("what is one's own", rows(table="workflows", select=["name"], filter=[ftr.equal_user_id("ownerid")]), [])
    units = [rows(table="teams", select=["name"], filter=[condition]) for condition in (ftr.equal_business_id("businessunitid"), ftr.ne("name", None))]
    judge.equal("teams of one's own unit", units[0], units[1])

    # Rows inside rows come in pages where one has rows inside, and the client follows their links.
    inside = {"systemuserroles_association": {"select": ["fullname"], "expand": {"businessunitid": {"select": ["name"]}}}}
    basic = ask(table="roles", select=["name"], filter=[ftr.eq("name", "Basic User")], expand=inside, pagesize=3)
    found = basic.get(pagination_rules={"pages": 0, "children": {"systemuserroles_association": {"pages": 20}}}).data[0]
    users = rows(table="roles", row_id=found["roleid"], pre_expand="systemuserroles_association", select=["fullname"])
    held = found["systemuserroles_association"]
    judge.equal("whoever holds a role, page by page", [user["systemuserid"] for user in held], [user["systemuserid"] for user in users])
    judge.equal("rows inside rows", {user["businessunitid"]["name"] for user in held}, {"Contoso"})
    fetched = rows(table="roles", fetch_xml='<fetch><entity name="role"><attribute name="name"/><filter><condition attribute="name" operator="eq" value="Delegate"/></filter></entity></fetch>')
    judge.equal("FetchXML", [row["name"] for row in fetched], ["Delegate"])
    shown = rows(table="workflows", select=["name", "_ownerid_value", "statecode"], filter=[ftr.eq("name", "Expense intake")], show_annotations=True)[0]
    judge.equal("an owner's name", shown["_ownerid_value@OData.Community.Display.V1.FormattedValue"], "Mia Maker")
    judge.equal("a state's name", shown["statecode@OData.Community.Display.V1.FormattedValue"], "Activated")

    # Rows: each write answers with the row.
    judge.on("rows")
    made = ask(table="roles").post({"name": "Judged", "businessunitid@odata.bind": f"/businessunits({me['BusinessUnitId']})"}).data
    judge.equal("a new row", (made["name"], made["isinherited"]), ("Judged", 1))
    changed = ask(table="roles", row_id=made["roleid"]).patch({"description": "by dynamics-client"}).data
    judge.equal("the changed row", changed["description"], "by dynamics-client")
    judge.on("$ref")
    ada = rows(table="systemusers", select=["fullname"], filter=[ftr.eq("domainname", "ada@contoso.com")])[0]["systemuserid"]
    reference = {"@odata.id": f"{url}/api/data/v9.2/roles({made['roleid']})"}
    judge.equal("an association", ask(table="systemusers", row_id=ada, add_ref_to_property="systemuserroles_association").post(reference).data, {})
    judge.holds("who holds it", any(user["systemuserid"] == ada for user in rows(table="roles", row_id=made["roleid"], pre_expand="systemuserroles_association", select=["fullname"])))

    judge.on("errors")
    refusals = [
        ("a role that is held", lambda: ask(table="roles", row_id=made["roleid"]).delete(), 400),
        ("an unknown set", lambda: ask(table="shoes").get(), 404),
        ("an unknown property", lambda: ask(table="roles", filter=["shoesize eq 4"]).get(), 400),
        ("a row that is not there", lambda: ask(table="roles", row_id="12345678-1234-1234-1234-123456789012").get(), 404),
        ("a second role of the name", lambda: ask(table="roles").post({"name": "Judged", "businessunitid@odata.bind": f"/businessunits({me['BusinessUnitId']})"}), 400),
        ("a function that is none", lambda: ask(table="roles", filter=["Microsoft.Dynamics.CRM.Shoes(PropertyName='name')"]).get(), 400),
    ]
    for what, call, expected in refusals:
        judge.refused(what, call, refusal, expected)
    judge.on("rows")
    ask(table=f"systemusers({ada})/systemuserroles_association({made['roleid']})/$ref").delete()
    ask(table="roles", row_id=made["roleid"]).delete()
    judge.equal("a row that is gone", rows(table="roles", filter=[ftr.eq("name", "Judged")]), [])


run(Judge("dynamics-client", importlib.metadata.version("dynamics-client")), walk)
