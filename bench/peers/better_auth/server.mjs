// better-auth's api-key plugin behind the smallest HTTP server.
// usage: server.mjs seed | server.mjs nolimit|limit|redis PORT
import http from "node:http";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import pg from "pg";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { apiKey } from "@better-auth/api-key";
import { Redis } from "ioredis";
import { redisStorage } from "@better-auth/redis-storage";

const [mode, port] = process.argv.slice(2);
const rows = Number(process.env.BENCH_ROWS ?? 100000);
const keysDir = process.env.BENCH_KEYS;
const pool = new pg.Pool({
  host: "127.0.0.1", port: Number(process.env.BENCH_POSTGRESQL_PORT), user: "boltkeys", database: "betterauth", max: 8,
});
const redis = mode === "redis" ? new Redis(process.env.BENCH_REDIS_URL) : null;
const limited = mode !== "nolimit";
const options = {
  database: pool,
  secret: "bench-only-secret-of-better-auth-key-0123456789",
  baseURL: "http://127.0.0.1",
  logger: { disabled: true },
  telemetry: { enabled: false },
  ...(redis ? { secondaryStorage: redisStorage({ client: redis }) } : {}),
  plugins: [
    apiKey({
      rateLimit: { enabled: limited, timeWindow: 60_000, maxRequests: 1_000_000 },
      ...(redis ? { storage: "secondary-storage" } : {}),
    }),
  ],
};
const hash = (key) => crypto.createHash("sha256").update(key).digest("base64url");

async function seed() {
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  const user = "user1";
  await pool.query(
    `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
     VALUES ($1, 'Ada', 'ada@example.org', true, now(), now()) ON CONFLICT DO NOTHING`, [user]);
  const random = () => crypto.randomBytes(48).toString("base64url").replace(/[-_]/g, "a").slice(0, 64);
  const keys = Array.from({ length: rows }, random);
  for (let i = 0; i < rows; i += 1000) {
    const slice = keys.slice(i, i + 1000);
    await pool.query(
      `INSERT INTO "apikey" (id, "configId", name, start, "referenceId", key, enabled, "rateLimitEnabled",
         "rateLimitTimeWindow", "rateLimitMax", "requestCount", "createdAt", "updatedAt", permissions)
       SELECT 'k' || ($2 + n), 'default', 'key', left(k, 6), $1, h, true, true, 60000, 1000000, 0, now(), now(),
         '{"widgets":["read"]}'
       FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS t(k, h, n)`,
      [user, i, slice, slice.map(hash)]);
  }
  await pool.query("ANALYZE");
  fs.writeFileSync(path.join(keysDir, "better-auth"), keys.slice(0, 50000).join("\n") + "\n");
  fs.writeFileSync(path.join(keysDir, "better-auth-made-up"),
    Array.from({ length: 50000 }, random).join("\n") + "\n");
}

async function fillRedis() {
  const { rows: found } = await pool.query('SELECT * FROM "apikey" ORDER BY "createdAt" LIMIT 100000');
  let pipe = redis.pipeline();
  for (const [i, row] of found.entries()) {
    const text = JSON.stringify(row);
    pipe.set(`better-auth:api-key:${row.key}`, text);
    pipe.set(`better-auth:api-key:by-id:${row.id}`, text);
    if (i % 1000 === 999) { await pipe.exec(); pipe = redis.pipeline(); }
  }
  await pipe.exec();
}

if (mode === "seed") {
  await seed();
  await pool.end();
} else {
  if (redis) await fillRedis();
  const auth = betterAuth(options);
  const body = JSON.stringify({ id: 1, name: "widget", ok: true });
  http.createServer(async (request, response) => {
    // The header value is the bare key (the file of values has no scheme).
    const key = request.headers.authorization ?? "";
    let valid = false;
    try {
      const result = await auth.api.verifyApiKey({ body: { key, permissions: { widgets: ["read"] } } });
      valid = result.valid;
    } catch { /* refused */ }
    response.writeHead(valid ? 200 : 401, { "content-type": "application/json" });
    response.end(valid ? body : "{}");
  }).listen(Number(port), "127.0.0.1");
}
