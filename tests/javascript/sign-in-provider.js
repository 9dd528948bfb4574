// npm's oidc-provider on a free port of this machine: prints its address, reads the client that it is
// to know from one line of standard input, and then answers. Anybody signs in with any password; the
// name is also that of their address.
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// Its types are not installed.
const packageName = "oidc-provider";
const { default: Provider } = await import(packageName);

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const issuer = `http://127.0.0.1:${port}`;
  console.log(issuer);
  createInterface({ input: process.stdin }).once("line", (line) => {
    const provider = new Provider(issuer, {
      clients: [JSON.parse(line)],
      claims: { email: ["email", "email_verified"], profile: ["name", "locale", "groups"] },
      conformIdTokenClaims: true, // email and name by userinfo alone
      cookies: { keys: ["a key for tests"] },
      features: { backchannelLogout: { enabled: true } },
      findAccount: (/** @type {unknown} */ _context, /** @type {string} */ login) => ({
        accountId: login,
        claims: () => ({
          sub: login,
          email: `${login}@example.org`,
          email_verified: !login.startsWith("unverified"),
          name: `Doctor ${login}`,
          locale: "en-GB",
          groups: login === "chief" ? ["administrators"] : [],
        }),
      }),
    });
    // Its pages ask a third party for a font.
    provider.use(async (/** @type {any} */ context, /** @type {() => Promise<void>} */ next) => {
      await next();
      if (typeof context.body === "string")
        context.body = context.body.replace(/@import url\([^)]*\);?/g, "");
    });
    server.on("request", provider.callback());
    console.log("ready");
  });
});
