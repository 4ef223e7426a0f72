// The release's database in a process of its own: opened once, asked for rows. Whoever waits too long ends this worker.
globalThis.sqlite3ApiConfig = { warn: () => {}, log: () => {} };

let database;

/** The bytes of the database, from what the browser keeps if it has them; it keeps only what has the right checksum. */
async function bytes(address, checksum) {
  const cache = await globalThis.caches?.open("databases");
  const kept = await cache?.match(address);
  const answer = kept ?? (await fetch(address));
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const copy = answer.clone();
  const content = await answer.arrayBuffer();
  const digest = new Uint8Array((await globalThis.crypto.subtle?.digest("SHA-256", content)) ?? []);
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found && found !== checksum) throw new Error("checksum");
  if (!kept) await cache?.put(address, copy);
  return content;
}

async function open({ address, checksum }) {
  const [{ default: start }, content] = await Promise.all([import("./sqlite3.js"), bytes(address, checksum)]);
  const { oo1, wasm, capi } = await start();
  database = new oo1.DB(":memory:");
  const [memory, size] = [wasm.allocFromTypedArray(content), content.byteLength];
  const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_READONLY;
  database.checkRc(capi.sqlite3_deserialize(database.pointer, "main", memory, size, size, flags));
}

function ask({ sql, parameters, most }) {
  const statement = database.prepare(sql);
  try {
    for (let i = 1; i <= statement.parameterCount; i++) {
      statement.bind(i, parameters[statement.getParamName(i)?.slice(1)] ?? "");
    }
    const rows = [];
    while (rows.length <= most && statement.step()) rows.push(statement.get([]));
    return { columns: statement.getColumnNames([]), rows: rows.slice(0, most), cut: rows.length > most };
  } finally {
    statement.finalize();
  }
}

onmessage = async ({ data: { asked, open: place, ...question } }) => {
  try {
    postMessage({ asked, answer: place ? await open(place) : ask(question) });
  } catch (error) {
    postMessage({ asked, error: error.message.replace(/^SQLITE_\w+: sqlite3 result code \d+: /, "") });
  }
};
