// An answer as a table, a chart, a map and a file.

import {
  CONFIG, choice, describedColumn, el, fieldOf, go, inLanguage, labelOf, language, link, namesOf, number, query, quoted,
  rowLink, shown, svg, t, tableOf, view, web,
} from "./release.js";

const PAGE = 50;
const BARS = 40;
const isNumeric = (rows, i) => rows.some((row) => row[i] !== null) && rows.every((row) => [null, Number(row[i])].includes(row[i]));

/** `table` is the one whose rows these are; `stated` is what a question says of its columns. */
export async function results({ columns: names, rows, cut }, { table, stated } = {}) {
  const count = t(`rows_${rows.length === 1 ? "one" : "many"}`, { n: number(rows.length) + (cut ? "+" : "") });
  const total = el("p", { class: "total", role: "status" }, el("strong", {}, count));
  if (!rows.length) return [total, el("p", {}, t("no_rows"))];
  const described = names.map((name, i) => ({ i, isNumber: isNumeric(rows, i), ...describedColumn(name, table, stated) }));
  const answer = { table, names, rows, columns: described.filter(({ name }) => inLanguage(name, names) === name) };
  answer.points = await pointsOf(answer);
  const views = { table: tableView, chart: chartView, ...(answer.points.length ? { map: mapView } : {}) };
  const chosen = views[view.get("view")] ? view.get("view") : "table";
  const button = (name) =>
    el("button", { class: name !== chosen && "quiet", "aria-pressed": String(name === chosen), onclick: () => go({ view: name }) }, t(name));
  return [
    el("div", { class: "bar-above" }, total, el("div", { class: "buttons" },
      el("span", { class: "views-of", role: "group", "aria-label": t("show-as") }, Object.keys(views).map(button)),
      el("button", { class: "quiet", onclick: () => save(plain(answer)) }, "CSV"),
      el("button", { class: "quiet", onclick: () => save(forExcel(answer)) }, t("csv-excel")))),
    await views[chosen](answer),
  ];
}

async function tableView({ table, names, rows, columns }) {
  const [sort, down] = (view.get("sort") ?? "").split("~");
  const pages = Math.ceil(rows.length / PAGE);
  const page = Math.min(Math.max(1, Number(view.get("page")) || 1), pages);
  const here = rows.slice((page - 1) * PAGE, page * PAGE);
  const called = await Promise.all(columns.map(({ i, field }) => namesOf(field, [...new Set(here.map((row) => row[i]))])));
  const order = (name) => (sort === name ? (down ? "descending" : "ascending") : null);
  const head = ({ name, title, isNumber }) => {
    const onclick = () => go({ sort: order(name) === "ascending" ? `${name}~down` : name, page: null });
    return el("th", { scope: "col", class: isNumber && "number", "aria-sort": order(name) },
      el("button", { class: "sort", onclick }, title, { ascending: " ↑", descending: " ↓" }[order(name)]));
  };
  const cell = (row, { name, i, field, title, isNumber }, at) => {
    if (table?.key.length && name === labelOf(table)) {
      return el("th", { scope: "row" }, rowLink(table, Object.fromEntries(names.map((each, j) => [each, row[j]]))));
    }
    const text = called[at].get(row[i]) ?? shown(row[i], field);
    const value = name === "record" && row[i] ? link({ row: row[i] }, t("more_on_row")) : web(row[i]) || el("bdi", {}, text);
    const kind = row[i] === null ? "empty" : isNumber ? "number" : text.length > 120 && "text";
    return el("td", { "data-title": title, class: kind }, el("div", {}, value));
  };
  return [
    el("div", { class: "sorting" }, choice(t("sort_by"), { onchange: ({ target }) => go({ sort: target.value, page: null }) },
      [{ name: "", title: t("choose") }, ...columns], sort)),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("table") }, el("table", { class: "rows" },
      el("thead", {}, el("tr", {}, columns.map(head))),
      el("tbody", {}, here.map((row) => el("tr", {}, columns.map((column, at) => cell(row, column, at))))))),
    pages > 1 && el("nav", { class: "pager", "aria-label": t("pages") },
      page > 1 && el("button", { class: "quiet", onclick: () => go({ page: page - 1 }) }, t("previous")),
      el("span", {}, t("page-of", { page, pages })),
      page < pages && el("button", { class: "quiet", onclick: () => go({ page: page + 1 }) }, t("next_page"))),
  ];
}

function chartView({ table, rows, columns }) {
  const figures = columns.filter(({ isNumber }) => isNumber);
  const labels = columns.filter(({ isNumber, name }) => !isNumber && name !== "record");
  const isCoded = ({ field }) => Object.keys(field?.categories ?? {}).length;
  const label = labels.find(({ name }) => name === view.get("by")) ?? labels.find(isCoded) ?? labels[0] ?? columns[0];
  const figure = figures.find(({ name }) => name === view.get("of")) ?? (view.has("of") || table ? null : figures[0]);
  const bars = new Map();
  for (const row of rows) {
    const name = shown(row[label.i], label.field) || t("no_value");
    bars.set(name, (bars.get(name) ?? 0) + (figure ? row[figure.i] ?? 0 : 1));
  }
  const ranked = [...bars].sort((a, b) => b[1] - a[1]);
  const most = Math.max(...ranked.map(([, value]) => value), 0) || 1;
  const changing = (name) => ({ onchange: ({ target }) => go({ [name]: target.value }) });
  const bar = ([name, value]) => {
    const drawn = el("span", { class: "bar" });
    drawn.style.inlineSize = `${Math.max(0, (70 * value) / most)}%`;
    return el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, name)), el("td", {}, drawn, number(value)));
  };
  return [
    el("div", { class: "ask" },
      choice(t("figure"), changing("of"), [{ name: "rows", title: t("rows") }, ...figures], figure?.name),
      choice(t("by"), changing("by"), labels, label.name)),
    el("table", { class: "bars" }, el("tbody", {}, ranked.slice(0, BARS).map(bar))),
    ranked.length > BARS && el("p", { class: "small" }, t("more-not-shown", { count: number(ranked.length - BARS) })),
  ];
}

