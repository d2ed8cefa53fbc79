// Appends with Emmett's PostgreSQL event store and prints events per second: node append.js DSN CLIENTS SECONDS
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import { randomUUID } from "node:crypto";

const [dsn, clients, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const store = getPostgreSQLEventStore(dsn);
const data = { timestamp: "2026-01-01T00:00:00Z", facts: "x".repeat(240) };

// One event each append, at the version expected; a new stream after ten.
async function client(until) {
  let [stream, version, count] = [`bench-${randomUUID()}`, 0, 0];
  while (performance.now() < until) {
    const expectedStreamVersion = version === 0 ? "STREAM_DOES_NOT_EXIST" : BigInt(version);
    await store.appendToStream(stream, [{ type: "bench.event", data }], { expectedStreamVersion });
    [stream, version] = version === 9 ? [`bench-${randomUUID()}`, 0] : [stream, version + 1];
    count += 1;
  }
  return count;
}

async function round(seconds) {
  const began = performance.now();
  const counts = await Promise.all(Array.from({ length: clients }, () => client(began + seconds * 1000)));
  return (counts.reduce((a, b) => a + b) * 1000) / (performance.now() - began);
}

await store.schema.migrate();
await round(0.5); // connections open, code compiled, statements seen
console.log(await round(seconds));
await store.close();
