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

// --- rows: taken anew from the server when something has happened to them -----------------------------------------

const wanted = new Map();

function row(artist) {
  return document.getElementById(`row-${artist}`);
}

function refresh(artist, token) {
  if (!grid || !row(artist)) return Promise.resolve();
  const asked = wanted.get(artist);
  if (asked) {
    asked.token = token ?? asked.token;
    return asked.done;
  }
  const entry = { token, done: null };
  wanted.set(artist, entry);
  entry.done = new Promise((go) => setTimeout(go, 15)).then(async () => {
    wanted.delete(artist);
    const headers = entry.token ? { "Consistency-Token": entry.token } : {};
    const query = `from=${grid.dataset.from}&zoom=${grid.dataset.zoom}`;
    const answer = await fetch(`/board/rows/${artist}?${query}`, { headers }).catch(() => null);
    if (answer?.status === 503) return setTimeout(() => refresh(artist, entry.token), 1000);
    if (!answer?.ok) return undefined;
    put(artist, await answer.text());
    if (panel?.open && panel.dataset.artist === artist) await fill(panel.dataset.href);
    return undefined;
  });
  return entry.done;
}

function put(artist, html) {
  const old = row(artist);
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".row");
  if (!old || !fresh) return;
  const before = new Set([...old.querySelectorAll("[data-bar]")].map((bar) => bar.dataset.bar));
  for (const bar of fresh.querySelectorAll("[data-bar]")) if (!before.has(bar.dataset.bar)) bar.classList.add("new");
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const bar = focused?.dataset.bar;
  const track = focused?.classList.contains("track");
  old.replaceWith(document.adoptNode(fresh));
  if (track) fresh.querySelector(".track").focus();
  else if (focused) (fresh.querySelector(`[data-bar="${bar}"]`) ?? fresh.querySelector(".track")).focus();
}

// --- the panel ----------------------------------------------------------------------------------------------------

async function fill(href) {
  const answer = await fetch(`${href}?panel=true`).catch(() => null);
  if (!answer) return toast("The server does not answer.");
  if (answer.redirected) return location.assign("/board/sign-in");
  const said = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = document.getElementById("panel-body");
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.command : null;
  body.replaceChildren(...(answer.ok ? said.body : said.querySelector("main")).childNodes);
  if (focused) body.querySelector(`[data-command="${focused}"]`)?.focus();
  panel.dataset.href = href;
  panel.dataset.artist = body.querySelector("[data-artist-of]")?.dataset.artistOf ?? "";
  tick();
  return undefined;
}

async function open(href) {
  document.getElementById("panel-body").innerHTML = '<p class="loading" role="status">Loading…</p>';
  if (!panel.open) panel.showModal();
  await fill(href);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/board/holds/'], a[href^='/board/bookings/'], a[href^='/board/time-off/']");
  if (link && panel && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(link.getAttribute("href"));
  }
  if (event.target.closest(".close")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement) event.target.close();
  const button = event.target.closest("[data-command]");
  if (button) act(button);
});

async function act(button) {
  const { command: path, body, effect, artist, of, sure } = button.dataset;
  if (sure && !window.confirm(sure)) return;
  const bars = [...document.querySelectorAll(`[data-bar="${of}"]`)];
  const were = bars.map((bar) => bar.className);
  // At once what it will look like; taken back when it is refused.
  for (const bar of bars) bar.classList.add("pending", ...(effect ? [effect] : []));
  for (const one of panel?.querySelectorAll("[data-command]") ?? []) one.disabled = true;
  if (panel?.open) panel.close();
  const { ok, said, token } = await command(path, JSON.parse(body));
  if (ok) {
    for (const warning of said.warnings ?? []) toast(warning.detail, "warning");
    if (grid) await refresh(artist, token);
    else location.reload();
  } else {
    bars.forEach((bar, n) => { bar.className = `${were[n]} shaken`; });
    for (const one of document.querySelectorAll("[data-command]")) one.disabled = false;
    refused(said);
  }
}

// --- choosing days ------------------------------------------------------------------------------------------------

const chosen = { track: null, from: 0, to: 0, box: document.createElement("div") };
chosen.box.className = "chosen";

function dayOf(n) {
  return new Date(Date.parse(`${grid.dataset.from}T00:00:00Z`) + n * DAY).toISOString().slice(0, 10);
}

function choose(track, from, to) {
  const parts = Number(grid.dataset.parts);
  const most = grid.querySelectorAll(".head .day").length - 1;
  Object.assign(chosen, { track, from: Math.max(0, Math.min(most, from)), to: Math.max(0, Math.min(most, to)) });
  const first = Math.min(chosen.from, chosen.to);
  const length = Math.abs(chosen.to - chosen.from) + 1;
  chosen.box.style.gridColumn = `${first * parts + 1} / span ${length * parts}`;
  track.prepend(chosen.box);
  const under = [...track.querySelectorAll(".bar")].filter((bar) => meets(bar, chosen.box)).map((bar) => bar.textContent.trim());
  const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  const days = length > 1 ? `${length} days until ` : "";
  say(`${track.closest(".row").dataset.name}, ${days}${day.format(new Date(`${dayOf(chosen.to)}T00:00:00Z`))}: ${under.join("; ") || "free"}`);
}

function meets(one, other) {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.left < b.right - 1 && b.left < a.right - 1;
}

function today() {
  return Math.max(0, [...grid.querySelectorAll(".head .day")].findIndex((day) => day.classList.contains("today")));
}

