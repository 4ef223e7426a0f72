// Keeps the page and what it is made of, so that it opens without a network after the first time.
const NAME = `explore-${new URL(location).searchParams.get("version")}`;
const FILES = ["explore.html", "datapackage.json", "explore/explore.css", "explore/explore.js", "explore/worker.js",
  "explore/sqlite3.js", "explore/sqlite3.wasm"];

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  const root = new URL("./", registration.scope).pathname;
  if (event.request.method !== "GET" || !FILES.includes(path.slice(root.length))) return;
  event.respondWith(fetch(event.request).catch(async () => (await caches.open(NAME)).match(event.request, { ignoreSearch: true })));
});
