"use strict";
// Days chosen by mouse or by keyboard, and what is to be on them.

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

// Where not all days fit, today comes first.
if (grid && grid.scrollWidth > grid.clientWidth) {
  const [first, corner] = [grid.querySelector(".head .today"), grid.querySelector(".corner")];
  grid.scrollLeft = first ? first.offsetLeft - corner.offsetWidth : 0;
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

// --- what is to be on them --------------------------------------------------------------------------------------------

const entry = document.getElementById("place-form");

function ask() {
  if (!place) return;
  entry.artist_id.replaceChildren(...[...grid.querySelectorAll(".row")].map((one) => new Option(one.dataset.name, one.dataset.artist)));
  if (chosen.track) {
    entry.artist_id.value = chosen.track.closest(".row").dataset.artist;
    entry.first_day.value = dayOf(Math.min(chosen.from, chosen.to));
    entry.last_day.value = dayOf(Math.max(chosen.from, chosen.to));
  }
  const project = sessionStorage.getItem("project");
  if (project && [...entry.project_id.options].some((one) => one.value === project)) entry.project_id.value = project;
  fit();
  place.showModal();
  (entry.elements.what.value === "time_off" ? entry.first_day : entry.project_id).focus();
}

// Only what that kind of entry takes, and only the jobs of that project.
function fit() {
  const what = entry.elements.what.value;
  for (const part of entry.querySelectorAll("[data-for]")) part.hidden = part.disabled = !part.dataset.for.split(" ").includes(what);
  for (const job of entry.job_id.options) job.hidden = job.disabled = Boolean(job.value) && job.dataset.project !== entry.project_id.value;
  if (entry.job_id.selectedOptions[0]?.disabled) entry.job_id.value = "";
  document.getElementById("place-it").textContent = entry.querySelector("[name=what]:checked").dataset.button;
}

document.getElementById("new-entry")?.addEventListener("click", () => {
  if (!chosen.track) choose(grid.querySelector(".track"), today(), today());
  ask();
});
place?.addEventListener("close", () => {
  const track = chosen.track;
  if (track?.isConnected) track.focus();
});
entry?.addEventListener("change", fit);
entry?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = Object.fromEntries(new FormData(entry));
  const [first_day, last_day] = [said.first_day, said.last_day].sort();
  const [path, body, tone, title] = entered(said, [{ first_day, last_day }]);
  if (said.project_id) sessionStorage.setItem("project", said.project_id);
  const ghost = ghostly(said.artist_id, first_day, last_day, tone, title);
  place.close();
  const answer = await insist(path, body);
  if (answer.ok) {
    entry.note.value = "";
    entry.querySelector("[name=what]").checked = true;
    remark(answer.said);
    await refresh(said.artist_id, answer.token);
  } else refused(answer.said);
  ghost?.remove();
});

// The command, and what it will look like.
function entered({ what, artist_id, project_id, job_id, strength, note }, periods) {
  if (what === "time_off") return [`/v1/artists/${artist_id}/time-off`, { periods, ...(note ? { reason: note } : {}) }, "off asked", "Time off?"];
  const body = { artist_id, project_id, periods, ...(job_id ? { job_id } : {}), ...(note ? { note } : {}) };
  const title = entry.project_id.selectedOptions[0].textContent;
  return what === "booking" ? ["/v1/bookings", body, "booking", title] : ["/v1/holds", { ...body, strength }, `r1 ${strength}`, title];
}

function ghostly(artist, first, last, tone, title) {
  const track = row(artist)?.querySelector(".track");
  if (!track) return null;
  const parts = Number(grid.dataset.parts);
  const count = grid.querySelectorAll(".head .day").length;
  const begin = Date.parse(`${grid.dataset.from}T00:00:00Z`);
  const from = Math.max(0, (Date.parse(`${first}T00:00:00Z`) - begin) / DAY);
  const until = Math.min(count, (Date.parse(`${last}T00:00:00Z`) - begin) / DAY + 1);
  if (until <= from) return null;
  const ghost = document.createElement("div");
  ghost.className = `bar ${tone} pending`;
  ghost.style.gridColumn = `${from * parts + 1} / span ${(until - from) * parts}`;
  ghost.textContent = title;
  track.append(ghost);
  return ghost;
}
