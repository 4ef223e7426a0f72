// A release that answers by itself: its SQLite database in the browser, every view an address. No other host is asked.
"use strict";

const CONFIG = JSON.parse(document.getElementById("explore-config").textContent);
const PAGE = 50;
const MOST = 10000;
const PATIENCE = 15000;
const main = document.querySelector("main");
const status = document.getElementById("status");

let contract;
let search = {};
let state;
let drawing = 0;

// -- elements ------------------------------------------------------------------------------------------------------

function el(name, members = {}, ...children) {
  const inSvg = SVG_NAMES.has(name) || (name === "a" && children[0]?.localName === "circle");
  const element = document.createElementNS(inSvg ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml", name);
  for (const [key, value] of Object.entries(members)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
const SVG_NAMES = new Set(["svg", "path", "circle", "title", "g"]);

const t = (key, values = {}) => (CONFIG.words[state.get("l")][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const said = (holder, member) => (state.get("l") === "sv" ? holder[`${member}@sv`] ?? holder[member] : holder[member] ?? holder[`${member}@sv`]);
const titled = (holder) => said(holder, "title") ?? holder.name;
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
const whole = () => new Intl.NumberFormat(state.get("l") === "sv" ? "sv-SE" : "en-GB");
const isAddress = (text) => /^https?:\/\/\S+$/.test(text);

function link(changes, text, members = {}) {
  return el("a", { href: `#${addressOf(changes)}`, ...members }, text);
}

function addressOf(changes) {
  return new URLSearchParams({ l: state.get("l"), ...changes }).toString();
}

function go(changes) {
  const next = new URLSearchParams(state);
  for (const [key, value] of Object.entries(changes)) value === null || value === "" ? next.delete(key) : next.set(key, value);
  location.hash = next.toString();
}

// -- the database --------------------------------------------------------------------------------------------------

let worker;
let waiting = new Map();
let asked = 0;

function connect() {
  worker = new Worker("explore/worker.js", { type: "module" });
  waiting = new Map();
  worker.onmessage = ({ data: { number, answer, error } }) => {
    const { resolve, reject, clock } = waiting.get(number);
    clearTimeout(clock);
    waiting.delete(number);
    error ? reject(new Error(error)) : resolve(answer);
  };
  worker.onerror = (event) => waiting.forEach(({ reject }) => reject(new Error(event.message)));
  return send({ open: { address: new URL(`${CONFIG.database}?sha256=${CONFIG.sha256}`, location.href).href, checksum: CONFIG.sha256 } }, 10 * 60000);
}

function send(message, patience = PATIENCE) {
  return new Promise((resolve, reject) => {
    const number = ++asked;
    const clock = setTimeout(() => {
      worker.terminate();
      opened = connect();
      reject(new Error(t("too-slow", { seconds: PATIENCE / 1000 })));
    }, patience);
    waiting.set(number, { resolve, reject, clock });
    worker.postMessage({ number, ...message });
  });
}

let opened;

async function query(sql, parameters = {}, most = MOST) {
  await opened;
  return send({ sql, parameters, most });
}

const objects = ({ columns, rows }) => rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));

// -- what datapackage.json says ------------------------------------------------------------------------------------

const tables = () => contract.resources.filter((resource) => resource.schema?.fields?.length);
const tableOf = (name) => tables().find((table) => table.name === name);
const keyOf = (table) => [table.schema.primaryKey ?? []].flat();
const fieldOf = (table, name) => table?.schema.fields.find((field) => field.name === name);
const labelFieldOf = (table) => CONFIG.labels[table.name] ?? ["name", "title", ...keyOf(table)].find((name) => fieldOf(table, name)) ?? table.schema.fields[0].name;

function columnTitle(name, table, titles = {}) {
  const base = name.replace(/_(sv|en)$/, "");
  const own = titles[name] ?? titles[base];
  if (own && said(own, "title")) return said(own, "title");
  const [of, column] = (own?.of ?? "").split(".");
  if (fieldOf(tableOf(of), column)) return titled(fieldOf(tableOf(of), column));
  const field = fieldOf(table, name) ?? fieldOf(table, base) ?? tables().map((each) => fieldOf(each, name) ?? fieldOf(each, base)).find(Boolean);
  return field ? titled(field) : base.replaceAll("_", " ");
}

function shown(value, field) {
  if (value === null || value === "") return "";
  const category = field?.categories?.find((each) => String(each.value ?? each) === String(value));
  if (category?.label) return said(category, "label");
  if (field?.type === "boolean") return t(Number(value) ? "yes" : "no");
  if (typeof value === "number" && field?.type !== "year") return whole().format(value);
  return CONFIG.dates[value]?.[state.get("l")] ?? String(value);
}

// -- pages ---------------------------------------------------------------------------------------------------------

const PAGES = { q: searchPage, table: tablePage, row: rowPage, question: questionPage, sql: sqlPage };

async function draw() {
  const number = ++drawing;
  state = new URLSearchParams(location.hash.slice(1));
  if (!CONFIG.words[state.get("l")]) state.set("l", document.documentElement.lang in CONFIG.words && !state.has("l") && (navigator.language ?? "").startsWith("sv") ? "sv" : "en");
  document.documentElement.lang = state.get("l");
  frame();
  status.textContent = t("loading");
  let content;
  try {
    contract ??= await (await fetch("datapackage.json")).json();
    const kind = Object.keys(PAGES).find((each) => state.has(each));
    content = await (kind ? PAGES[kind]() : startPage());
  } catch (error) {
    content = [el("h1", {}, t("not-answered")), el("p", { class: "error", role: "alert" }, error.message === "checksum" ? t("damaged") : error.message), link({}, t("start"))];
  }
  if (number !== drawing) return;
  main.replaceChildren(...[content].flat(Infinity).filter(Boolean), cite());
  status.textContent = "";
  const heading = main.querySelector("h1");
  document.title = `${heading?.textContent ?? ""} – ${said(CONFIG, "title")}`;
  heading?.setAttribute("tabindex", "-1");
  if (draw.again) heading?.focus({ preventScroll: false });
  draw.again = true;
}

function frame() {
  const other = state.get("l") === "sv" ? "en" : "sv";
  const changed = new URLSearchParams(state);
  changed.set("l", other);
  document.getElementById("bar").replaceChildren(
    link({}, said(CONFIG, "title"), { class: "name" }),
    el("span", { class: "version" }, t("version", { version: CONFIG.version })),
    el("form", { role: "search", onsubmit: (event) => { event.preventDefault(); location.hash = addressOf({ q: event.target.q.value }); } },
      el("input", { type: "search", name: "q", "aria-label": t("search"), placeholder: t("search"), value: state.get("q") }),
      el("button", {}, t("find"))),
    el("nav", { "aria-label": t("parts") },
      link({}, t("start")), link({ sql: "" }, "SQL"),
      el("a", { href: CONFIG.pages[state.get("l")] }, t("release-page")),
      el("a", { href: `#${changed}`, lang: other, hreflang: other }, other === "sv" ? "Svenska" : "English")));
}

async function startPage() {
  const counts = await rowCounts();
  return [
    el("h1", {}, said(CONFIG, "title")),
    el("p", {}, said(CONFIG, "description")),
    CONFIG.questions.length ? [el("h2", {}, t("questions")), el("ul", { class: "cards" }, CONFIG.questions.map((each) =>
      el("li", {}, link({ question: each.name }, titled(each)), el("p", {}, said(each, "description") ?? ""))))] : null,
    el("h2", {}, t("tables")),
    el("ul", { class: "cards" }, tables().filter((table) => counts[table.name]).map((table) =>
      el("li", {}, link({ table: table.name }, titled(table)), el("p", {}, t("rows", { count: whole().format(counts[table.name]) }))))),
  ];
}

async function rowCounts() {
  const { rows } = await query(tables().map((table, i) => `SELECT ${i}, count(*) FROM ${quoted(table.name)}`).join(" UNION ALL "));
  return Object.fromEntries(rows.map(([i, count]) => [tables()[i].name, count]));
}

// -- search --------------------------------------------------------------------------------------------------------

const matchOf = (text) => (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `"${word}"*`).join(" ");

async function indexes() {
  if (!search.known) {
    const { rows } = await query("SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'");
    search = { known: true };
    for (const [name, sql] of rows) search[/content\s*=\s*["'\[]?([^"'\],)]+)/i.exec(sql)?.[1] ?? ""] = name;
  }
  return search;
}

async function searchPage() {
  const text = state.get("q");
  const match = matchOf(text);
  const found = [];
  for (const table of match ? tables() : []) {
    const index = (await indexes())[table.name];
    if (!index) continue;
    const answer = await query(`SELECT * FROM ${quoted(table.name)} WHERE rowid IN (SELECT rowid FROM ${quoted(index)} WHERE ${quoted(index)} MATCH :match)`, { match }, 200);
    if (answer.rows.length) found.push([table, answer]);
  }
  return [
    el("h1", {}, t("results-for", { text })),
    found.length ? null : el("p", {}, t("nothing-found")),
    found.map(([table, answer]) => [
      el("h2", {}, titled(table), " ", el("small", {}, t("rows", { count: `${answer.rows.length}${answer.cut ? "+" : ""}` }))),
      el("ul", {}, objects(answer).slice(0, 8).map((row) => el("li", {}, rowLink(table, row)))),
      answer.rows.length > 8 ? link({ table: table.name, find: text }, t("all-of-them")) : null,
    ]),
  ];
}

function rowLink(table, row, known = []) {
  const name = localName(table, labelFieldOf(table));
  const rest = keyOf(table).filter((key) => !known.includes(key)).map((key) => shown(row[key], fieldOf(table, key))).join(", ");
  const label = (known.includes(name) ? rest : shown(row[name] ?? row[labelFieldOf(table)], fieldOf(table, name))) || rest;
  return keyOf(table).length ? link({ row: `${table.name}/${keyOf(table).map((key) => encodeURIComponent(row[key])).join(",")}` }, label) : label;
}

function localName(table, name) {
  const wanted = name.replace(/_(sv|en)$/, `_${state.get("l")}`);
  return fieldOf(table, wanted) ? wanted : name;
}

// -- a table -------------------------------------------------------------------------------------------------------

const COMPARISONS = { is: "= :v", not: "<> :v", has: "LIKE '%' || :v || '%'", above: "> CAST(:v AS REAL)", below: "< CAST(:v AS REAL)", empty: "IS NULL", filled: "IS NOT NULL" };

async function tablePage() {
  const table = tableOf(state.get("table"));
  if (!table) throw new Error(t("no-table", { name: state.get("table") }));
  const filters = state.getAll("f").map((each) => each.split("~")).filter(([name, kind]) => fieldOf(table, name) && COMPARISONS[kind]);
  const parameters = Object.fromEntries(filters.map(([, , value], i) => [`v${i}`, value ?? ""]));
  const conditions = filters.map(([name, kind], i) => `${quoted(name)} ${COMPARISONS[kind].replace(":v", `:v${i}`)}`);
  const match = matchOf(state.get("find") ?? "");
  const index = match && (await indexes())[table.name];
  if (index) {
    conditions.push(`rowid IN (SELECT rowid FROM ${quoted(index)} WHERE ${quoted(index)} MATCH :match)`);
    parameters.match = match;
  }
  const [sort, down] = (state.get("sort") ?? "").split("~");
  const order = fieldOf(table, sort) ? ` ORDER BY ${quoted(sort)} IS NULL, ${quoted(sort)}${down ? " DESC" : ""}` : "";
  const where = conditions.length ? ` WHERE ${conditions.join(" AND ")}` : "";
  const fields = table.schema.fields.map((field) => field.name).filter((name) => !(/_(sv|en)$/.test(name) && localName(table, name) !== name));
  const answer = await query(`SELECT ${fields.map(quoted).join(", ")} FROM ${quoted(table.name)}${where}${order}`, parameters);
  return [
    el("h1", {}, titled(table)),
    el("p", {}, said(table, "description") ?? ""),
    filterForm(table, filters),
    filters.length ? el("ul", { class: "chips" }, filters.map(([name, kind, value], i) => el("li", {},
      `${columnTitle(name, table)} ${t(`is-${kind}`)} ${shown(value ?? "", fieldOf(table, name))} `,
      el("button", { onclick: () => withFilters(state.getAll("f").filter((_, j) => j !== i)), "aria-label": t("remove") }, "×")))) : null,
    await results(answer, { table, sortable: true }),
  ];
}

function withFilters(filters) {
  const next = new URLSearchParams(state);
  next.delete("f");
  next.delete("page");
  filters.forEach((each) => next.append("f", each));
  location.hash = next.toString();
}

function filterForm(table) {
  const value = el("input", { name: "value", "aria-label": t("value"), list: "values" });
  const values = el("datalist", { id: "values" });
  const offer = async (name) => {
    const field = fieldOf(table, name);
    const { rows } = await query(`SELECT DISTINCT ${quoted(name)} FROM ${quoted(table.name)} WHERE ${quoted(name)} IS NOT NULL ORDER BY 1`, {}, 300);
    values.replaceChildren(...rows.map(([each]) => el("option", { value: each, label: shown(each, field) })));
  };
  const names = el("select", { name: "field", "aria-label": t("column"), onchange: (event) => offer(event.target.value) },
    table.schema.fields.map((field) => el("option", { value: field.name }, titled(field))));
  const kinds = el("select", { name: "kind", "aria-label": t("comparison") }, Object.keys(COMPARISONS).map((kind) => el("option", { value: kind }, t(`is-${kind}`))));
  value.addEventListener("focus", () => offer(names.value), { once: true });
  return el("form", { class: "filter", onsubmit: (event) => { event.preventDefault(); withFilters([...state.getAll("f"), [names.value, kinds.value, value.value].join("~")]); } },
    el("label", {}, t("show-rows-where")), names, kinds, value, values, el("button", {}, t("add-filter")));
}

// -- a row ---------------------------------------------------------------------------------------------------------

async function rowPage() {
  const [name, ...rest] = state.get("row").split("/");
  const table = tableOf(name);
  if (!table) throw new Error(t("no-table", { name }));
  const key = rest.join("/").split(",").map(decodeURIComponent);
  const condition = keyOf(table).map((each, i) => `${quoted(each)} = :k${i}`).join(" AND ");
  const parameters = Object.fromEntries(key.map((each, i) => [`k${i}`, each]));
  const [row] = objects(await query(`SELECT * FROM ${quoted(name)} WHERE ${condition}`, parameters));
  if (!row) throw new Error(t("no-row", { key: key.join(", ") }));
  const sources = await sourcesOf(name, key.join("|"));
  const label = localName(table, labelFieldOf(table));
  return [
    el("p", { class: "up" }, link({ table: name }, titled(table))),
    el("h1", {}, el("bdi", {}, shown(row[label], fieldOf(table, label)) || key.join(", "))),
    el("dl", {}, await Promise.all(table.schema.fields.filter((field) => row[field.name] !== null && row[field.name] !== "" && localName(table, field.name) === field.name).map(async (field) => [
      el("dt", {}, titled(field)),
      el("dd", {}, await valueOf(table, field, row[field.name]), (sources.byField[field.name] ?? []).map((i) => [" ", el("a", { href: `#s${i}`, class: "note", onclick: (event) => { event.preventDefault(); document.getElementById(`s${i}`).focus(); } }, `[${i}]`)])),
    ]))),
    sources.documents.length ? [el("h2", {}, t("sources")), el("ol", {}, sources.documents.map((each, i) => el("li", { id: `s${i + 1}`, tabindex: "-1" },
      each.url && isAddress(each.url) ? el("a", { href: each.url, rel: "noopener" }, each.title || each.url) : each.title || each.id, each.publisher ? `, ${each.publisher}` : "")))] : null,
    await related(table, row),
  ];
}

function foreignKeys(table) {
  return (table.schema.foreignKeys ?? []).map((each) => ({ fields: [each.fields].flat(), to: each.reference.resource || table.name, keys: [each.reference.fields].flat() }));
}

async function valueOf(table, field, value) {
  const key = foreignKeys(table).find((each) => each.fields.length === 1 && each.fields[0] === field.name && tableOf(each.to) && keyOf(tableOf(each.to)).join() === each.keys.join());
  if (key) {
    const [row] = objects(await query(`SELECT * FROM ${quoted(key.to)} WHERE ${quoted(key.keys[0])} = :v`, { v: value }));
    if (row) return rowLink(tableOf(key.to), row);
  }
  return isAddress(String(value)) ? el("a", { href: value, rel: "noopener" }, String(value)) : el("bdi", {}, shown(value, field));
}

async function sourcesOf(table, key) {
  const none = { byField: {}, documents: [] };
  if (!tableOf("provenance") || !tableOf("documents")) return none;
  const rows = objects(await query(`SELECT p.field, d.* FROM provenance AS p JOIN documents AS d ON d.id = p.document WHERE p."table" = :t AND p.key = :k ORDER BY p.rowid`, { t: table, k: key }));
  const documents = [...new Map(rows.map((row) => [row.id, row])).values()];
  const byField = {};
  rows.forEach((row) => (byField[row.field] ??= []).push(documents.findIndex((each) => each.id === row.id) + 1));
  return { byField, documents };
}

async function related(table, row) {
  const parts = [];
  for (const other of tables()) {
    for (const key of foreignKeys(other).filter((each) => each.to === table.name && each.fields.length === 1)) {
      const answer = await query(`SELECT * FROM ${quoted(other.name)} WHERE ${quoted(key.fields[0])} = :v`, { v: row[key.keys[0]] }, 200);
      if (!answer.rows.length) continue;
      parts.push(el("h2", {}, titled(other), " ", el("small", {}, t("rows", { count: answer.rows.length }))),
        el("ul", {}, objects(answer).slice(0, 10).map((each) => el("li", {}, rowLink(other, each, key.fields)))),
        answer.rows.length > 10 ? link({ table: other.name, f: `${key.fields[0]}~is~${row[key.keys[0]]}` }, t("all-of-them")) : "");
    }
  }
  return parts;
}

// -- questions and SQL ---------------------------------------------------------------------------------------------

async function questionPage() {
  const question = CONFIG.questions.find((each) => each.name === state.get("question"));
  if (!question) throw new Error(t("no-question", { name: state.get("question") }));
  const parameters = Object.fromEntries(question.params.map((each) => [each.name, state.get(`p.${each.name}`) ?? ""]));
  const answer = await query(question.sql, parameters);
  return [
    el("h1", {}, titled(question)),
    el("p", {}, said(question, "description") ?? ""),
    question.params.length ? el("form", { class: "filter", onsubmit: (event) => { event.preventDefault(); go({ page: null, ...Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [`p.${name}`, value])) }); } },
      await Promise.all(question.params.map(async (each) => el("label", {}, titled(each), " ", await inputOf(each, parameters[each.name])))),
      el("button", {}, t("ask"))) : null,
    await results(answer, { titles: question.columns, sql: question.sql }),
  ];
}

async function inputOf(parameter, value) {
  const [name, column] = (parameter.of ?? "").split(".");
  const table = tableOf(name);
  if (!table) return el("input", { name: parameter.name, value, placeholder: parameter.example ?? "" });
  const key = foreignKeys(table).find((each) => each.fields.length === 1 && each.fields[0] === column);
  const { rows } = await query(`SELECT DISTINCT ${quoted(column)} FROM ${quoted(name)} WHERE ${quoted(column)} IS NOT NULL ORDER BY 1`);
  const names = {};
  if (key) for (const row of objects(await query(`SELECT * FROM ${quoted(key.to)}`))) names[row[key.keys[0]]] = row[localName(tableOf(key.to), labelFieldOf(tableOf(key.to)))];
  const options = rows.map(([each]) => [each, names[each] ?? shown(each, fieldOf(table, column))]).sort((a, b) => String(a[1]).localeCompare(String(b[1]), state.get("l")));
  return el("select", { name: parameter.name }, el("option", { value: "" }, t("any")), options.map(([each, label]) => el("option", { value: each, selected: String(each) === value }, label)));
}

async function sqlPage() {
  const sql = state.get("sql");
  const first = tables()[0].name;
  const examples = [`SELECT * FROM ${quoted(first)} LIMIT 20`, ...tables().filter((each) => each.schema.fields.some((field) => field.categories)).slice(0, 2).map((each) => {
    const field = each.schema.fields.find((one) => one.categories).name;
    return `SELECT ${quoted(field)}, count(*) AS n FROM ${quoted(each.name)} GROUP BY 1 ORDER BY n DESC`;
  })];
  const area = el("textarea", { name: "sql", rows: 6, spellcheck: "false", "aria-label": "SQL", "aria-describedby": "offers" }, sql);
  const offers = el("p", { id: "offers", class: "chips", "aria-live": "polite" });
  const words = [...new Set(tables().flatMap((table) => [table.name, ...table.schema.fields.map((field) => field.name)]))];
  const complete = (word, name) => { area.setRangeText(name, area.selectionStart - word.length, area.selectionStart, "end"); offers.replaceChildren(); area.focus(); };
  area.addEventListener("input", () => {
    const word = /\w+$/.exec(area.value.slice(0, area.selectionStart))?.[0] ?? "";
    const found = word.length > 1 ? words.filter((each) => each.startsWith(word) && each !== word).slice(0, 8) : [];
    offers.replaceChildren(...found.map((name) => el("button", { type: "button", onclick: () => complete(word, name) }, name)));
  });
  const run = () => (location.hash = addressOf({ sql: area.value }));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  return [
    el("h1", {}, t("ask-in-sql")),
    el("p", {}, t("sql-help")),
    el("form", { class: "sql", onsubmit: (event) => { event.preventDefault(); run(); } }, area, offers, el("button", {}, t("run")), " ", el("small", {}, "Ctrl+Enter")),
    el("ul", {}, examples.map((each) => el("li", {}, link({ sql: each }, el("code", {}, each))))),
    sql ? await results(await query(sql), { sql }) : null,
    el("details", {}, el("summary", {}, t("columns")), el("dl", {}, tables().map((table) => [el("dt", {}, el("code", {}, table.name)), el("dd", {}, table.schema.fields.map((field) => field.name).join(", "))]))),
  ];
}

// -- answers: as a table, a chart, a map, a file ---------------------------------------------------------------------

async function results(answer, context) {
  const language = state.get("l");
  const hidden = new Set(answer.columns.filter((name) => /_(sv|en)$/.test(name) && !name.endsWith(`_${language}`) && answer.columns.includes(name.replace(/_(sv|en)$/, `_${language}`))));
  const columns = answer.columns.map((name, i) => {
    const [of, column] = (context.titles?.[name]?.of ?? "").split(".");
    const table = tableOf(of) ?? context.table;
    return { name, i, table, column: column ?? name, field: fieldOf(table, column ?? name), title: name === "record" ? t("row") : columnTitle(name, context.table, context.titles) };
  }).filter(({ name }) => !hidden.has(name));
  const points = await pointsOf(answer, columns, context.table);
  const views = ["table", "chart", ...(points.length ? ["map"] : [])];
  const view = views.includes(state.get("view")) ? state.get("view") : "table";
  const body = { table: tableView, chart: chartView, map: mapView }[view];
  return [
    el("p", { class: "summary" }, answer.rows.length ? t("rows", { count: `${whole().format(answer.rows.length)}${answer.cut ? "+" : ""}` }) : t("no-rows")),
    answer.rows.length ? el("div", { class: "tools" },
      el("span", { role: "group", "aria-label": t("show-as") }, views.map((each) => el("button", { "aria-pressed": String(each === view), onclick: () => go({ view: each === "table" ? null : each }) }, t(each)))),
      el("button", { onclick: () => save(answer, columns) }, t("download-csv"))) : null,
    answer.rows.length ? await body(answer, columns, context, points) : null,
  ];
}

async function tableView(answer, columns, { table, sortable }) {
  const page = Math.max(1, Number(state.get("page")) || 1);
  const [sort, down] = (state.get("sort") ?? "").split("~");
  const rows = sorted(answer.rows, columns, sortable ? null : sort, down);
  const names = await namesOf(columns, rows.slice((page - 1) * PAGE, page * PAGE));
  const numeric = new Set(columns.filter(({ i, field }) => !["year", "boolean"].includes(field?.type) && rows.some((row) => row[i] !== null) && rows.every((row) => row[i] === null || typeof row[i] === "number")).map(({ i }) => i));
  const heads = columns.map(({ name, title, i }) => el("th", { scope: "col", class: numeric.has(i) && "number", "aria-sort": sort === name ? (down ? "descending" : "ascending") : null },
    el("button", { onclick: () => go({ sort: sort === name && !down ? `${name}~down` : name, page: null }) }, title, sort === name ? (down ? " ↓" : " ↑") : "")));
  const label = table && labelFieldOf(table);
  const cell = (row, { name, i, field }) => {
    if (name === "record") return row[i] ? link({ row: String(row[i]) }, t("open")) : "";
    if (table && localName(table, name) === localName(table, label ?? "")) return rowLink(table, Object.fromEntries(columns.map((each) => [each.name, row[each.i]])));
    const text = names[name]?.[row[i]] ?? shown(row[i], field);
    return isAddress(text) ? el("a", { href: text, rel: "noopener" }, new URL(text).host) : el("bdi", {}, text);
  };
  const pages = Math.ceil(rows.length / PAGE);
  return [
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("table") }, el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows.slice((page - 1) * PAGE, page * PAGE).map((row) =>
      el("tr", {}, columns.map((column) => el("td", { class: numeric.has(column.i) && "number" }, cell(row, column)))))))),
    pages > 1 ? el("nav", { class: "pages", "aria-label": t("pages") },
      page > 1 ? el("button", { onclick: () => go({ page: page - 1 }) }, t("previous")) : null,
      ` ${t("page-of", { page, pages })} `,
      page < pages ? el("button", { onclick: () => go({ page: page + 1 }) }, t("next")) : null) : null,
  ];
}

