// The board that is open: its rows change as reports come, without a reload.
// Only texts, attributes and classes are set; the markup comes from the page's own template.

import { sounding } from "./alarm.mjs";

const live = document.getElementById("live");

function made(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function fill(place, told) {
  for (const each of place.querySelectorAll("[data-f]")) {
    const text = String(told[each.dataset.f] ?? each.textContent);
    if (each.textContent !== text) each.textContent = text;
  }
}

function fillRow(row, told) {
  row.className = told.tone;
  row.dataset.report = told.report;
  if (told.desk) row.dataset.desk = told.desk;
  fill(row, told);
  row.querySelector(".prec").className = `prec ${told.mark}`;
  const due = row.querySelector(".due");
  if (due) {
    due.className = told.tone === "is-hot" ? "due hot" : "due";
    due.dataset.due = told.due;
    due.dataset.allowed = told.allowed;
    due.toggleAttribute("hidden", !told.due);
    tick(due);
  }
  row.querySelector("small").toggleAttribute("hidden", told.urgency === told.precedence);
  row.querySelector("a").href = `/report/${told.report}`;
  row.querySelector("[data-desks]")?.replaceChildren(...told.desks.map((each) => {
    const desk = made("desk-row");
    fill(desk, each);
    return desk;
  }));
}

function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${Math.floor(seconds / 60) % 60}`;
  return `${hours ? `${hours}:${two(rest)}` : rest}:${two(Math.floor(seconds) % 60)}`;
}

function tick(due) {
  if (!due.dataset.due) return;
  const left = (Date.parse(due.dataset.due) - Date.now()) / 1000;
  const word = due.querySelector(".tell");
  due.firstElementChild.className = left < 0 ? "late" : "on-time";
  word.textContent = left < 0 ? word.dataset.late : word.dataset.left;
  due.querySelector('[data-f="left"]').textContent = clock(Math.abs(left));
  const share = Math.max(0, Math.min(100, 100 * left / Number(due.dataset.allowed)));
  due.querySelector(".rest").setAttribute("width", share.toFixed(1));
}

setInterval(() => document.querySelectorAll(".due").forEach(tick), 1_000);

// A report that came to two desks has two rows.
const keyOf = (each) => `${each.report} ${each.desk ?? ""}`;

function list(name, template, rows) {
  const body = document.getElementById(name);
  const present = new Map([...body.children].map((row) => [keyOf(row.dataset), row]));
  let before = null;
  for (const each of rows) {
    let row = present.get(keyOf(each));
    present.delete(keyOf(each));
    row ??= made(template);
    fillRow(row, each);
    const place = before === null ? body.firstElementChild : before.nextElementSibling;
    if (place !== row) body.insertBefore(row, place);
    before = row;
  }
  while (body.children.length > rows.length) body.lastElementChild.remove();
}

function show(told) {
  const { actual, drill } = told.rows;
  list("actual", "row", actual);
  list("drill", "row", drill);
  list("sent", "sent-row", told.sent);
  document.getElementById("cut").toggleAttribute("hidden", !told.is_cut);
  document.getElementById("nothing-sent").toggleAttribute("hidden", told.sent.length > 0);
  document.getElementById("nothing").toggleAttribute("hidden", actual.length > 0);
  document.getElementById("drill-part").toggleAttribute("hidden", drill.length === 0);
  for (const each of document.querySelectorAll('[data-field="marking"]')) {
    each.textContent = told.marking;
  }
  const waiting = actual.filter((each) => each.tone === "is-hot").length;
  document.title = document.title.replace(/^(\(\d+\) )?/, waiting ? `(${waiting}) ` : "");
  sounding(waiting > 0 || told.alarms.some((each) => !each.taken_by));
  const shown = [...document.querySelectorAll("[data-alarm]")].map((each) => each.dataset.alarm);
  const open = told.alarms.map((each) => each.number);
  if (open.some((each) => !shown.includes(each)) || told.alarms.length !== shown.length) {
    location.reload();
  }
}

const LINES_MS = 10_000;
let isAsking = false;
let isStale = false;
// Lines and desks change without an event; they are asked for now and then.
let isForLines = false;

function showLines(lines) {
  const rows = lines.map((each) => {
    const row = made("line-row");
    row.dataset.partner = each.partner;
    fill(row, each);
    row.querySelector(".state").className = `state ${each.tone}`;
    return row;
  });
  document.getElementById("line-list").replaceChildren(...rows);
}

async function refresh() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  try {
    while (isStale) {
      isStale = false;
      const answer = await fetch(isForLines ? "/rows?lines" : "/rows");
      isForLines = false;
      if (answer.status === 401) return location.reload();
      if (!answer.ok) continue;
      const told = await answer.json();
      show(told);
      if (told.lines) showLines(told.lines);
    }
  } finally {
    isAsking = false;
  }
}

setInterval(() => {
  isForLines = true;
  refresh();
}, LINES_MS);
const events = new EventSource("/events");
events.addEventListener("changed", refresh);
events.addEventListener("ended", () => location.reload());
events.addEventListener("open", () => { live.textContent = live.dataset.live; });
events.addEventListener("error", () => { live.textContent = live.dataset.lost; });
