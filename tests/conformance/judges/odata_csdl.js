// The CSDL tool of OASIS's OData committee reads both models, and every type that they name is resolved.

const csdl = require("odata-csdl");
const { Judge, tenant, token, versionOf } = require("./judge.js");

async function walk(judge) {
  const place = tenant();
  judge.on("metadata");
  const services = [
    [`${place.organizations[0].local}/api/data/v9.2`, place.organizations[0].url, "Microsoft.Dynamics.CRM"],
    [place.graph, "https://graph.microsoft.com", "microsoft.graph"],
  ];
  for (const [address, resource, namespace] of services) {
    const bearer = await token(place, resource);
    const answer = await fetch(`${address}/$metadata`, { headers: { Authorization: `Bearer ${bearer}` } });
    judge.equal(`${namespace}: status and type`, [answer.status, answer.headers.get("content-type")], [200, "application/xml"]);
    const messages = [];
    const model = csdl.xml2json(await answer.text(), { messages });
    judge.equal(`${namespace}: what the tool complains of`, messages, []);
    judge.equal(`${namespace}: version`, model.$Version, "4.0");
    const schema = model[namespace];
    judge.holds(`${namespace}: it has types`, Object.values(schema).some((one) => one.$Kind === "EntityType"));
    const isKnown = (name) => name === undefined || name.startsWith("Edm.") || schema[name.replace(`${namespace}.`, "").replace(`${schema.$Alias}.`, "")] !== undefined;
    for (const [name, one] of Object.entries(schema)) {
      if (one?.$Kind === "EntityType" || one?.$Kind === "ComplexType") {
        judge.holds(`${name}: its base ${one.$BaseType}`, isKnown(one.$BaseType));
        const types = Object.entries(one).filter(([, property]) => typeof property === "object" && !Array.isArray(property));
        judge.equal(`${name}: types of its properties`, types.filter(([, property]) => !isKnown(property.$Type)).map(([key]) => key), []);
      }
      if (Array.isArray(one)) {
        const types = one.flatMap((overload) => [...(overload.$Parameter ?? []), overload.$ReturnType ?? {}]).map((part) => part.$Type);
        judge.equal(`${name}: types of its parameters`, types.filter((type) => !isKnown(type)), []);
      }
    }
  }
}

new Judge("odata-csdl", versionOf("odata-csdl")).run(walk);