function sorted(rows, columns, name, down) {
  const column = columns.find((each) => each.name === name);
  if (!column) return rows;
  const order = new Intl.Collator(state.get("l"), { numeric: true });
  const compare = (a, b) => (a === null) - (b === null) || (down ? -1 : 1) * (typeof a === "number" && typeof b === "number" ? a - b : order.compare(String(a), String(b)));
  return [...rows].sort((a, b) => compare(a[column.i], b[column.i]));
}

async function namesOf(columns, rows) {
  const names = {};
  for (const { name, i, table, column } of columns.filter((each) => each.table)) {
    const key = foreignKeys(table).find((each) => each.fields.length === 1 && each.fields[0] === column && tableOf(each.to));
    if (!key) continue;
    const wanted = [...new Set(rows.map((row) => row[i]).filter((each) => each !== null))];
    const label = localName(tableOf(key.to), labelFieldOf(tableOf(key.to)));
    const answer = await query(`SELECT ${quoted(key.keys[0])}, ${quoted(label)} FROM ${quoted(key.to)} WHERE ${quoted(key.keys[0])} IN (${wanted.map((_, j) => `:n${j}`).join(", ")})`, Object.fromEntries(wanted.map((each, j) => [`n${j}`, each])));
    names[name] = Object.fromEntries(answer.rows);
  }
  return names;
}

