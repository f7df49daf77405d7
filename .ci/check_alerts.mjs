// Checks files of Prometheus rules: their shape, and every expression with the grammar that Prometheus itself publishes.
// Usage: node check_alerts.mjs FOLDER_OF_MODULES FILE…
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...files] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { parser } = load("@prometheus-io/lezer-promql");
const { parseAllDocuments } = load("yaml");

const DURATION = /^(\d+(ms|[smhdwy]))+$/;
const KEYS = { alert: "string", expr: "string", for: "string", labels: "object", annotations: "object" };

/** What is wrong with a rule. */
function* complaints(rule) {
  for (const [key, value] of Object.entries(rule)) {
    if (typeof value !== KEYS[key]) yield `\`${key}\` is no ${KEYS[key] ?? "key of a rule"}`;
  }
  for (const key of ["alert", "expr"]) if (!rule[key]) yield `\`${key}\` is missing`;
  if (rule.for && !DURATION.test(rule.for)) yield `\`for: ${rule.for}\` is no duration`;
  const tree = parser.parse(rule.expr ?? "");
  tree.iterate({ enter: (node) => { if (node.type.isError) broken.push(node.from); } });
  for (const at of broken.splice(0)) yield `the expression breaks at letter ${at + 1}: ${rule.expr}`;
}
const broken = [];

let failed = 0, checked = 0;
for (const file of files) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"), { strict: true, uniqueKeys: true })) {
    const wrong = document.errors.map((error) => error.message);
    const groups = document.toJS()?.groups ?? [];
    const names = groups.flatMap((group) => group.rules.map((rule) => rule.alert));
    wrong.push(...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `\`${name}\` is there twice`));
    for (const rule of groups.flatMap((group) => group.rules)) {
      checked += 1;
      wrong.push(...[...complaints(rule)].map((what) => `${rule.alert}: ${what}`));
    }
    for (const what of wrong) console.error(`error: ${file}: ${what}`);
    failed += wrong.length;
  }
}
if (checked === 0) console.error("error: no rule was found");
process.exit(failed > 0 || checked === 0 ? 1 : 0);
