// What judges in JavaScript share: counted checks, and the tenant that they are given.

const fs = require("node:fs");
const path = require("node:path");
const { isDeepStrictEqual, inspect } = require("node:util");

/** A judge of a damaged tenant has seen enough. */
class FirstComplaint extends Error {}

/** Counts checks; every check names what it expects. A judge that stops early has failed. */
class Judge {
  constructor(name, version) {
    Object.assign(this, { name, version, passed: 0, failures: [], walk: "sign-in", walks: {} });
  }

  /** Names the walk that the next checks belong to. */
  on(walk) {
    this.walk = walk;
  }

  /** Counts one check that two values are equal. */
  equal(what, found, expected) {
    if (isDeepStrictEqual(found, expected)) {
      this.passed += 1;
      this.walks[this.walk] = (this.walks[this.walk] ?? 0) + 1;
    } else this.complain(`${what}: expected ${inspect(expected)}, found ${inspect(found)}`);
  }

  /** Notes a failure; of a damaged tenant the first one is enough. */
  complain(failure) {
    this.failures.push(failure);
    if (process.env.CONFORMANCE_STOPS === "at the first complaint") throw new FirstComplaint();
  }

  /** Counts one check that a claim is true. */
  holds(what, claim) {
    this.equal(what, Boolean(claim), true);
  }

  /** Counts one check that a call is refused as expected; `read` takes the answer out of the client's own error. */
  async refused(what, call, read, expected) {
    let answer;
    try {
      answer = await call();
    } catch (error) {
      this.equal(what, read(error), expected);
      return;
    }
    this.complain(`${what}: expected ${inspect(expected)}, but it was answered ${inspect(answer)}`);
  }

  /** Walks, prints what was found, and ends with it. A walk that broke off is a failure. */
  async run(walk) {
    try {
      await walk(this);
    } catch (error) {
      if (!(error instanceof FirstComplaint)) this.failures.push(`the walk broke off: ${inspect(error)}`);
    }
    for (const failure of this.failures) console.error(`not ok: ${failure}`);
    const { name: judge, version, passed, failures, walks } = this;
    console.log(JSON.stringify({ judge, version, passed, failed: failures.length, walks }));
    process.exitCode = failures.length ? 1 : 0;
  }
}

/** What `powergrant sandbox --format json` printed. */
const tenant = () => JSON.parse(fs.readFileSync(process.env.CONFORMANCE_TENANT, "utf8"));

/** Signs in by the tenant's own address and returns a token for a resource. */
async function token(tenant, resource) {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: tenant.clientId,
    client_secret: tenant.clientSecret,
    scope: `${resource}/.default`,
  });
  const answer = await fetch(`${tenant.authority}/oauth2/v2.0/token`, { method: "POST", body: form });
  return (await answer.json()).access_token;
}

/** The version of an installed package; not every package lets its package.json be required. */
const versionOf = (name) => JSON.parse(fs.readFileSync(path.join(process.env.NODE_PATH, name, "package.json"), "utf8")).version;

module.exports = { Judge, tenant, token, versionOf };
