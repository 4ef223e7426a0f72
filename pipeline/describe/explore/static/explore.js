// A release that answers by itself: every page has an address, and no other host is asked.

import { results } from "./answers.js";
import {
  CONFIG, TABLES, addressOf, changed, choice, el, fieldOf, form, go, inLanguage, labelOf, language, link, look, number,
  objects, open, query, quoted, rowLink, said, shown, t, tableOf, titled, valuesOf, view, web,
} from "./release.js";

const LARGE = 50e6;
const PAGES = { q: searchPage, table: tablePage, row: rowPage, question: questionPage, sql: sqlPage };
const main = document.getElementById("main");
const status = document.getElementById("status");
let [isOpen, drawn] = [false, 0];

async function draw() {
  const mine = ++drawn;
  look();
  frame();
  if (!isOpen && CONFIG.size > LARGE) return finish(largePage());
  if (!isOpen) open();
  isOpen = true;
  status.textContent = t("loading");
  let content;
  try {
    const kind = Object.keys(PAGES).find((each) => view.has(each));
    content = await (kind ? PAGES[kind]() : startPage());
  } catch (error) {
    const message = error.message === "checksum" ? t("damaged") : error.message;
    content = [el("h1", {}, t("error_title")), el("p", { class: "notice", role: "alert" }, message)];
  }
  if (mine === drawn) finish([content, cite()]);
}

function finish(content) {
  main.replaceChildren(...[content].flat(Infinity).filter(Boolean));
  status.textContent = "";
  const heading = main.querySelector("h1");
  document.title = `${heading.textContent} – ${titled(CONFIG)}`;
  heading.setAttribute("tabindex", "-1");
  if (drawn > 1) heading.focus();
}

/** Shows what is above every page in the reader's language, with links that keep it. */
function frame() {
  document.documentElement.lang = language;
  for (const part of document.querySelectorAll("[data-language]")) part.hidden = part.dataset.language !== language;
  for (const other of document.querySelectorAll("a.language")) other.href = changed({ l: other.lang });
  for (const field of document.querySelectorAll("header [name=q]")) field.value = view.get("q") ?? "";
}

function largePage() {
  const size = `${number(Math.round(CONFIG.size / 1e6))} MB`;
  const openAnyway = () => { open(); isOpen = true; draw(); };
  return [
    el("h1", {}, titled(CONFIG)),
    el("p", { class: "lead" }, t("large", { size })),
    el("p", { class: "buttons" }, el("a", { class: "button", href: CONFIG.database, download: true }, t("download"), ` (SQLite, ${size})`),
      el("button", { class: "quiet", onclick: openAnyway }, t("open-anyway"))),
  ];
}

async function startPage() {
  const tables = TABLES.filter((table) => !table.view);
  const { rows } = await query(tables.map(({ name }) => `SELECT count(*) FROM ${quoted(name)}`).join(" UNION ALL "));
  const filled = tables.map((table, i) => [table, rows[i][0]]).filter(([, count]) => count);
  const card = (kind) => ([holder, count]) => el("li", {}, link({ [kind]: holder.name },
    el("strong", {}, titled(holder), count && el("span", { class: "count" }, number(count))), el("span", {}, said(holder, "description"))));
  const list = (title, kind, among) => among.length && [el("h2", {}, title), el("ul", { class: "cards" }, among.map(card(kind)))];
  return [
    el("h1", {}, titled(CONFIG)),
    el("p", { class: "lead" }, said(CONFIG, "description")),
    list(t("questions"), "question", CONFIG.questions.map((question) => [question])),
    list(t("tables"), "table", filled),
    list(t("views"), "table", TABLES.filter((table) => table.view).map((table) => [table])),
  ];
}

/** Some rows of a table below its title, and a link to all; `known` is what all of them have in common. */
const section = (kind, table, count, rows, all, known) => el("section", { class: kind },
  el("h2", {}, titled(table), " ", el("span", { class: "count" }, number(count))),
  el("ul", {}, rows.map((row) => el("li", {}, rowLink(table, row, known)))),
  count > rows.length && link({ table: table.name, ...all }, t("all_of", { n: number(count), table: titled(table) })));

/** The words of a text as a question to FTS5: all of them, each from its beginning. */
const matchOf = (text) => (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `"${word}"*`).join(" ");

