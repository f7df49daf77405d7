// dynamics-web-api, under Microsoft's host through the proxy: after an apply it reads back what the manifest says, walks through
// everything that the library can ask for here, and leaves drift behind.

const { DynamicsWebApi } = require("dynamics-web-api");
const { Judge, tenant, token, versionOf } = require("./judge.js");

const NOBODY = "12345678-1234-1234-1234-123456789012";

async function walk(judge) {
  const place = tenant();
  const [{ url }] = place.organizations;
  const bearer = await token(place, url);
  const open = (options) => new DynamicsWebApi({
    serverUrl: url, dataApi: { version: "9.2" }, proxy: { url: place.proxy }, onTokenRefresh: async () => bearer, propagateErrors: true,
    ...options,
  });
  const api = open();
  const refusal = (error) => [error.status, error.code];
  const find = async (collection, filter, select) => (await api.retrieveMultiple({ collection, filter, select })).value;
  const only = async (...request) => {
    const found = await find(...request);
    judge.equal(`one row of ${request[0]} where ${request[1]}`, found.length, 1);
    return found[0];
  };

  const me = await api.callFunction({ name: "WhoAmI" });
  judge.equal("WhoAmI", Object.keys(me).filter((key) => !key.includes("@") && key !== "oDataContext").sort(),
    ["BusinessUnitId", "OrganizationId", "UserId"]);

  // What the manifests say, read back.
  judge.on("read back");
  const role = await only("roles", "name eq 'Flow Runner'", ["roleid", "isinherited", "description"]);
  judge.equal("its inheritance", role.isinherited, 1);
  judge.equal("its description", role.description, "Runs the cloud flows that are shared with the holder.");
  const held = await api.callFunction({ name: "RetrieveRolePrivilegesRole", parameters: { RoleId: role.roleid } });
  const depths = Object.fromEntries(held.RolePrivileges.map((entry) => [entry.PrivilegeName, entry.Depth]));
  judge.equal("the privileges of the manifest", [
    depths.prvReadWorkflow, depths.prvReadconnectionreference, depths.prvReadEnvironmentVariableDefinition, depths.prvFlow,
  ], ["Basic", "Basic", "Global", "Global"]);
  const team = await only("teams", "azureactivedirectoryobjectid eq 22222222-2222-2222-2222-222222222222 and membershiptype eq 0",
    ["teamid", "name", "teamtype"]);
  judge.equal("the type of the group's team", team.teamtype, 2);
  const holders = await api.retrieve({ collection: "teams", key: team.teamid, select: ["name"],
    expand: [{ property: "teamroles_association", select: ["name"] }] });
  judge.equal("the roles of the group's team", holders.teamroles_association.map((held) => held.name), ["Flow Runner"]);
  const flow = await only("workflows", "name eq 'Expense intake' and category eq 5", ["workflowid", "clientdata", "statecode"]);
  const references = JSON.parse(flow.clientdata).properties.connectionReferences;
  // The Dataverse connector says it in a place of its own.
  judge.equal("the modes of the connections", [
    references.shared_sharepointonline.runtimeSource, references.shared_office365.runtimeSource,
    references.shared_commondataserviceforapps.impersonation,
  ], ["invoker", "embedded", { source: "invoker" }]);
  const shares = async (target) => {
    const answer = await api.callFunction({ name: "RetrieveSharedPrincipalsAndAccess", parameters: { Target: { "@odata.id": target } } });
    return answer.PrincipalAccesses.map((access) => [access.Principal["@odata.type"], access.Principal.ownerid, access.AccessMask]);
  };
  judge.equal("the shares of the flow", await shares(`workflows(${flow.workflowid})`), [["#Microsoft.Dynamics.CRM.team", team.teamid, "ReadAccess"]]);

  // Reading: pages, counts, order, expansion, annotations, versions.
  judge.on("reading");
  const page = await api.retrieveMultiple({ collection: "systemusers", select: ["fullname"], orderBy: ["fullname asc"], maxPageSize: 4 });
  judge.equal("the size of a page", page.value.length, 4);
  const everybody = await api.retrieveAll({ collection: "systemusers", select: ["fullname"], maxPageSize: 4 });
  judge.equal("everybody, page by page", everybody.value.length, new Set(everybody.value.map((user) => user.systemuserid)).size);
  judge.holds("more than a page", everybody.value.length > 8);
  const sorted = page.value.map((user) => user.fullname);
  judge.equal("in order", sorted, [...sorted].sort());
  const counted = await api.retrieveMultiple({ collection: "workflows", select: ["name"], filter: "category eq 5", count: true,
    expand: [{ property: "owninguser", select: ["fullname"] }], includeAnnotations: "*" });
  judge.equal("a count", counted.oDataCount, counted.value.length);
  judge.equal("an owner", counted.value.find((row) => row.name === "Expense intake").owninguser.fullname, "Mia Maker");
  judge.equal("the number of flows, as text", await api.count({ collection: "workflows" }), await api.countAll({ collection: "workflows", select: ["name"] }));
  const one = await api.retrieve({ collection: "workflows", key: flow.workflowid, select: ["name"] });
  const unchanged = await api.retrieve({ collection: "workflows", key: flow.workflowid, select: ["name"], ifnonematch: one["@odata.etag"] })
    .catch((error) => error.status);
  judge.holds("not modified has no row", unchanged === null || unchanged === undefined || unchanged === 304);
  const long = await api.retrieveMultiple({ collection: "workflows", select: ["name"],
    filter: Array.from({ length: 40 }, () => `workflowid eq ${flow.workflowid}`).join(" or ") });
  judge.equal("an address that the library sends as a batch", long.value.map((row) => row.name), ["Expense intake"]);
  for (const version of ["9.0", "9.1", "9.2"]) {
    const answer = await open({ dataApi: { version } }).callFunction({ name: "WhoAmI" });
    judge.equal(`version ${version}`, answer.UserId, me.UserId);
  }

  // Definitions of tables.
  judge.on("metadata");
  const tables = await api.retrieveEntities({ select: ["LogicalName", "EntitySetName"], filter: "LogicalName eq 'workflow'" });
  judge.equal("the set of a table", tables.value.map((table) => table.EntitySetName), ["workflows"]);
  const definition = await api.retrieveEntity({ key: "LogicalName='role'", select: ["LogicalName", "OwnershipType", "Privileges"] });
  judge.equal("who owns a role", definition.OwnershipType, "BusinessOwned");
  judge.holds("the privileges of a table", definition.Privileges.some((privilege) => privilege.Name === "prvReadRole"));
  const metadata = await api.retrieveCsdlMetadata();
  judge.holds("the model of the service", metadata.includes('<EntityType Name="workflow"'));

  // Rows: made, changed with and without a version, one property, deleted.
  judge.on("ETag");
  const unit = me.BusinessUnitId;
  const made = await api.create({ collection: "roles", data: { name: "Judge", "businessunitid@odata.bind": `/businessunits(${unit})` }, returnRepresentation: true });
  judge.equal("a new row is shown", made.name, "Judge");
  await api.update({ collection: "roles", key: made.roleid, data: { description: "first" }, ifmatch: made["@odata.etag"] });
  await judge.refused("a version that has passed",
    () => api.update({ collection: "roles", key: made.roleid, data: { description: "second" }, ifmatch: made["@odata.etag"] }), refusal, [412, "0x80060882"]);
  await api.updateSingleProperty({ collection: "roles", key: made.roleid, fieldValuePair: { description: "third" } });
  const changed = await api.retrieve({ collection: "roles", key: made.roleid, select: ["description"] });
  judge.equal("one property", changed.description, "third");
  const reference = await api.update({ collection: "connectionreferences", key: "connectionreferencelogicalname='contoso_outlook'",
    data: { description: "by its other key" }, returnRepresentation: true });
  judge.equal("a row by its other key", reference.description, "by its other key");

  // Privileges of a role.
  judge.on("roles");
  const privilege = await only("privileges", "name eq 'prvReadWorkflow'", ["privilegeid"]);
  const privileges = async () => {
    const answer = await api.callFunction({ name: "RetrieveRolePrivilegesRole", parameters: { RoleId: made.roleid } });
    return answer.RolePrivileges.filter((entry) => entry.PrivilegeId === privilege.privilegeid).map((entry) => entry.Depth);
  };
  const entry = (Depth) => ({ PrivilegeId: privilege.privilegeid, Depth, BusinessUnitId: unit });
  const act = (actionName, action, key = made.roleid) => api.callAction({ collection: "roles", key, actionName: `Microsoft.Dynamics.CRM.${actionName}`, action });
  await act("AddPrivilegesRole", { Privileges: [entry("Local")] });
  judge.equal("an added privilege", await privileges(), ["Local"]);
  await act("ReplacePrivilegesRole", { Privileges: [entry("Global")] });
  judge.equal("a replaced privilege", await privileges(), ["Global"]);
  await judge.refused("a depth in lower case", () => act("AddPrivilegesRole", { Privileges: [entry("global")] }), (error) => error.status, 400);
  await judge.refused("a parameter that the action does not have", () => act("AddPrivilegesRole", { Privilege: [] }), (error) => error.status, 400);
  await judge.refused("an action that the table does not have",
    () => api.callAction({ collection: "teams", key: team.teamid, actionName: "Microsoft.Dynamics.CRM.AddPrivilegesRole", action: { Privileges: [] } }),
    (error) => [error.status, error.code], [404, "0x80060888"]);

  // Who holds a role, by reference; the library unassigns by the key in the path.
  judge.on("$ref");
  const ada = await only("systemusers", "domainname eq 'ada@contoso.com'", ["systemuserid", "azureactivedirectoryobjectid"]);
  const assign = { collection: "systemusers", primaryKey: ada.systemuserid, relationshipName: "systemuserroles_association", relatedKey: made.roleid };
  await api.associate({ ...assign, relatedCollection: "roles" });
  const rolesOf = async (user) => (await api.retrieve({ collection: "systemusers", key: user, select: ["fullname"],
    expand: [{ property: "systemuserroles_association", select: ["name"] }] })).systemuserroles_association.map((held) => held.name).sort();
  judge.equal("an assigned role", (await rolesOf(ada.systemuserid)).includes("Judge"), true);
  await judge.refused("the same role again", () => api.associate({ ...assign, relatedCollection: "roles" }), refusal, [400, "0x80040237"]);
  await judge.refused("a role that is not there", () => api.associate({ ...assign, relatedCollection: "roles", relatedKey: NOBODY }), (error) => error.status, 404);
  await api.disassociate(assign);
  judge.equal("an unassigned role", (await rolesOf(ada.systemuserid)).includes("Judge"), false);

  // Shares: granted, modified, revoked, in the forms in which the two kinds of principals are written.
  judge.on("sharing");
  const target = { "@odata.type": "Microsoft.Dynamics.CRM.workflow", workflowid: flow.workflowid };
  const principal = { "@odata.type": "Microsoft.Dynamics.CRM.systemuser", systemuserid: ada.systemuserid };
  const share = (actionName, AccessMask) => api.callAction({ actionName, action: { Target: target, PrincipalAccess: { AccessMask, Principal: principal } } });
  const maskOf = async (owner) => (await shares(`workflows(${flow.workflowid})`)).filter(([, id]) => id === owner).map(([, , mask]) => mask);
  await share("GrantAccess", "ReadAccess,WriteAccess");
  judge.equal("a granted share", await maskOf(ada.systemuserid), ["ReadAccess, WriteAccess"]);
  await share("ModifyAccess", "ReadAccess");
  judge.equal("a modified share", await maskOf(ada.systemuserid), ["ReadAccess"]);
  await judge.refused("a mask in lower case", () => share("ModifyAccess", "readaccess"), (error) => error.status, 400);
  await api.callAction({ actionName: "RevokeAccess", action: { Target: target, Revokee: principal } });
  judge.equal("a revoked share", await maskOf(ada.systemuserid), []);
  // Members come at their first access or with this.
  await api.callAction({ collection: "teams", key: team.teamid, actionName: "Microsoft.Dynamics.CRM.SyncGroupMembersToTeam" });
  const access = await api.callFunction({ collection: "systemusers", key: ada.systemuserid, name: "Microsoft.Dynamics.CRM.RetrievePrincipalAccess",
    parameters: { Target: { "@odata.id": `workflows(${flow.workflowid})` } } });
  judge.holds("access through the group's share", access.AccessRights.includes("ReadAccess"));

  // In somebody else's name: what she may not do is refused.
  judge.on("impersonation");
  for (const [what, options] of [["as a user", { impersonate: ada.systemuserid }], ["as a directory object", { impersonateAAD: ada.azureactivedirectoryobjectid }]]) {
    const name = await open(options).callFunction({ name: "WhoAmI" });
    judge.equal(`${what}: who am I`, name.UserId, ada.systemuserid);
    await judge.refused(`${what}: a role may not be made`,
      () => open(options).create({ collection: "roles", data: { name: "No", "businessunitid@odata.bind": `/businessunits(${unit})` } }), refusal, [403, "0x80040220"]);
  }

  // A batch: reads, and a change set that holds as a whole or not at all.
  judge.on("batch");
  api.startBatch();
  api.retrieve({ collection: "roles", key: made.roleid, select: ["name"] });
  api.create({ collection: "roles", data: { name: "Judge's copy", "businessunitid@odata.bind": `/businessunits(${unit})` }, contentId: "1" });
  api.update({ collection: "roles", key: made.roleid, data: { description: "from a batch" } });
  const batch = await api.executeBatch();
  judge.equal("the answers of a batch", [batch.length, batch[0].name], [3, "Judge"]);
  const copy = await only("roles", "name eq 'Judge''s copy'", ["roleid"]);
  // Without a change set the first one stays whatever becomes of the second.
  api.startBatch();
  api.update({ collection: "roles", key: made.roleid, data: { description: "by itself" }, inChangeSet: false });
  api.deleteRecord({ collection: "roles", key: NOBODY, inChangeSet: false });
  const apart = await api.executeBatch({ continueOnError: true });
  judge.equal("a batch with a refusal", [apart[0], apart[1].status, apart[1].error.code], [true, 404, "0x80040217"]);
  const alone = await api.retrieve({ collection: "roles", key: made.roleid, select: ["description"] });
  judge.equal("what came before it stays", alone.description, "by itself");
  await api.update({ collection: "roles", key: made.roleid, data: { description: "from a batch" } });
  judge.on("change set");
  api.startBatch();
  api.update({ collection: "roles", key: made.roleid, data: { description: "not to stay" } });
  api.deleteRecord({ collection: "roles", key: NOBODY });
  await judge.refused("a change set with a refusal", () => api.executeBatch(), (errors) => [errors].flat().some((error) => error.status === 404), true);
  const kept = await api.retrieve({ collection: "roles", key: made.roleid, select: ["description"] });
  judge.equal("nothing of it stays", kept.description, "from a batch");

  // What is refused.
  judge.on("errors");
  const errors = [
    ["an unknown set", () => api.retrieveMultiple({ collection: "wizards" }), [404, "0x80060888"]],
    ["an unknown property", () => api.retrieveMultiple({ collection: "roles", select: ["shoesize"] }), [400, "0x80060888"]],
    ["an unknown property in a filter", () => api.retrieveMultiple({ collection: "roles", filter: "shoesize eq 4" }), [400, "0x80060888"]],
    ["an unknown navigation", () => api.retrieveMultiple({ collection: "roles", expand: [{ property: "shoes" }] }), [400, "0x80060888"]],
    ["a property of another type in a filter", () => api.retrieveMultiple({ collection: "roles", filter: "name eq 4" }), [400, "0x80060888"]],
    ["a row that is not there", () => api.retrieve({ collection: "roles", key: NOBODY }), [404, "0x80040217"]],
    ["an unknown function", () => api.callFunction({ name: "WhoAreThey" }), [404, "0x80060888"]],
    ["a function without its parameter", () => api.callFunction({ name: "RetrieveRolePrivilegesRole" }), [400, "0x80060888"]],
    ["an unknown property of a new row", () => api.create({ collection: "roles", data: { name: "x", shoesize: 4 } }), [400, "0x80060888"]],
    ["a property of another type", () => api.update({ collection: "roles", key: made.roleid, data: { name: 4 } }), [400, "0x80060888"]],
    ["an unknown table", () => api.retrieveEntity({ key: "LogicalName='wizard'" }), [404, "0x80060888"]],
  ];
  for (const [what, call, expected] of errors) await judge.refused(what, call, refusal, expected);
  await judge.refused("a token for another service",
    async () => open({ onTokenRefresh: async () => token(place, "https://graph.microsoft.com") }).callFunction({ name: "WhoAmI" }), (error) => error.status, 401);

  await api.deleteRecord({ collection: "roles", key: copy.roleid });
  await api.deleteRecord({ collection: "roles", key: made.roleid });
  await judge.refused("a deleted row", () => api.retrieve({ collection: "roles", key: made.roleid }), refusal, [404, "0x80040217"]);

  // Drift: somebody clicks Bob in again, and takes the role from the group.
  const bob = await only("systemusers", "domainname eq 'bob@contoso.com'", ["systemuserid"]);
  await api.callAction({ actionName: "GrantAccess", action: { Target: target, PrincipalAccess: { AccessMask: "ReadAccess",
    Principal: { "@odata.type": "Microsoft.Dynamics.CRM.systemuser", systemuserid: bob.systemuserid } } } });
  await api.disassociate({ collection: "teams", primaryKey: team.teamid, relationshipName: "teamroles_association", relatedKey: role.roleid });
}

new Judge("dynamics-web-api", versionOf("dynamics-web-api")).run(walk);
