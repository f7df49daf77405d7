// CLI for Microsoft 365, under Microsoft's hosts through the proxy: an administrator signs in with a code and looks at environments, flows,
// their owners and the directory, as the application before her could not; then she clicks somebody in and the group out.
//
// Its commands run by its own programming interface, each as its command line would run it.

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { Judge, tenant, versionOf } = require("./judge.js");

const NAME = "@pnp/cli-microsoft365";
const RUNNERS = "22222222-2222-2222-2222-222222222222";
const NOBODY = "12345678-1234-4234-8234-123456789012";

/** Gives the program a home of its own, where it is told not to send what it does to its makers. */
function settle(place) {
  process.env.HTTPS_PROXY = place.proxy;
  process.env.NO_PROXY = "127.0.0.1";
  process.env.NO_UPDATE_NOTIFIER = "1";
  const home = fs.mkdtempSync(path.join(process.cwd(), "cli-"));
  process.env.HOME = home;
  process.env.XDG_CONFIG_HOME = path.join(home, ".config");
  const settings = path.join(home, ".config", "configstore");
  fs.mkdirSync(settings, { recursive: true });
  const quiet = { disableTelemetry: true, prompt: false, autoOpenLinksInBrowser: false };
  fs.writeFileSync(path.join(settings, "cli-m365-config.json"), JSON.stringify(quiet));
}

