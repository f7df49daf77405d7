// Microsoft's Graph client for JavaScript reads users, groups and service principals.

const { Client, PageIterator } = require("@microsoft/microsoft-graph-client");
const { Judge, tenant, token, versionOf } = require("./judge.js");

const RUNNERS = "22222222-2222-2222-2222-222222222222";

async function walk(judge) {
  const place = tenant();
  const bearer = await token(place, "https://graph.microsoft.com");
  const client = Client.init({
    authProvider: (done) => done(null, bearer),
    baseUrl: new URL(place.graph).origin + "/",
    defaultVersion: "v1.0",
    customHosts: new Set(["127.0.0.1"]),
  });
  const refusal = (error) => [error.statusCode, error.code];

  // Pages: the iterator follows the links to the last one.
  judge.on("reading");
  const names = [];
  const first = await client.api("/users").select("id,displayName,userPrincipalName").top(4).get();
  judge.equal("the first page", first.value.length, 4);
  await new PageIterator(client, first, (user) => Boolean(names.push(user.displayName))).iterate();
  judge.equal("all users, each once", [names.length, new Set(names).size], [15, 15]);
  judge.equal("only what was selected", Object.keys(first.value[0]).sort(), ["displayName", "id", "userPrincipalName"]);

  const counted = await client.api("/groups").header("ConsistencyLevel", "eventual").count(true)
    .filter("startswith(displayName,'SG')").select("id,displayName").top(5).get();
  judge.equal("count of the groups", counted["@odata.count"], 2);
  judge.equal("their names", counted.value.map((group) => group.displayName).sort(), ["SG-Expense-Prod", "SG-Makers"]);

  // The group that the manifests name, and who is in it.
  judge.on("read back");
  const group = await client.api(`/groups/${RUNNERS}`).get();
  judge.equal("a group by its id", [group.displayName, group.securityEnabled, group.mail], ["SG-Expense-Prod", true, null]);
  const members = await client.api(`/groups/${RUNNERS}/transitiveMembers/microsoft.graph.user`).select("id").get();
  judge.equal("its members", members.value.length, 12);
  const ada = await client.api("/users/ada@contoso.com").select("id,accountEnabled,userType").get();
  judge.equal("a user by her name", [ada.accountEnabled, ada.userType], [true, "Member"]);
  const checked = await client.api(`/users/${ada.id}/checkMemberGroups`).post({ groupIds: [RUNNERS] });
  judge.equal("she is a member", checked.value, [RUNNERS]);
  const all = await client.api(`/users/${ada.id}/getMemberGroups`).post({ securityEnabledOnly: true });
  judge.equal("all of her groups", all.value, [RUNNERS]);
  const objects = await client.api("/directoryObjects/getByIds").post({ ids: [ada.id, RUNNERS], types: ["user", "group"] });
  judge.equal("objects by id have types", objects.value.map((object) => object["@odata.type"]).sort(),
    ["#microsoft.graph.group", "#microsoft.graph.user"]);
  const applications = await client.api("/servicePrincipals").filter(`appId eq '${place.clientId}'`).get();
  judge.equal("the application", applications.value.map((application) => application.displayName), ["powergrant"]);

  // A batch: each answer has its own status.
  judge.on("batch");
  const batch = await client.api("/$batch").post({
    requests: [
      { id: "1", method: "GET", url: "/users/ada@contoso.com?$select=id" },
      { id: "2", method: "GET", url: "/users/nobody@contoso.com" },
    ],
  });
  const statuses = Object.fromEntries(batch.responses.map((response) => [response.id, response.status]));
  judge.equal("statuses of a batch", statuses, { 1: 200, 2: 404 });

  judge.on("errors");
  await judge.refused("a user who is not there", () => client.api("/users/nobody@contoso.com").get(), refusal,
    [404, "Request_ResourceNotFound"]);
  await judge.refused("an unknown property", () => client.api("/users").select("shoeSize").get(), refusal, [400, "BadRequest"]);
  await judge.refused("an unknown segment", () => client.api("/wizards").get(), refusal, [400, "BadRequest"]);
  await judge.refused("an advanced query without its header",
    () => client.api("/groups").filter("endswith(displayName,'Prod')").get(), refusal, [400, "Request_UnsupportedQuery"]);
  await judge.refused("a batch of more than 20",
    () => client.api("/$batch").post({ requests: Array.from({ length: 21 }, (_, id) => ({ id: `${id}`, method: "GET", url: "/users" })) }),
    (error) => error.statusCode, 400);
  judge.on("sign-in");
  const wrong = Client.init({
    authProvider: (done) => done(null, "no-token"),
    baseUrl: new URL(place.graph).origin + "/",
    customHosts: new Set(["127.0.0.1"]),
  });
  await judge.refused("a token that nobody issued", () => wrong.api("/users").get(), (error) => error.statusCode, 401);

  // $metadata of Graph.
  judge.on("metadata");
  const metadata = await client.api("/$metadata").responseType("text").get();
  judge.holds("metadata names the service", metadata.includes('Namespace="microsoft.graph"'));
}

new Judge("@microsoft/microsoft-graph-client", versionOf("@microsoft/microsoft-graph-client")).run(walk);
