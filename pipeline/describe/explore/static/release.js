// What the release is made of: its tables and words, its database in a worker, and the address that says what is shown.

export const CONFIG = JSON.parse(document.getElementById("explore-config").textContent);
export let view = new URLSearchParams();
export let language = "en";

/** Takes what is shown from the part of the address after #; the language is the reader's where it says none. */
export function look() {
  view = new URLSearchParams(location.hash.slice(1));
  if (!CONFIG.words[view.get("l")]) view.set("l", navigator.language?.startsWith("sv") ? "sv" : "en");
  language = view.get("l");
}

/** The address of another page in the same language. */
export const addressOf = (page) => `#${new URLSearchParams({ l: language, ...page })}`;

/** The address of this page with some things changed; null takes away, an array is given once for each. */
export function changed(changes) {
  const next = new URLSearchParams(view);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const each of [value].flat()) if (each !== null && each !== "") next.append(name, each);
  }
  return `#${next}`;
}
export const go = (changes) => { location.hash = changed(changes); };

// Words, numbers and elements.

export const t = (key, values = {}) => CONFIG.words[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
export const number = (value) => new Intl.NumberFormat(language === "sv" ? "sv-SE" : "en-GB").format(value);

/** A text that the data have in one or both languages, such as `title` and `title@sv`. */
export function said(holder, member) {
  const [swedish, english] = [holder?.[`${member}@sv`], holder?.[member]];
  return language === "sv" ? swedish ?? english : english ?? swedish;
}
export const titled = (holder) => said(holder, "title") ?? holder.name;

const maker = (space) => (name, members = {}, ...children) => {
  const element = document.createElementNS(`http://www.w3.org/${space}`, name);
  for (const [key, value] of Object.entries(members)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if ((value ?? false) !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => (child ?? false) !== false));
  return element;
};
export const el = maker("1999/xhtml");
export const svg = maker("2000/svg");
export const link = (page, ...children) => el("a", { href: addressOf(page) }, ...children);
export const web = (text) => /^https?:\/\/\S+$/.test(text) && el("a", { href: text, rel: "noopener noreferrer" }, text);
export const form = (members, submitted, ...children) =>
  el("form", { ...members, onsubmit: (event) => { event.preventDefault(); submitted(event.target); } }, ...children);

/** A labelled choice among what has a name and a title. */
export const choice = (label, members, among, chosen) => el("label", {}, label, el("select", members, among.map((each) =>
  el("option", { value: each.name, selected: String(each.name) === String(chosen) }, titled(each)))));

// The database.

const PATIENCE = 15;
const LOADING = 600;
let [worker, waiting, opened, asked] = [null, new Map(), null, 0];

/** Opens the database, which the browser keeps; again, after a question that took too long was stopped. */
export function open() {
  worker?.terminate();
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  waiting = new Map();
  worker.onmessage = ({ data: { asked: which, answer, error } }) => {
    const { resolve, reject, clock } = waiting.get(which);
    clearTimeout(clock);
    error ? reject(new Error(error)) : resolve(answer);
  };
  worker.onerror = (event) => waiting.forEach(({ reject }) => reject(new Error(event.message)));
  const address = new URL(`${CONFIG.database}?sha256=${CONFIG.sha256}`, location.href).href;
  opened = send({ open: { address, checksum: CONFIG.sha256 } }, LOADING);
  opened.catch(() => {});
}

function send(message, seconds) {
  return new Promise((resolve, reject) => {
    const tooSlow = () => { open(); reject(new Error(t("too-slow", { seconds }))); };
    waiting.set(++asked, { resolve, reject, clock: setTimeout(tooSlow, seconds * 1000) });
    worker.postMessage({ asked, ...message });
  });
}

/** The answer to a query as { columns, rows, cut }; parameters without a value are empty texts, as in Datasette. */
export async function query(sql, parameters = {}, most = 10000) {
  await opened;
  return send({ sql, parameters, most }, PATIENCE);
}

export const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
export const objects = ({ columns, rows }) => rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));

// Tables.

export const TABLES = CONFIG.tables;
export const tableOf = (name) => TABLES.find((table) => table.name === name);
export const fieldOf = (table, name) => table?.fields.find((field) => field.name === name);

/** The same column in the reader's language, where there is one. */
export function inLanguage(name, names) {
  const wanted = name.replace(/_(sv|en)$/, `_${language}`);
  return names.includes(wanted) ? wanted : name;
}

/** The column that names the rows of a table. */
export const labelOf = (table) => inLanguage(table.label, table.fields.map((field) => field.name));

/** A value as people read it: with its label, its date in words, its thousands apart. */
export function shown(value, field) {
  if (value === null || value === undefined) return "";
  const label = said(field?.categories?.[value], "label");
  if (label) return label;
  if (field?.type === "boolean") return t(Number(value) ? "yes" : "no");
  if (typeof value === "number" && field?.type !== "year") return number(value);
  return CONFIG.dates[value]?.[language] ?? String(value);
}

/** What a column is called; and the field whose values it has, as `of: table.field` of a question says, or its name. */
export function describedColumn(name, table, stated) {
  const bare = name.replace(/_(sv|en)$/, "");
  const own = stated?.[name] ?? stated?.[bare];
  const [of, column] = (own?.of ?? "").split(".");
  const field = fieldOf(tableOf(of), column) ?? fieldOf(table, name);
  const like = field ?? TABLES.map((each) => fieldOf(each, name) ?? fieldOf(each, bare)).find((each) => each?.title);
  const title = name === "record" ? t("row") : like ? titled(like) : bare.replaceAll("_", " ");
  return { name, field, title: said(own, "title") ?? title };
}

/** A link to a row, which is called by its name; or, where everybody knows the name, by the rest of its key. */
export function rowLink(table, row, known) {
  const label = labelOf(table);
  const rest = table.key.filter((name) => name !== known).map((name) => shown(row[name], fieldOf(table, name))).join(", ");
  const text = el("bdi", {}, (label !== known && shown(row[label] ?? row[table.label], fieldOf(table, label))) || rest);
  const key = table.key.length === 1 ? row[table.key[0]] : table.key.map((name) => encodeURIComponent(row[name])).join(",");
  return table.key.length ? link({ row: `${table.name}/${key}` }, text) : text;
}

/** The names of what a field refers to, by code; none, where it refers to nothing. */
export async function namesOf(field, codes) {
  if (!field?.to) return new Map();
  const [to, key] = [tableOf(field.to[0]), quoted(field.to[1])];
  const among = `${key} IN (${codes.map((_, i) => `:v${i}`).join(", ")})`;
  const parameters = Object.fromEntries(codes.map((code, i) => [`v${i}`, code]));
  const { rows } = await query(`SELECT ${key}, ${quoted(labelOf(to))} FROM ${quoted(to.name)} WHERE ${among}`, parameters);
  return new Map(rows);
}

/** The values of a column to choose from, by what people call them. */
export async function valuesOf(table, field) {
  const name = quoted(field.name);
  const { rows } = await query(`SELECT DISTINCT ${name} FROM ${quoted(table.name)} WHERE ${name} IS NOT NULL ORDER BY 1`, {}, 500);
  const names = await namesOf(field, rows.flat());
  const values = rows.map(([code]) => ({ name: code, title: names.get(code) ?? shown(code, field) }));
  return values.sort((a, b) => a.title.localeCompare(b.title, language));
}
