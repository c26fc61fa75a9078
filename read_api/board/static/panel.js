"use strict";
// What stands on a calendar, opened beside it, and what can be done about it: at once, and taken back when it is refused.

const why = document.getElementById("why");
// Which permission sets aside the rule that says so.
const OVERRIDING = { double_booking: "double_book", not_first: "jump_queue", on_time_off: "over_time_off", job_full: "over_fill" };

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
  document.getElementById("stale").hidden = true;
  panel.dataset.href = href;
  panel.dataset.artist = body.querySelector("[data-artist-of]")?.dataset.artistOf ?? "";
  tick();
  return undefined;
}

// What somebody fills in is not taken from under their hands: they are told that it has changed.
async function renew() {
  if (!panel.querySelector("details[open]")) return fill(panel.dataset.href);
  document.getElementById("stale").hidden = false;
  return undefined;
}

document.getElementById("renew")?.addEventListener("click", () => fill(panel.dataset.href));

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
  const mover = event.target.closest("[data-move]");
  if (mover) move(mover);
});

// --- commands of the panel ------------------------------------------------------------------------------------------

async function act(button) {
  const { command: path, body, effect, artist, of, sure } = button.dataset;
  if (button.form && !complete(button.form)) return;
  if (sure && !window.confirm(sure)) return;
  const asked = { ...JSON.parse(body), ...(button.form ? filled(button.form, path) : {}) };
  const bars = [...document.querySelectorAll(`[data-bar="${of}"]`)];
  const were = bars.map((bar) => bar.className);
  // At once what it will look like; taken back when it is refused.
  for (const bar of bars) bar.classList.add("pending", ...(effect ? [effect] : []));
  for (const one of panel?.querySelectorAll("[data-command]") ?? []) one.disabled = true;
  if (panel?.open) panel.close();
  const { ok, said, token } = await insist(path, asked);
  if (ok) {
    remark(said);
    if (grid) await refresh(artist, token);
    else await anew(token);
  } else {
    bars.forEach((bar, n) => { bar.className = `${were[n]} shaken`; });
    for (const one of document.querySelectorAll("[data-command]")) one.disabled = false;
    refused(said);
  }
}

// A page of its own is loaded again once it shows what was done.
async function anew(token) {
  await fetch(location.href, { headers: { "Consistency-Token": token } }).catch(() => null);
  location.reload();
}

// Whether everything is there; the browser says what is not.
function complete(form) {
  const parts = [...form.querySelectorAll("[name=periods]")];
  parts[0]?.setCustomValidity(parts.some((one) => one.checked) ? "" : "Choose at least one.");
  return form.reportValidity();
}

// What a form adds to a command. What was left empty is left out.
function filled(form, path) {
  const said = {};
  for (const { name, value, checked } of form.elements) {
    if (name === "periods" && checked) (said.periods ??= []).push(JSON.parse(value));
    if (name === "reason" && value) said.reason = value;
    if (name === "keep_rest" && path.endsWith("/confirm")) said.keep_rest = checked;
  }
  if (form.first_day) {
    const [first_day, last_day] = [form.first_day.value, form.last_day.value].sort();
    said.periods = [{ first_day, last_day }];
  }
  const order = form.querySelector(".order");
  return order ? reordered(order, said.reason) : said;
}

document.addEventListener("change", (event) => event.target.form?.querySelector("[name=periods]")?.setCustomValidity(""));
document.addEventListener("submit", (event) => {
  if (!event.target.classList.contains("fill")) return;
  event.preventDefault();
  event.target.querySelector("[data-command]").click();
});

// --- doing it all the same: a rule is set aside by whoever may, for a reason, and for what is listed only ---------------

async function insist(path, body) {
  const overrides = [...(body.overrides ?? [])];
  for (;;) {
    const answer = await command(path, overrides.length ? { ...body, overrides } : body);
    const { code, conflicts = [] } = answer.said;
    const permission = OVERRIDING[code];
    if (answer.ok || !conflicts.length || !document.body.dataset.may.split(" ").includes(permission)) return answer;
    const given = overrides.find((one) => one.permission === permission);
    if (given && conflicts.every((id) => given.accepts.includes(id))) return answer;
    const reason = await ask_why(answer.said, conflicts, given?.reason ?? "");
    if (!reason) return answer;
    if (given) Object.assign(given, { reason, accepts: [...given.accepts, ...conflicts] });
    else overrides.push({ permission, reason, accepts: conflicts });
  }
}

async function ask_why(said, conflicts, before) {
  const [accepts, form] = [document.getElementById("why-accepts"), why.querySelector("form")];
  document.getElementById("why-said").textContent = said.detail;
  accepts.replaceChildren();
  form.reason.value = before;
  why.returnValue = "";
  why.showModal();
  form.reason.focus();
  const some = conflicts.slice(0, 50);
  const answer = await fetch(`/board/accepted?${some.map((id) => `id=${id}`).join("&")}`).catch(() => null);
  if (answer?.ok) accepts.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
  if (conflicts.length > some.length) accepts.append(`and ${conflicts.length - some.length} more`);
  if (why.open) await new Promise((go) => why.addEventListener("close", go, { once: true }));
  return why.returnValue === "yes" ? form.reason.value.trim() : "";
}

// --- another order of a queue: by the arrows, or drawn ------------------------------------------------------------------

function move(button) {
  const item = button.closest("li");
  const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (button.dataset.move === "up") other.before(item);
  else other.after(item);
  button.focus();
}

let drawn = null;
document.addEventListener("dragstart", (event) => { drawn = event.target.closest?.(".order li") ?? null; });
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.(".order li");
  if (!drawn || !over || over.parentNode !== drawn.parentNode) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (over !== drawn) over[event.clientY < box.top + box.height / 2 ? "before" : "after"](drawn);
});

// Passed over is whoever somebody who stood behind comes before now.
function reordered(order, reason) {
  const hold_ids = [...order.children].map((item) => item.dataset.hold);
  const were = order.dataset.were.split(" ");
  const accepts = were.filter((id, n) => were.slice(n + 1).some((behind) => hold_ids.indexOf(behind) < hold_ids.indexOf(id)));
  return { hold_ids, overrides: [{ permission: "jump_queue", reason, accepts }] };
}