/** Each row that has a place with its longitude and latitude: its own, or those of the row that it is about. */
async function pointsOf({ table, names, rows }) {
  const at = (...wanted) => names.findIndex((name) => wanted.includes(name));
  const [x, y, record] = [at("longitude", "lon", "lng"), at("latitude", "lat"), at("record")];
  const about = table ?? tableOf(String(rows[0][record]).split("/")[0]);
  let place = (row) => [row[x], row[y]];
  if (x < 0 || y < 0) {
    if (!about?.location || about.key.length !== 1) return [];
    const places = await placesOf(about);
    place = (row) => places.get(table ? row[at(table.key[0])] : String(row[record]).slice(about.name.length + 1)) ?? [];
  }
  return rows.map((row) => [row, ...place(row)]).filter(([, ...both]) => both.length === 2 && both.every(Number.isFinite));
}

async function placesOf({ name, key, location, fields }) {
  const to = fields.find((field) => field.name === location)?.to;
  const [y, x] = (to ? tableOf(to[0]).location : location).map(quoted);
  const joined = to ? `JOIN ${quoted(to[0])} AS p ON p.${quoted(to[1])} = t.${quoted(location)}` : "";
  const { rows } = await query(`SELECT t.${quoted(key[0])}, ${x}, ${y} FROM ${quoted(name)} AS t ${joined}`);
  return new Map(rows.map(([code, ...place]) => [code, place]));
}

async function mapView({ table, names, rows, points }) {
  const { features } = CONFIG.outline ? await (await fetch(CONFIG.outline)).json() : { features: [] };
  const polygons = ({ geometry }) => (geometry?.type === "Polygon" ? [geometry.coordinates] : geometry?.coordinates ?? []);
  const rings = features.flatMap(polygons).map(([outer]) => outer);
  const places = [...rings.flat(), ...points.map(([, ...place]) => place)];
  const [west, east] = extent(places.map(([x]) => x));
  const [south, north] = extent(places.map(([, y]) => y));
  const across = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = 500 / Math.max((east - west) * across, (north - south) / 2, 0.01);
  const on = ([x, y]) => [(x - west) * across * scale, (north - y) * scale].map((each) => each.toFixed(1));
  const land = rings.map((ring) => `M${ring.map((place) => on(place).join(" ")).join("L")}Z`).join("");
  const label = table ? labelOf(table) : names[0];
  const about = names.indexOf(table ? table.key[0] : "record");
  const point = ([row, ...place]) => {
    const [cx, cy] = on(place);
    const text = shown(row[names.indexOf(label)], fieldOf(table, label));
    const circle = svg("circle", { cx, cy, r: 5 }, svg("title", {}, text));
    if (about < 0) return svg("g", { class: "point" }, circle);
    const { hash: href } = link({ row: table ? `${table.name}/${row[about]}` : row[about] });
    return svg("a", { class: "point", href, "aria-label": text }, circle);
  };
  const [right, bottom] = on([east, south]).map((each) => Math.ceil(each) + 20);
  return el("figure", { class: "map" },
    svg("svg", { class: "map", viewBox: `-10 -10 ${right} ${bottom}`, role: "group", "aria-label": t("map") },
      svg("path", { d: land, class: "land" }), points.map(point)),
    el("figcaption", {}, t("map_of_filter", { n: number(points.length), of: number(rows.length) })));
}
const extent = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

function csv(lines, separator) {
  const isPlain = (text) => !/["\r\n]/.test(text) && !text.includes(separator);
  const cell = (text) => (isPlain(text) ? text : `"${text.replaceAll('"', '""')}"`);
  return lines.map((cells) => `${cells.map(cell).join(separator)}\r\n`).join("");
}

/** The answer as it is: codes, decimal points, commas. */
const plain = ({ names, rows }) => csv([names, ...rows.map((row) => row.map((value) => String(value ?? "")))], ",");

/** What Excel opens right: titles and labels, and in Swedish semicolons and decimal commas; no text becomes a formula. */
function forExcel({ columns, rows }) {
  const swedish = language === "sv";
  const text = (value, field) => {
    if (typeof value === "number" && field?.type !== "boolean") return swedish ? String(value).replace(".", ",") : String(value);
    const isCoded = Object.keys(field?.categories ?? {}).length || field?.type === "boolean";
    return (isCoded ? shown(value, field) : String(value ?? "")).replace(/^(?=[=+@\t\r-])/, "'");
  };
  const lines = rows.map((row) => columns.map(({ i, field }) => text(row[i], field)));
  return `\ufeff${csv([columns.map(({ title }) => title), ...lines], swedish ? ";" : ",")}`;
}

function save(content) {
  const href = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  el("a", { href, download: `${view.get("table") ?? view.get("question") ?? "sql"}-${CONFIG.version}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
}