async function searchPage() {
  const match = matchOf(view.get("q"));
  const found = [];
  for (const table of match ? TABLES.filter(({ index }) => index) : []) {
    const index = quoted(table.index);
    const { rows: [[count]] } = await query(`SELECT count(*) FROM ${index} WHERE ${index} MATCH :match`, { match });
    if (!count) continue;
    const ranked = `SELECT t.* FROM ${index} AS i JOIN ${quoted(table.name)} AS t ON t.rowid = i.rowid
      WHERE i.${index} MATCH :match ORDER BY i.rank`;
    found.push(section("hits", table, count, objects(await query(ranked, { match }, 8)), { find: view.get("q") }));
  }
  return [el("h1", {}, t("results-for", { text: view.get("q") })), found.length ? found : el("p", { class: "nothing" }, t("no_hits"))];
}

const OPERATIONS = {
  exact: "= :v", not: "<> :v", contains: "LIKE '%' || :v || '%'", gt: "> CAST(:v AS REAL)", lt: "< CAST(:v AS REAL)",
  isblank: "IS NULL", notblank: "IS NOT NULL",
};

/** The answer in the order that the address asks for; what is empty comes last. */
function sorted(sql, parameters) {
  const [name, down] = (view.get("sort") ?? "").split("~");
  const order = `ORDER BY ${quoted(name)} IS NULL, ${quoted(name)}${down ? " DESC" : ""}`;
  return query(name ? `SELECT * FROM (\n${sql.replace(/;\s*$/, "")}\n) ${order}` : sql, parameters);
}

const unknown = (kind, name) => { throw new Error(t(`no-${kind}`, { name })); };

async function tablePage() {
  const table = tableOf(view.get("table")) ?? unknown("table", view.get("table"));
  const split = (filter) => /^(.*?)~(\w+)~([^]*)$/.exec(filter)?.slice(1) ?? [];
  const filters = view.getAll("f").filter((each) => fieldOf(table, split(each)[0]) && OPERATIONS[split(each)[1]]);
  const parameters = Object.fromEntries(filters.map((each, i) => [`v${i}`, split(each)[2]]));
  const conditions = filters.map(split).map(([name, kind], i) => `${quoted(name)} ${OPERATIONS[kind].replace(":v", `:v${i}`)}`);
  const words = table.index ? view.get("find") ?? "" : "";
  if (matchOf(words)) {
    conditions.push(`rowid IN (SELECT rowid FROM ${quoted(table.index)} WHERE ${quoted(table.index)} MATCH :match)`);
    parameters.match = matchOf(words);
  }
  const where = conditions.length ? ` WHERE ${conditions.join(" AND ")}` : "";
  const columns = table.fields.map((field) => quoted(field.name)).join(", ");
  const answer = await sorted(`SELECT ${columns} FROM ${quoted(table.name)}${where}`, parameters);
  const chip = (text, without) => el("li", {}, el("a", { href: changed({ ...without, page: null }) },
    el("bdi", {}, text), " ×", el("span", { class: "unseen" }, t("take_away"))));
  const chips = filters.map((filter) => {
    const [name, kind, value] = split(filter);
    const text = `${titled(fieldOf(table, name))} ${t(`filter_${kind}`)} ${shown(value, fieldOf(table, name))}`;
    return chip(text, { f: view.getAll("f").filter((each) => each !== filter) });
  });
  if (words) chips.push(chip(words, { find: null }));
  return [
    el("h1", {}, titled(table)),
    el("p", { class: "lead" }, said(table, "description")),
    filterForm(table),
    chips.length && el("ul", { class: "chips", "aria-label": t("filters_set") }, chips, el("li", {}, link({ table: table.name }, t("clear")))),
    await results(answer, { table }),
  ];
}

/** A form for one more filter, which offers the values that the chosen column has. */
function filterForm(table) {
  const values = el("datalist", { id: "values" });
  const offer = async () => {
    const offered = await valuesOf(table, fieldOf(table, fields.control.value));
    values.replaceChildren(...offered.map(({ name, title }) => el("option", { value: name, label: title })));
  };
  const fields = choice(t("filter_column"), { name: "field", onchange: offer }, table.fields);
  const kinds = Object.keys(OPERATIONS).map((name) => ({ name, title: t(`filter_${name}`) }));
  const input = el("input", { name: "value", list: "values", autocomplete: "off", onfocus: offer });
  const add = ({ elements: { field, kind, value } }) =>
    go({ f: [...view.getAll("f"), [field.value, kind.value, value.value].join("~")], page: null });
  return el("details", { class: "add" }, el("summary", {}, t("filter_add")), form({ class: "ask" }, add,
    fields, choice(t("filter_operation"), { name: "kind" }, kinds), el("label", {}, t("filter_value"), input), values,
    el("button", {}, t("filter_apply"))));
}