async function walk(judge) {
  const place = tenant();
  const [{ environmentId: environmentName }] = place.organizations;
  settle(place);
  const { executeCommand } = await import(pathToFileURL(path.join(process.env.NODE_PATH, NAME, "dist", "api.js")));
  const ask = async (command, options = {}) => {
    const { stdout } = await executeCommand(command, { ...options, output: "json" });
    return stdout ? JSON.parse(stdout) : undefined;
  };
  const says = (text) => [
    ({ error }) => String(error?.message ?? error).includes(text) || String(error?.message ?? error), true,
  ];
  const names = (rows) => rows.map((row) => row.properties?.displayName ?? row.displayName).sort();

  // An application signs in with its secret: it is called by its name, and reads the directory.
  const application = { tenant: place.tenantId, appId: place.clientId, cloud: "Public" };
  await ask("login", { ...application, authType: "secret", secret: place.clientSecret });
  const status = await ask("status");
  judge.equal("who is signed in with a secret", [status.connectedAs, status.authType], ["powergrant", "secret"]);
  judge.equal("groups for an application", names(await ask("entra group list")), ["SG-Expense-Prod", "SG-Makers"]);
  await judge.refused("flows are for people, says the client", () => ask("flow environment list"), ...says("delegated"));
  await ask("logout");
  await judge.refused("a wrong secret", () => ask("login", { ...application, authType: "secret", secret: "wrong" }), ...says("AADSTS7000215"));

  // A person signs in with a code, and gets tokens for every other service without another one.
  await ask("login", { ...application, authType: "deviceCode" });
  const person = await ask("status");
  judge.equal("who is signed in with a code", [person.connectedAs, person.authType], ["admin@contoso.com", "deviceCode"]);

  // Environments, of the admin API and of the Flow service, as maker and as administrator.
  judge.on("reading");
  const environments = ["contoso-prod", "contoso-trial"];
  judge.equal("environments of a maker", names(await ask("pp environment list")), environments);
  judge.equal("environments of an administrator", names(await ask("pp environment list", { asAdmin: true })), environments);
  const one = await ask("pp environment get", { name: environmentName, asAdmin: true });
  judge.equal("an environment", [one.name, one.properties.linkedEnvironmentMetadata.instanceUrl, one.properties.governanceConfiguration.protectionLevel],
    [environmentName, `${place.organizations[0].url}/`, "Standard"]);
  judge.equal("environments of the Flow service", names(await ask("flow environment list")), environments);
  judge.equal("an environment of the Flow service", (await ask("flow environment get", { name: environmentName })).name, environmentName);
  judge.equal("applications that administer", await ask("pp managementapp list"), [{ applicationId: place.clientId }]);

  // Flows: the administrator's list has all, the maker's what is hers; the detail tells what the manifest says of connections.
  judge.on("read back");
  const flows = await ask("flow list", { environmentName, asAdmin: true });
  judge.equal("flows of an administrator", names(flows),
    ["Approve expense", "Archive receipt", "Expense intake", "Expense reminder", "Payroll export", "Save my attachments"]);
  judge.equal("flows of a maker without those in solutions", await ask("flow list", { environmentName }), []);
  judge.equal("flows of a maker", names(await ask("flow list", { environmentName, withSolutions: true })), ["Payroll export"]);
  const shared = { environmentName, withSolutions: true, sharingStatus: "sharedWithMe" };
  judge.equal("flows that are shared with a maker", await ask("flow list", shared), []);
  const flow = flows.find((row) => row.properties.displayName === "Expense intake");
  const own = flows.find((row) => row.properties.displayName === "Payroll export");
  const detail = await ask("flow get", { environmentName, name: flow.name, asAdmin: true });
  const connections = detail.properties.connectionReferences;
  judge.equal("the modes of the connections", [
    connections.shared_sharepointonline.source, connections.shared_office365.source, connections.shared_commondataserviceforapps.impersonation,
  ], ["Invoker", "Embedded", { source: "invoker" }]);
  judge.equal("what the client makes of its steps", [detail.triggers, detail.actions.split(", ").includes("OpenApiConnection-CreateRecord")],
    ["Request-Skills", true]);
  judge.equal("a flow of one's own", (await ask("flow get", { environmentName, name: own.name })).properties.displayName, "Payroll export");

  // Who may use the flow: its owner, and the group of the manifest; somebody comes, is raised, and goes.
  judge.on("sharing");
  const of = { environmentName, flowName: flow.name, asAdmin: true };
  const owners = async () => (await ask("flow owner list", of))
    .map(({ properties: { roleName, principal } }) => `${principal.displayName}: ${roleName}, ${principal.type}`).sort();
  const declared = ["Mia Maker: Owner, User", "SG-Expense-Prod: CanView, Group"];
  judge.equal("the owners after the apply", await owners(), declared);
  await ask("flow owner ensure", { ...of, userName: "cleo@contoso.com", roleName: "CanView" });
  judge.equal("one more who may run it", await owners(), ["Cleo Hart: CanView, User", ...declared]);
  await ask("flow owner ensure", { ...of, userName: "cleo@contoso.com", roleName: "CanEdit" });
  judge.equal("a co-owner", await owners(), ["Cleo Hart: CanEdit, User", ...declared]);
  await ask("flow owner ensure", { ...of, groupName: "SG-Makers", roleName: "CanEdit" });
  judge.equal("a group of co-owners", await owners(), ["Cleo Hart: CanEdit, User", ...declared, "SG-Makers: CanEdit, Group"]);
  await ask("flow owner remove", { ...of, groupName: "SG-Makers", force: true });
  await ask("flow owner remove", { ...of, userName: "cleo@contoso.com", force: true });
  judge.equal("both are gone", await owners(), declared);

  // The directory, and the tables of the environment.
  judge.on("metadata");
  const ada = await ask("entra user get", { userName: "ada@contoso.com" });
  judge.equal("a user", [ada.displayName, ada.mail], ["Ada Lovelace", "ada@contoso.com"]);
  judge.equal("a group by its name", (await ask("entra group get", { displayName: "SG-Expense-Prod" })).id, RUNNERS);
  judge.equal("its members", (await ask("entra group member list", { groupId: RUNNERS, role: "Member" })).length, 12);
  judge.equal("its owners", await ask("entra group member list", { groupId: RUNNERS, role: "Owner" }), []);
  judge.equal("an application by its name", (await ask("entra enterpriseapp get", { displayName: "powergrant" })).appId, place.clientId);
  judge.equal("users with two properties", (await ask("entra user list", { properties: "displayName,userPrincipalName" })).length, 15);
  judge.holds("tables that may be changed", (await ask("pp dataverse table list", { environmentName })).some((row) => row.LogicalName === "contoso_expense"));
  const table = await ask("pp dataverse table get", { environmentName, name: "workflow" });
  judge.equal("a table", [table.EntitySetName, table.IsCustomizable.ManagedPropertyLogicalName], ["workflows", "iscustomizable"]);
  const roles = await ask("pp dataverse table row list", { environmentName, tableName: "role" });
  judge.equal("the role of the manifest", roles.filter((row) => row.name === "Flow Runner").map((row) => row.isinherited), [1]);

  // What is refused, in the words that people look up.
  judge.on("errors");
  const nowhere = { environmentName: NOBODY };
  const refusals = [
    ["an environment that is not there", () => ask("flow list", nowhere), `Access to the environment '${NOBODY}' is denied.`],
    ["the same for administrators", () => ask("flow list", { ...nowhere, asAdmin: true }), `Access to the environment '${NOBODY}' is denied.`],
    ["an environment that is not there, in the admin API", () => ask("pp environment get", { name: NOBODY, asAdmin: true }), "404"],
    ["a flow that is not there", () => ask("flow get", { environmentName, name: NOBODY, asAdmin: true }), `Could not find flow '${NOBODY}'.`],
    ["a flow of somebody else, as a maker", () => ask("flow get", { environmentName, name: flow.name }), "does not have permission for connection"],
    ["a role that is none", () => ask("flow owner ensure", { ...of, userId: ada.id, roleName: "CanRead" }), "roleName"],
    ["a principal that is not there", () => ask("flow owner ensure", { ...of, userId: NOBODY, roleName: "CanView" }), "Principal not found."],
    ["a user who is not there", () => ask("entra user get", { userName: "nobody@contoso.com" }), "nobody@contoso.com"],
    ["a table that is not there", () => ask("pp dataverse table get", { environmentName, name: "wizard" }), "wizard"],
  ];
  for (const [what, call, text] of refusals) await judge.refused(what, call, ...says(text));

  // Drift: Bob is clicked in again, and the group out.
  await ask("flow owner ensure", { ...of, userName: "bob@contoso.com", roleName: "CanView" });
  await ask("flow owner remove", { ...of, groupName: "SG-Expense-Prod", force: true });
}

new Judge("@pnp/cli-microsoft365", versionOf(NAME)).run(walk);
