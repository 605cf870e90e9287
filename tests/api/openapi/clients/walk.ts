// Walks a generated TypeScript client through the life of a key: created, used, revoked, refused. Prints what it saw.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };
const [baseUrl, email, password] = process.argv.slice(2) as [string, string, string];

function given<T>(value: T | null | undefined, what: unknown): T {
  if (value === null || value === undefined) throw new Error(JSON.stringify(what));
  return value;
}

function withToken(token: string) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

const signedIn = await createClient<paths>({ baseUrl }).POST("/v1/auth/login", { body: { email, password } });
const administrator = withToken(given(signedIn.data, signedIn.error).access_token);

const made = await administrator.POST("/v1/developer-access/api-keys", {
  body: { name: "TypeScript client", scopes: ["contacts:read", "contacts:write"] },
});
const key = given(made.data, made.error);
const client = withToken(given(key.secret_key, key));

const created = await client.POST("/v1/contacts", { body: { name: "Bob", email: "bob@example.com" } });
const bob = given(created.data, created.error);
const listed = await client.GET("/v1/contacts", { params: { query: { name: "Bob", limit: 10 } } });
if (given(listed.data, listed.error).data.map((each) => each.id).join() !== bob.id) throw new Error("Bob is not there");

const revoked = await administrator.POST("/v1/developer-access/api-keys/{key_id}/revoke", {
  params: { path: { key_id: key.id } },
  body: { reason: "leaked" },
});
if (given(revoked.data, revoked.error).status !== "revoked") throw new Error("It is not revoked");

const refused = await client.GET("/v1/contacts");
console.log(refused.response.status, given(refused.error, refused.data).code);
