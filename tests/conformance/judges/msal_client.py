"""MSAL Python signs in by every way that an application has, with and without validation of the authority."""

import importlib.metadata
import os
import pathlib

import msal
import requests

from judge import Judge, run, tenant


def walk(judge):
    place = tenant()
    os.environ.update(HTTPS_PROXY=place["proxy"], NO_PROXY="127.0.0.1")
    direct, scope = place["authority"], ["https://graph.microsoft.com/.default"]

    def application(authority, secret=place["clientSecret"], client=place["clientId"], **options):
        return msal.ConfidentialClientApplication(client, client_credential=secret, authority=authority, **options)

    # By the address of the tenant itself: without validation of the authority, and with it, for which MSAL asks Microsoft's host.
    for what, options in [("without validation", {"instance_discovery": False}), ("with validation", {})]:
        app = application(direct, **options)
        found = app.acquire_token_for_client(scope)
        judge.equal(f"token type {what}", found.get("token_type"), "Bearer")
        judge.equal(f"lifetime {what}", found.get("expires_in"), 3599)
        judge.equal(f"the second token {what} is from the cache", app.acquire_token_for_client(scope).get("token_source"), "cache")
        answer = requests.get(place["graph"] + "/users?$top=1", headers={"Authorization": "Bearer " + found["access_token"]}, timeout=30)
        judge.equal(f"the token {what} is taken", answer.status_code, 200)
    judge.refused(
        "an authority that is none of the clouds is no instance",
        lambda: application("https://login.example.org/contoso.com"),
        lambda error: type(error).__name__ in ("ValueError", "ConnectionError", "ProxyError"),
        True,
    )

    # By Microsoft's own hosts, through the proxy.
    for host in ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"]:
        app = application(f"https://{host}/{place['tenantId']}")
        judge.equal(f"token endpoint of {host}", app.authority.token_endpoint, f"https://{host}/{place['tenantId']}/oauth2/v2.0/token")
        judge.equal(f"token of {host}", app.acquire_token_for_client(scope).get("token_type"), "Bearer")
    public = f"https://login.microsoftonline.com/{place['tenantId']}"
    by_domain = application("https://login.microsoftonline.com/contoso.com").acquire_token_for_client(scope)
    judge.equal("a token by the tenant's domain", by_domain.get("token_type"), "Bearer")

    # With a certificate instead of a secret.
    text = pathlib.Path(os.environ["CONFORMANCE_CERTIFICATE"]).read_text(encoding="utf-8")
    begins = text.index("-----BEGIN CERTIFICATE")
    found = application(public, secret={"private_key": text[:begins], "public_certificate": text[begins:]}).acquire_token_for_client(scope)
    judge.equal("a token for a certificate", found.get("token_type"), "Bearer")

    # A person signs in with a code, wherever her tenant is, and has one account for every service.
    for authority in [public, "https://login.microsoftonline.com/organizations"]:
        app = msal.PublicClientApplication(place["clientId"], authority=authority)
        begun = app.initiate_device_flow(scope)
        judge.equal("where the code is entered", begun.get("verification_uri"), "https://microsoft.com/devicelogin")
        begun["interval"] = 0
        found = app.acquire_token_by_device_flow(begun)
        judge.equal(f"who signed in at {authority}", found.get("id_token_claims", {}).get("preferred_username"), "admin@contoso.com")
        [account] = app.get_accounts()
        judge.equal("her account", (account["username"], account["home_account_id"].split(".")[1]), ("admin@contoso.com", place["tenantId"]))
        more = app.acquire_token_silent(["https://service.flow.microsoft.com//.default"], account=account)
        judge.equal("a token for another service, without a code", (more or {}).get("token_type"), "Bearer")

    # A token is good for what it was issued for, and for nothing else.
    organization = place["organizations"][0]["url"]
    dataverse = application(public).acquire_token_for_client([organization + "/.default"])["access_token"]
    flow = application(public).acquire_token_for_client(["https://service.flow.microsoft.com//.default"])["access_token"]
    admin = application(public).acquire_token_for_client(["https://service.powerapps.com//.default"])["access_token"]
    graph = application(public).acquire_token_for_client(scope)["access_token"]
    environment = place["organizations"][0]["environmentId"]
    services = {
        organization + "/api/data/v9.2/WhoAmI": dataverse,
        "https://graph.microsoft.com/v1.0/groups": graph,
        f"https://api.flow.microsoft.com/providers/Microsoft.ProcessSimple/scopes/admin/environments/{environment}/v2/flows?api-version=2016-11-01": flow,
        "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2021-04-01": admin,
    }
    for address in services:
        for other, token in services.items():
            answer = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=30)
            judge.equal(f"{address} with the token of {other}", answer.status_code, 200 if other == address else 401)
        judge.equal(f"{address} without a token", requests.get(address, timeout=30).status_code, 401)
        challenge = requests.get(address, timeout=30).headers.get("WWW-Authenticate", "")
        # Graph writes its challenge in another way (Learn: continuous access evaluation).
        start = 'Bearer realm="", authorization_uri="https://' if "graph" in address else "Bearer authorization_uri=https://"
        judge.holds(f"{address} names where to sign in", challenge.startswith(start))

    # What is refused, with the numbers that people look up.
    judge.on("errors")
    refusals = [
        ("a wrong secret", application(public, secret="wrong"), "invalid_client", 7000215),
        ("an unknown application", application(public, client="44444444-4444-4444-4444-444444444444"), "unauthorized_client", 700016),
    ]
    for what, app, error, number in refusals:
        found = app.acquire_token_for_client(scope)
        judge.equal(f"{what}: error", found.get("error"), error)
        judge.equal(f"{what}: number", found.get("error_codes"), [number])
    judge.refused(
        "an unknown tenant has no configuration",
        lambda: application("https://login.microsoftonline.com/fabrikam.example"),
        lambda error: type(error).__name__,
        "ValueError",
    )
    judge.refused(
        "a host that is not Microsoft's is not connected to",
        lambda: requests.get("https://example.org", timeout=30),
        lambda error: type(error).__name__,
        "ProxyError",
    )


run(Judge("msal", importlib.metadata.version("msal")), walk)
