// The board that is open: its rows change as reports come, without a reload.
// Only texts, attributes and classes are set; the markup comes from the page's own template.

const template = document.getElementById("row");
const live = document.getElementById("live");

function fill(row, told) {
  row.className = told.tone;
  row.dataset.report = told.report;
  const [urgency, subject, marking, state] = row.children;
  const flag = urgency.firstElementChild;
  flag.className = `prec ${told.mark}`;
  flag.firstElementChild.textContent = told.sign;
  flag.lastElementChild.textContent =
    told.urgency === told.precedence ? told.precedence : `${told.precedence} ${told.urgency}`;
  const link = subject.firstElementChild;
  link.href = `/report/${told.report}`;
  link.firstElementChild.textContent = told.subject;
  subject.lastElementChild.textContent = [
    told.status, told.changed, told.kind, told.from, told.received,
  ].filter(Boolean).join(" · ");
  marking.firstElementChild.textContent = told.marking;
  state.textContent = told.state;
}

function list(body, rows) {
  const present = new Map([...body.children].map((row) => [row.dataset.report, row]));
  let before = null;
  for (const each of rows) {
    let row = present.get(each.report);
    present.delete(each.report);
    row ??= template.content.firstElementChild.cloneNode(true);
    fill(row, each);
    const place = before === null ? body.firstElementChild : before.nextElementSibling;
    if (place !== row) body.insertBefore(row, place);
    before = row;
  }
  for (const row of present.values()) row.remove();
}

function show(told) {
  const { actual, drill } = told.rows;
  list(document.getElementById("actual"), actual);
  list(document.getElementById("drill"), drill);
  document.getElementById("nothing").toggleAttribute("hidden", actual.length > 0);
  document.getElementById("drill-part").toggleAttribute("hidden", drill.length === 0);
  for (const each of document.querySelectorAll('[data-field="marking"]')) {
    each.textContent = told.marking;
  }
  const waiting = actual.filter((each) => each.tone === "is-hot").length;
  document.title = document.title.replace(/^(\(\d+\) )?/, waiting ? `(${waiting}) ` : "");
  const shown = [...document.querySelectorAll("[data-alarm]")].map((each) => each.dataset.alarm);
  const open = told.alarms.map((each) => each.number);
  if (open.some((each) => !shown.includes(each)) || told.alarms.length !== shown.length) {
    location.reload();
  }
}

let isAsking = false;
let isStale = false;

async function refresh() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  try {
    while (isStale) {
      isStale = false;
      const answer = await fetch("/rows");
      if (answer.status === 401) return location.reload();
      if (answer.ok) show(await answer.json());
    }
  } finally {
    isAsking = false;
  }
}

const events = new EventSource("/events");
events.addEventListener("changed", refresh);
events.addEventListener("ended", () => location.reload());
events.addEventListener("open", () => { live.textContent = live.dataset.live; });
events.addEventListener("error", () => { live.textContent = live.dataset.lost; });