function unchoose() {
  chosen.box.remove();
  chosen.track = null;
}

function dayAt(track, x) {
  const box = track.getBoundingClientRect();
  const count = grid.querySelectorAll(".head .day").length;
  return Math.floor(((x - box.left) / box.width) * count);
}

let dragging = false;
grid?.addEventListener("pointerdown", (event) => {
  const track = event.target.closest(".track");
  if (!track || event.target.closest(".bar") || event.button !== 0 || event.pointerType === "touch") return;
  dragging = true;
  choose(track, dayAt(track, event.clientX), dayAt(track, event.clientX));
});
grid?.addEventListener("pointermove", (event) => {
  if (dragging && chosen.track) choose(chosen.track, chosen.from, dayAt(chosen.track, event.clientX));
});
document.addEventListener("pointerup", () => {
  if (dragging && chosen.track) ask();
  dragging = false;
});
grid?.addEventListener("click", (event) => {
  const track = event.target.closest(".track");
  // A finger scrolls with what a mouse draws with: a tap is one day.
  if (!track || event.target.closest(".bar") || event.pointerType !== "touch") return;
  choose(track, dayAt(track, event.clientX), dayAt(track, event.clientX));
  ask();
});

grid?.addEventListener("focusin", (event) => {
  if (event.target.classList.contains("track") && !dragging && chosen.track !== event.target) {
    const day = chosen.track ? chosen.to : today();
    choose(event.target, day, day);
  }
});
grid?.addEventListener("focusout", () => setTimeout(() => {
  if (!document.activeElement?.closest(".track") && !place?.open) unchoose();
}));
grid?.addEventListener("keydown", (event) => {
  const track = event.target;
  if (!track.classList.contains("track")) return;
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 }[event.key];
  if (step) choose(track, event.shiftKey ? chosen.from : chosen.to + step, chosen.to + step);
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const way = event.key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling";
    track.closest(".row")[way]?.querySelector(".track").focus();
  } else if (event.key === "Enter" || event.key === " ") ask();
  else return;
  event.preventDefault();
});

// --- placing a hold -----------------------------------------------------------------------------------------------

function ask() {
  if (!place) return;
  const form = document.getElementById("place-form");
  if (chosen.track) {
    form.artist_id.value = chosen.track.closest(".row").dataset.artist;
    form.first_day.value = dayOf(Math.min(chosen.from, chosen.to));
    form.last_day.value = dayOf(Math.max(chosen.from, chosen.to));
  }
  const project = sessionStorage.getItem("project");
  if (project && [...form.project_id.options].some((one) => one.value === project)) form.project_id.value = project;
  place.showModal();
  form.project_id.focus();
}

document.getElementById("new-hold")?.addEventListener("click", () => {
  if (!chosen.track) choose(grid.querySelector(".track"), today(), today());
  ask();
});
place?.addEventListener("close", () => {
  const track = chosen.track;
  if (track?.isConnected) track.focus();
});
document.getElementById("place-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { artist_id, project_id, strength, note } = Object.fromEntries(new FormData(form));
  const [first_day, last_day] = [form.first_day.value, form.last_day.value].sort();
  sessionStorage.setItem("project", project_id);
  const ghost = ghostly(artist_id, first_day, last_day, form.project_id.selectedOptions[0].textContent, strength);
  place.close();
  const body = { artist_id, project_id, strength, periods: [{ first_day, last_day }], ...(note ? { note } : {}) };
  const { ok, said, token } = await command("/v1/holds", body);
  if (ok) {
    form.note.value = "";
    for (const warning of said.warnings ?? []) toast(warning.detail, "warning");
    await refresh(artist_id, token);
  } else refused(said);
  ghost?.remove();
});

function ghostly(artist, first, last, project, strength) {
  const track = row(artist)?.querySelector(".track");
  if (!track) return null;
  const parts = Number(grid.dataset.parts);
  const count = grid.querySelectorAll(".head .day").length;
  const begin = Date.parse(`${grid.dataset.from}T00:00:00Z`);
  const from = Math.max(0, (Date.parse(`${first}T00:00:00Z`) - begin) / DAY);
  const until = Math.min(count, (Date.parse(`${last}T00:00:00Z`) - begin) / DAY + 1);
  if (until <= from) return null;
  const ghost = document.createElement("div");
  ghost.className = `bar r1 pending ${strength}`;
  ghost.style.gridColumn = `${from * parts + 1} / span ${(until - from) * parts}`;
  ghost.textContent = project;
  track.append(ghost);
  return ghost;
}

// --- live: one stream; each event says which rows to take anew ------------------------------------------------------

function follow(after) {
  const light = document.getElementById("live");
  const stream = new EventSource(`/v1/live?data=false${grid ? "&type=calendar" : ""}&after=${after}`);
  const show = (state, text) => {
    light.hidden = false;
    light.className = `light ${state}`;
    light.textContent = text;
  };
  stream.addEventListener("ready", () => show("on", "Live"));
  stream.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    if (grid) for (const artist of told.artist_ids ?? []) refresh(artist, told.consistency_token);
    else later();
  });
  stream.addEventListener("error", () => {
    show("off", "Reconnecting…");
    // Refused for good: the token has expired, or the log is another one. A page from the start knows what to do.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
}

let soon = null;
function later() {
  // A page of sums is taken anew at most once a second, and stays where it is.
  soon ??= setTimeout(async () => {
    soon = null;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("[data-live]")?.replaceWith(document.adoptNode(fresh.querySelector("[data-live]")));
    tick();
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
