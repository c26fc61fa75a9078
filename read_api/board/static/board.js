"use strict";
// The board: commands straight to the API, what others do over one stream, and days chosen by mouse or by keyboard.

const grid = document.getElementById("grid");
const panel = document.getElementById("panel");
const place = document.getElementById("place");
const DAY = 86400000;

// --- what is said -------------------------------------------------------------------------------------------------

function toast(text, kind = "refused") {
  const box = document.createElement("p");
  box.className = `toast ${kind}`;
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 8000);
}

function say(text) {
  document.getElementById("said").textContent = text;
}

// --- commands -----------------------------------------------------------------------------------------------------

async function command(path, body) {
  // The key stays the same for each try, so that a lost answer never makes it happen twice.
  const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) };
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      const said = await answer.json();
      if (answer.ok) return { ok: true, said, token: answer.headers.get("Consistency-Token") };
      if (answer.status === 401) location.assign("/board/sign-in");
      if (answer.status < 500 || tries > 3) return { ok: false, said };
    } catch {
      if (tries > 3) return { ok: false, said: { detail: "The server does not answer. Nothing was changed here; try again." } };
    }
    await new Promise((go) => setTimeout(go, 500 * 2 ** tries));
  }
}

function refused(said) {
  const errors = (said.errors ?? []).map((one) => `${one.pointer.slice(1)} ${one.message}`);
  toast([said.detail, ...errors].join(" "));
}

// What was done is worth a remark: it was allowed but is unusual, or it costs something.
function remark(said) {
  for (const warning of said.warnings ?? []) toast(warning.detail, "warning");
  for (const { amount } of said.fees ?? []) if (amount) toast(`The fee is ${amount.amount} ${amount.currency}.`, "warning");
}

// --- rows: taken anew from the server when something has happened to them -----------------------------------------

const wanted = new Map();

function row(artist) {
  return document.getElementById(`row-${artist}`);
}

function refresh(artist, token) {
  if (!grid) return Promise.resolve();
  const asked = wanted.get(artist);
  if (asked) {
    asked.token = token ?? asked.token;
    return asked.done;
  }
  // Who has no row is on a page that has not been asked for yet; or new, or fits the filters only now.
  const filters = row(artist) ? "" : `&${grid.dataset.filters}`;
  if (filters && document.getElementById("more")) return Promise.resolve();
  const entry = { token, done: null };
  wanted.set(artist, entry);
  entry.done = new Promise((go) => setTimeout(go, 15)).then(async () => {
    wanted.delete(artist);
    const headers = entry.token ? { "Consistency-Token": entry.token } : {};
    const answer = await fetch(`/board/rows/${artist}?${shown()}${filters}`, { headers }).catch(() => null);
    if (answer?.status === 503) return setTimeout(() => refresh(artist, entry.token), 1000);
    if (!answer?.ok) return undefined;
    put(artist, await answer.text());
    if (panel?.open && panel.dataset.artist === artist) await renew();
    return undefined;
  });
  return entry.done;
}

function shown() {
  return `from=${grid.dataset.from}&zoom=${grid.dataset.zoom}`;
}

function put(artist, html) {
  const old = row(artist);
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".row");
  if (!fresh) return;
  if (!old) {
    document.getElementById("rows").append(document.adoptNode(fresh));
    count();
    return;
  }
  const before = new Set([...old.querySelectorAll("[data-bar]")].map((bar) => bar.dataset.bar));
  for (const bar of fresh.querySelectorAll("[data-bar]")) if (!before.has(bar.dataset.bar)) bar.classList.add("new");
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const bar = focused?.dataset.bar;
  const track = focused?.classList.contains("track");
  old.replaceWith(document.adoptNode(fresh));
  if (old.contains(chosen.track)) choose(fresh.querySelector(".track"), chosen.from, chosen.to);
  if (track) fresh.querySelector(".track").focus();
  else if (focused) (fresh.querySelector(`[data-bar="${bar}"]`) ?? fresh.querySelector(".track")).focus();
}

function count() {
  const rows = grid.querySelectorAll(".row").length;
  document.getElementById("count").textContent = `${rows}${document.getElementById("more") ? "+" : ""} artist${rows === 1 ? "" : "s"}`;
}

// --- more rows: when their place comes into sight, or by the button ---------------------------------------------------

const sight = new IntersectionObserver(
  (seen) => { for (const one of seen) if (one.isIntersecting) load(one.target); },
  // On a phone the whole page scrolls, elsewhere the grid does.
  { root: grid && getComputedStyle(grid).maxHeight !== "none" ? grid : null, rootMargin: "600px" },
);

async function load(more) {
  sight.unobserve(more);
  const answer = await fetch(`/board/rows?${shown()}&${grid.dataset.filters}&after=${more.dataset.after}`).catch(() => null);
  if (!answer?.ok) return toast("The other artists could not be had. Try again.");
  const focused = more === document.activeElement;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const rows = [...fresh.querySelectorAll(".row, .more-rows")].filter((one) => !one.id || !document.getElementById(one.id));
  more.parentNode.replaceWith(...rows.map((one) => document.adoptNode(one)));
  if (focused) rows[0]?.querySelector(".track, a").focus();
  count();
  watch();
  return undefined;
}

function watch() {
  const more = document.getElementById("more");
  if (more && grid) sight.observe(more);
}

document.addEventListener("click", (event) => {
  if (event.target.id !== "more") return;
  event.preventDefault();
  load(event.target);
});
watch();

// --- live: one stream; each event says which rows to take anew ------------------------------------------------------

function follow(after) {
  const light = document.getElementById("live");
  const stream = new EventSource(`/v1/live?data=false${grid ? "&type=calendar&type=artist" : ""}&after=${after}`);
  const show = (state, text) => {
    light.hidden = false;
    light.className = `light ${state}`;
    light.textContent = text;
  };
  stream.addEventListener("ready", () => show("on", "Live"));
  stream.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    if (grid) for (const artist of told.artist_ids ?? []) refresh(artist, told.consistency_token);
    else later(told.consistency_token);
  });
  stream.addEventListener("error", () => {
    show("off", "Reconnecting…");
    // Refused for good: the token has expired, or the log is another one. A page from the start knows what to do.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
}

let soon = null;
let latest = "";
function later(token) {
  // A page of sums is taken anew at most once a second, and stays where it is.
  latest = token;
  soon ??= setTimeout(async () => {
    soon = null;
    const answer = await fetch(location.href, { headers: { "Consistency-Token": latest } }).catch(() => null);
    if (answer?.status === 503) return later(latest);
    if (!answer?.ok) return undefined;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = fresh.querySelector("[data-live]");
    if (!news) return location.reload();
    document.querySelector("[data-live]").replaceWith(document.adoptNode(news));
    tick();
    return undefined;
  }, 1000);
}

// --- countdowns -----------------------------------------------------------------------------------------------------

function tick() {
  for (const time of document.querySelectorAll("[data-until]")) {
    const seconds = Math.floor((Date.parse(time.dataset.until) - Date.now()) / 1000);
    time.classList.toggle("soon", seconds < 86400);
    time.textContent = seconds <= 0 ? "now" : `in ${spell(seconds)}`;
  }
}

function spell(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
}

setInterval(tick, 1000);
tick();
const from = document.querySelector("[data-seq]");
if (from) follow(from.dataset.seq);