function chartView(answer, columns, { table }) {
  const isNumber = ({ i }) => answer.rows.some((row) => typeof row[i] === "number") && answer.rows.every((row) => row[i] === null || typeof row[i] === "number");
  const labels = columns.filter((column) => !isNumber(column) && column.name !== "record");
  const label = labels.find(({ name }) => name === state.get("by")) ?? labels.find(({ field }) => field?.categories) ?? labels[0] ?? columns[0];
  const figure = columns.find((column) => column.name === state.get("of") && isNumber(column)) ?? (state.has("of") || table ? null : columns.find((column) => isNumber(column) && column !== label));
  const bars = new Map();
  for (const row of answer.rows) {
    const name = shown(row[label.i], label.field) || t("no-value");
    bars.set(name, (bars.get(name) ?? 0) + (figure ? row[figure.i] ?? 0 : 1));
  }
  const ranked = [...bars].sort((a, b) => b[1] - a[1]);
  const most = Math.max(...ranked.map(([, value]) => value), 0) || 1;
  const choice = (name, among, chosen, none) => el("select", { "aria-label": t(name), onchange: (event) => go({ [name]: event.target.value }) },
    none ? el("option", { value: "rows", selected: !chosen }, t("number-of-rows")) : null, among.map((each) => el("option", { value: each.name, selected: each === chosen }, each.title)));
  return [
    el("p", { class: "tools" }, choice("of", columns.filter(isNumber), figure, true), ` ${t("by")} `, choice("by", labels, label, false)),
    el("table", { class: "bars" }, el("tbody", {}, ranked.slice(0, 40).map(([name, value]) => {
      const bar = el("span", { class: "bar" });
      bar.style.inlineSize = `${Math.max(0, (100 * value) / most)}%`;
      return el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, name)), el("td", {}, bar, el("span", {}, whole().format(value))));
    }))),
    ranked.length > 40 ? el("p", {}, t("more-not-shown", { count: ranked.length - 40 })) : null,
  ];
}

