"""Microsoft's azure-identity signs in by every way that a program, a pipeline or a person has, and asks each service who it is."""

import importlib.metadata
import os
import pathlib
import urllib.parse

import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AzurePipelinesCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DeviceCodeCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from judge import Judge, run, tenant

# What a job, an app or a machine shows to the service that vouches for it; its surroundings set it in real life.
JOB = "sandbox-job"
CONNECTION = "55555555-5555-5555-5555-555555555555"
# The application for pull requests, which has no certificate.
WITHOUT = "44444444-4444-4444-4444-444444444401"
GRAPH = "https://graph.microsoft.com/.default"


def walk(judge):
    place = tenant()
    os.environ.update(HTTPS_PROXY=place["proxy"], NO_PROXY="127.0.0.1")
    tid, client, secret = place["tenantId"], place["clientId"], place["clientSecret"]
    organization = place["organizations"][0]["url"]
    scope = organization + "/.default"

    def caller(credential):
        """Asks Dataverse who the bearer of a token of that credential is."""
        headers = {"Authorization": "Bearer " + credential.get_token(scope).token}
        answer = requests.get(organization + "/api/data/v9.2/WhoAmI", headers=headers, timeout=30)
        judge.equal("the token is taken", answer.status_code, 200)
        return answer.json()["UserId"]

    by_secret = ClientSecretCredential(tid, client, secret)
    application = caller(by_secret)
    judge.equal("the second token is from the cache", by_secret.get_token(scope).token, by_secret.get_token(scope).token)

    # Every other proof stands for the same application.
    certificate = pathlib.Path(os.environ["CONFORMANCE_CERTIFICATE"])
    github = requests.get(
        place["http"] + "/_github/oidctoken?audience=" + urllib.parse.quote("api://AzureADTokenExchange"),
        headers={"Authorization": "Bearer " + JOB},
        timeout=30,
    ).json()["value"]
    pathlib.Path("federated").write_text(github, encoding="utf-8")
    os.environ.update(
        AZURE_TENANT_ID=tid,
        AZURE_CLIENT_ID=client,
        AZURE_CLIENT_SECRET=secret,
        IDENTITY_ENDPOINT=place["http"] + "/msi/token",
        IDENTITY_HEADER=JOB,
        SYSTEM_OIDCREQUESTURI=place["http"] + "/contoso/oidctoken",
    )
    pipelines = {"service_connection_id": CONNECTION, "system_access_token": JOB}
    proofs = {
        "a certificate": CertificateCredential(tid, client, certificate_path=str(certificate)),
        "a certificate with its chain": CertificateCredential(tid, client, certificate_path=str(certificate), send_certificate_chain=True),
        "variables": EnvironmentCredential(),
        "a token of GitHub Actions": ClientAssertionCredential(tid, client, lambda: github),
        "a file with such a token": WorkloadIdentityCredential(tenant_id=tid, client_id=client, token_file_path="federated"),
        "a service connection of Azure Pipelines": AzurePipelinesCredential(tenant_id=tid, client_id=client, **pipelines),
        "a managed identity": ManagedIdentityCredential(),
        "a managed identity by its id": ManagedIdentityCredential(client_id=client),
    }
    for what, credential in proofs.items():
        judge.equal(f"who is signed in by {what}", caller(credential), application)

    # A person enters one code, and has an account for every other service.
    prompts = []
    person = DeviceCodeCredential(client_id=client, tenant_id=tid, prompt_callback=lambda address, code, _: prompts.append((address, code)))
    record = person.authenticate(scopes=[GRAPH])
    judge.equal("the account", (record.username, record.tenant_id, record.client_id), ("admin@contoso.com", tid, client))
    judge.equal("the page for the code", [address for address, _ in prompts], ["https://microsoft.com/devicelogin"])
    judge.equal("the account's key", record.home_account_id.split(".")[1], tid)
    judge.holds("she is not the application", caller(person) != application)
    flows = person.get_token("https://service.flow.microsoft.com//.default").token
    environments = "https://api.flow.microsoft.com/providers/Microsoft.ProcessSimple/environments?api-version=2016-11-01"
    answer = requests.get(environments, headers={"Authorization": "Bearer " + flows}, timeout=30)
    judge.equal("her environments", len(answer.json()["value"]), 2)
    judge.equal("one code for all of it", len(prompts), 1)

    # What is refused, as the client tells it.
    judge.on("errors")
    def number(error):
        return (type(error), next((word.strip("':") for word in str(error).replace("\n", " ").split() if "AADSTS" in word), None))

    stranger = "44444444-4444-4444-4444-444444444444"
    refusals = [
        ("a wrong secret", ClientSecretCredential(tid, client, "wrong"), "AADSTS7000215"),
        ("an unknown application", ClientSecretCredential(tid, stranger, secret), "AADSTS700016"),
        ("a certificate of somebody else", CertificateCredential(tid, WITHOUT, certificate_path=str(certificate)), "AADSTS700027"),
        ("a token that nobody signed", ClientAssertionCredential(tid, client, lambda: github[:-4] + "AAAA"), "AADSTS5002738"),
    ]
    for what, credential, expected in refusals:
        judge.refused(what, lambda credential=credential: credential.get_token(GRAPH), number, (ClientAuthenticationError, expected))
    judge.refused(
        "a managed identity that the machine does not have",
        lambda: ManagedIdentityCredential(client_id=stranger).get_token(GRAPH),
        lambda error: type(error) in (ClientAuthenticationError, CredentialUnavailableError),
        True,
    )


run(Judge("azure-identity", importlib.metadata.version("azure-identity")), walk)
