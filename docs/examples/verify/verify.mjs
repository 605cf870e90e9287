// Asks boltkeys whether the key of a request is good for what the request wants to do. Node 18 or later, no packages.
//
//     KEY=sk_live_… BOLTKEYS_URL=http://127.0.0.1:8000 node verify.mjs leads read

/**
 * Status and body for the caller's `Authorization` header: 200 and the verdict, or a refusal to pass on as it is.
 * Whatever goes wrong on the way is a refusal, too: 503.
 */
export async function verify(authorization, resource, action) {
  try {
    const answer = await fetch(`${process.env.BOLTKEYS_URL}/v1/verify`, {
      method: "POST",
      headers: { Authorization: authorization, "Content-Type": "application/json" },
      body: JSON.stringify({ resource, action }),
      redirect: "error",
      signal: AbortSignal.timeout(5000),
    });
    return [answer.status, await answer.json()];
  } catch (error) {
    return [503, { code: "unavailable", detail: String(error) }];
  }
}

if (import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  const [status, body] = await verify(`Bearer ${process.env.KEY}`, process.argv[2], process.argv[3]);
  console.log(JSON.stringify(body));
  process.exitCode = status === 200 ? 0 : 1;
}
