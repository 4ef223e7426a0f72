// The release's database in a process of its own: opened once, asked for rows. Whoever waits too long ends this worker.
globalThis.sqlite3ApiConfig = { warn: () => {}, log: () => {} };

let database;

async function bytes(address, checksum) {
  const cache = globalThis.caches ? await caches.open("databases") : null;
  const kept = await cache?.match(address);
  const answer = kept ?? (await fetch(address));
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const copy = answer.clone();
  const content = await answer.arrayBuffer();
  if (checksum && crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== checksum) {
      await cache?.delete(address);
      throw new Error("checksum");
    }
  }
  if (cache && !kept) await cache.put(address, copy);
  return content;
}

async function open({ address, checksum }) {
  const [{ default: start }, content] = await Promise.all([import("./sqlite3.js"), bytes(address, checksum)]);
  const sqlite3 = await start();
  database = new sqlite3.oo1.DB(":memory:");
  const memory = sqlite3.wasm.allocFromTypedArray(content);
  const { SQLITE_DESERIALIZE_FREEONCLOSE, SQLITE_DESERIALIZE_READONLY } = sqlite3.capi;
  database.checkRc(sqlite3.capi.sqlite3_deserialize(
    database.pointer, "main", memory, content.byteLength, content.byteLength,
    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY,
  ));
}

function ask({ sql, parameters, most }) {
  const statement = database.prepare(sql);
  try {
    const names = Array.from({ length: statement.parameterCount }, (_, i) => statement.getParamName(i + 1));
    names.forEach((name, i) => statement.bind(i + 1, parameters?.[name ? name.slice(1) : i] ?? ""));
    const rows = [];
    while (rows.length <= most && statement.step()) rows.push(statement.get([]));
    return { columns: statement.getColumnNames([]), rows: rows.slice(0, most), cut: rows.length > most };
  } finally {
    statement.finalize();
  }
}

onmessage = async ({ data: { number, open: place, ...question } }) => {
  try {
    postMessage({ number, answer: place ? await open(place) : ask(question) });
  } catch (error) {
    postMessage({ number, error: String(error.message ?? error).replace(/^SQLITE_\w+: sqlite3 result code \d+: /, "") });
  }
};