async function rowPage() {
  const [, name, rest] = /^([^/]*)\/?([^]*)$/.exec(view.get("row"));
  const table = tableOf(name) ?? unknown("table", name);
  const key = table.key.length === 1 ? [rest] : rest.split(",").map(decodeURIComponent);
  const condition = table.key.map((each, i) => `${quoted(each)} = :k${i}`).join(" AND ") || "0";
  const parameters = Object.fromEntries(key.map((each, i) => [`k${i}`, each]));
  const [row] = objects(await query(`SELECT * FROM ${quoted(name)} WHERE ${condition}`, parameters));
  if (!row) unknown("row", rest);
  const { documents, numbers } = await sourcesOf(name, key.join("|"));
  const names = table.fields.map((field) => field.name);
  const filled = table.fields.filter((field) => row[field.name] !== null && inLanguage(field.name, names) === field.name);
  const mark = (i) => el("button", { class: "quiet", "aria-label": t("source_number", { n: i }),
    onclick: () => document.getElementById(`source-${i}`).focus() }, String(i));
  const fact = async (field) => el("div", {}, el("dt", {}, titled(field)), el("dd", {}, await valueOf(field, row[field.name]),
    numbers[field.name] && el("sup", { class: "sources" }, numbers[field.name].map(mark))));
  const source = (each, i) => el("li", { id: `source-${i + 1}`, tabindex: "-1" },
    rowLink(tableOf("documents"), each), each.url && [" · ", web(each.url)]);
  return [
    el("p", { class: "kicker" }, link({ table: name }, titled(table))),
    el("h1", {}, el("bdi", {}, shown(row[labelOf(table)] ?? row[table.label], fieldOf(table, labelOf(table))) || key.join(", "))),
    el("dl", { class: "facts" }, await Promise.all(filled.map(fact))),
    await related(table, row),
    documents.length && [el("h2", {}, t("sources")), el("ol", {}, documents.map(source))],
  ];
}

async function valueOf(field, value) {
  const [to, key] = field.to ?? [];
  const [row] = to ? objects(await query(`SELECT * FROM ${quoted(to)} WHERE ${quoted(key)} = :v`, { v: value }, 1)) : [];
  return row ? rowLink(tableOf(to), row) : web(value) || el("bdi", {}, shown(value, field));
}

/** The documents behind a row, and their numbers by field. */
async function sourcesOf(table, key) {
  const numbers = {};
  if (!fieldOf(tableOf("provenance"), "document") || !fieldOf(tableOf("documents"), "id")) return { numbers, documents: [] };
  const behind = `SELECT p.field AS "behind field", d.* FROM provenance AS p JOIN documents AS d ON d.id = p.document
    WHERE p."table" = :table AND p.key = :key ORDER BY p.rowid`;
  const rows = objects(await query(behind, { table, key }));
  const documents = [...new Map(rows.map((row) => [row.id, row])).values()];
  for (const row of rows) (numbers[row["behind field"]] ??= []).push(documents.findIndex(({ id }) => id === row.id) + 1);
  return { numbers, documents };
}

/** The rows of other tables that refer to this one. */
async function related(table, row) {
  const sections = [];
  for (const other of TABLES) {
    for (const { name, to } of other.fields.filter((field) => field.to?.[0] === table.name)) {
      const [from, v] = [`FROM ${quoted(other.name)} WHERE ${quoted(name)} = :v`, row[to[1]]];
      const { rows: [[count]] } = await query(`SELECT count(*) ${from}`, { v });
      const rows = count ? objects(await query(`SELECT * ${from}`, { v }, 10)) : [];
      if (count) sections.push(section("related", other, count, rows, { f: `${name}~exact~${v}` }, name));
    }
  }
  return sections;
}

async function questionPage() {
  const question = CONFIG.questions.find(({ name }) => name === view.get("question")) ?? unknown("question", view.get("question"));
  const given = Object.fromEntries(question.params.map(({ name }) => [name, view.get(`p.${name}`) ?? ""]));
  const ask = (asked) => go({ page: null, ...Object.fromEntries([...new FormData(asked)].map(([name, value]) => [`p.${name}`, value])) });
  const inputs = await Promise.all(question.params.map((each) => inputOf(each, given[each.name])));
  return [
    el("h1", {}, titled(question)),
    el("p", { class: "lead" }, said(question, "description")),
    inputs.length && form({ class: "ask" }, ask, inputs, el("button", {}, t("ask"))),
    await results(await sorted(question.sql, given), { stated: question.columns }),
    el("p", {}, link({ sql: question.sql }, t("as_sql"))),
  ];
}

