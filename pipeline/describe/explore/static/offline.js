// Keeps the page and what it is made of, so that it opens without a network after the first time.
const NAME = `explore-${new URL(location).searchParams.get("version")}`;
const PARTS = ["style.css", "pages.css", "explore.css", "explore.js", "answers.js", "release.js", "worker.js", "sqlite3.js", "sqlite3.wasm"];
const FILES = ["explore.html", ...PARTS.map((name) => `explore/${name}`)];

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname.slice(new URL(registration.scope).pathname.length);
  if (event.request.method !== "GET" || !FILES.includes(path)) return;
  event.respondWith(fetch(event.request).catch(async () => (await caches.open(NAME)).match(path, { ignoreSearch: true })));
});
