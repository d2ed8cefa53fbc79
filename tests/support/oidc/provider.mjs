// A certified OpenID Connect provider with the people of a test: node provider.mjs PORT REDIRECT_URI PEOPLE
// PEOPLE is JSON: {"olga": {"roles": ["csbe-operators"]}}. Who logs in is said by `login_hint` on the login page's form.
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [port, redirectUri, people] = process.argv.slice(2);
const known = JSON.parse(people);
const issuer = `http://127.0.0.1:${port}`;

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" };
}

const provider = new Provider(issuer, {
  clients: [
    { client_id: "csbe", client_secret: "test-secret", redirect_uris: [redirectUri] },
    { client_id: "machine", client_secret: "test-secret", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
  ],
  jwks: { keys: [newKey()] },
  cookies: { keys: ["test"] },
  claims: { openid: ["sub", "roles"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...known[id] }) }),
  extraTokenClaims: (_, token) => (token.clientId === "machine" ? { sub: "machine", ...known.machine } : {}),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, audience) => ({ scope: "api", audience, accessTokenFormat: "jwt", accessTokenTTL: 600 }),
    },
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