/** A choice among the values of the field that a parameter is `of`, or a text. */
async function inputOf(parameter, value) {
  const { name, of, example } = parameter;
  const [table, column] = (of ?? "").split(".");
  const field = fieldOf(tableOf(table), column);
  if (!field) return el("label", {}, titled(parameter), el("input", { name, value, placeholder: example }));
  const all = { name: "", title: t("all_values") };
  return choice(titled(parameter), { name }, [all, ...(await valuesOf(tableOf(table), field))], value);
}

async function sqlPage() {
  const sql = view.get("sql");
  const coded = TABLES.map(({ name, fields }) => [name, fields.find((field) => Object.keys(field.categories ?? {}).length)]);
  const counts = coded.filter(([, field]) => field).slice(0, 2).map(([name, field]) =>
    `SELECT ${quoted(field.name)}, count(*) AS n FROM ${quoted(name)} GROUP BY 1 ORDER BY n DESC`);
  const examples = [`SELECT * FROM ${quoted(TABLES[0].name)} LIMIT 20`, ...counts];
  const run = () => { location.hash = addressOf({ sql: area.value }); };
  const onkeydown = (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && run();
  const area = el("textarea", { id: "sql", rows: 7, spellcheck: "false", autocapitalize: "off", onkeydown }, sql);
  return [
    el("h1", {}, "SQL"),
    el("p", { class: "lead" }, t("sql-help")),
    form({ class: "sql" }, run, el("label", { for: "sql" }, t("sql_query")), area, completions(area),
      el("button", {}, t("ask"), " (Ctrl+Enter)")),
    sql ? await results(await sorted(sql)) : el("ul", {}, examples.map((each) => el("li", {}, link({ sql: each }, el("code", {}, each))))),
    el("h2", {}, t("columns")),
    el("dl", { class: "columns" }, TABLES.map(({ name, fields }) =>
      el("div", {}, el("dt", {}, el("code", {}, name)), el("dd", {}, fields.map((field) => field.name).join(", "))))),
  ];
}

/** The names of tables and columns that begin as the word before the cursor does, as buttons that complete it. */
function completions(area) {
  const names = [...new Set(TABLES.flatMap((table) => [table.name, ...table.fields.map((field) => field.name)]))];
  const offers = el("p", { class: "chips", role: "group", "aria-label": t("columns") });
  const complete = (word, name) => {
    area.setRangeText(name, area.selectionStart - word.length, area.selectionStart, "end");
    offers.replaceChildren();
    area.focus();
  };
  area.addEventListener("input", () => {
    const word = /\w+$/.exec(area.value.slice(0, area.selectionStart))?.[0] ?? "";
    const found = word.length > 1 ? names.filter((name) => name.startsWith(word) && name !== word).slice(0, 8) : [];
    offers.replaceChildren(...found.map((name) => el("button", { type: "button", class: "quiet", onclick: () => complete(word, name) }, name)));
  });
  return offers;
}

function cite() {
  const isPublic = location.protocol === "https:" && location.hostname !== "localhost";
  const text = `${CONFIG.citation}${isPublic ? ` ${location.href}` : ""}`;
  const copy = ({ target }) => navigator.clipboard.writeText(text).then(() => { target.textContent = t("copied"); });
  return el("aside", { id: "cite" }, el("h2", {}, t("cite-view")), el("div", { class: "copyable" },
    el("p", {}, el("bdi", {}, text)), navigator.clipboard && el("button", { class: "quiet", onclick: copy }, t("copy"))));
}

document.getElementById("how-to-open").hidden = true;
for (const find of document.querySelectorAll("form.find")) {
  find.addEventListener("submit", (event) => { event.preventDefault(); location.hash = addressOf({ q: find.elements.q.value }); });
}
for (const skip of document.querySelectorAll("a.skip")) {
  skip.addEventListener("click", (event) => { event.preventDefault(); main.querySelector("h1").focus(); });
}
addEventListener("hashchange", draw);
draw();
navigator.serviceWorker?.register(`explore-offline.js?version=${encodeURIComponent(CONFIG.version)}`).catch(() => {});