async function pointsOf(answer, columns, table) {
  const at = (names) => columns.find(({ name }) => names.includes(name))?.i;
  const [latitude, longitude] = [at(["latitude", "lat"]), at(["longitude", "lon", "lng"])];
  let placed = answer.rows.map((row) => [row, row[longitude] ?? null, row[latitude] ?? null]);
  const key = latitude === undefined && table && foreignKeys(table).find((each) => fieldOf(tableOf(each.to), "latitude") && at(each.fields) !== undefined);
  if (key) {
    const { rows } = await query(`SELECT ${quoted(key.keys[0])}, longitude, latitude FROM ${quoted(key.to)}`);
    const places = new Map(rows.map(([each, ...place]) => [each, place]));
    placed = answer.rows.map((row) => [row, ...(places.get(row[at(key.fields)]) ?? [null, null])]);
  }
  return placed.filter(([, x, y]) => x !== null && y !== null);
}

async function mapView(answer, columns, { table }, points) {
  const outline = contract.resources.find((each) => each.format === "geojson" && /^files\//.test([each.path].flat()[0]));
  const areas = outline ? (await (await fetch([outline.path].flat()[0])).json()).features : [];
  const rings = areas.flatMap(({ geometry }) => (geometry?.type === "Polygon" ? [geometry.coordinates] : geometry?.coordinates ?? []).map((polygon) => polygon[0]));
  const all = [...rings.flat(), ...points.map(([, x, y]) => [x, y])];
  const bounds = [0, 1].map((axis) => all.reduce(([low, high], place) => [Math.min(low, place[axis]), Math.max(high, place[axis])], [Infinity, -Infinity]));
  const shrink = Math.cos(((bounds[1][0] + bounds[1][1]) / 2) * (Math.PI / 180));
  const scale = 500 / Math.max((bounds[0][1] - bounds[0][0]) * shrink, 0.01);
  const place = ([x, y]) => [((x - bounds[0][0]) * shrink * scale).toFixed(1), ((bounds[1][1] - y) * scale).toFixed(1)];
  const path = rings.map((ring) => `M${ring.map((each) => place(each).join(" ")).join("L")}Z`).join("");
  const object = (row) => Object.fromEntries(columns.map(({ name, i }) => [name, row[i]]));
  const point = ([row, x, y]) => {
    const target = table ? rowLink(table, object(row)) : String(row[0]);
    const [cx, cy] = place([x, y]);
    const circle = el("circle", { cx, cy, r: 4, class: "point" }, el("title", {}, target.textContent ?? target));
    return target.href ? el("a", { href: target.getAttribute("href") }, circle) : circle;
  };
  return [
    el("p", {}, t("points", { count: points.length, without: answer.rows.length - points.length })),
    el("svg", { class: "map", viewBox: `-8 -8 516 ${Math.ceil((bounds[1][1] - bounds[1][0]) * scale) + 16}`, "aria-label": t("map") }, el("path", { d: path, class: "land" }), points.map(point)),
  ];
}

function save(answer, columns) {
  const swedish = state.get("l") === "sv";
  const separator = swedish ? ";" : ",";
  const text = (value) => (value === null ? "" : typeof value === "number" && swedish ? String(value).replace(".", ",") : String(value));
  const line = (cells) => cells.map((each) => (/[",;\r\n]/.test(each) || /^[=+@-]/.test(each) && Number.isNaN(Number(each.replace(",", "."))) ? `"${(/^[=+@-]/.test(each) ? "'" : "") + each.replaceAll('"', '""')}"` : each)).join(separator);
  const lines = [columns.map(({ title }) => title), ...answer.rows.map((row) => columns.map(({ i, field }) => (field?.categories ? shown(row[i], field) : text(row[i]))))].map(line);
  const file = new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv" });
  const address = URL.createObjectURL(file);
  el("a", { href: address, download: `${state.get("table") ?? state.get("question") ?? "answer"}-${CONFIG.version}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function cite() {
  const isPublic = location.protocol === "https:" && location.hostname !== "localhost";
  const text = `${CONFIG.citation}${isPublic ? ` ${location.href}` : ""}`;
  return el("aside", {}, el("h2", {}, t("cite")), el("p", { class: "citation" }, text), el("button", { onclick: (event) => { navigator.clipboard?.writeText(text); event.target.textContent = t("copied"); } }, t("copy")));
}

// -- start ---------------------------------------------------------------------------------------------------------

if (location.protocol !== "file:") {
  document.getElementById("how-to-open").hidden = true;
  state = new URLSearchParams({ l: "en" });
  opened = connect();
  opened.catch(() => {});
  addEventListener("hashchange", draw);
  draw();
  navigator.serviceWorker?.register(`explore-offline.js?version=${encodeURIComponent(CONFIG.version)}`).catch(() => {});
}
