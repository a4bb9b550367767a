// The form that is open: whether it may go is said while somebody types.
// Only texts, attributes and classes are set; the markup comes from the page's own templates.

const draft = document.getElementById("draft");
const verdict = document.getElementById("verdict");
const PAUSE = 250;

// A text, or one that says in which language it is.
function worded(place, told) {
  place.textContent = told.text ?? told;
  place.lang = told.lang ?? document.documentElement.lang;
  return place;
}

function list(name, texts, parent) {
  const shown = document.getElementById(name);
  shown.replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    if (name === "reasons") item.className = "err";
    return worded(item, text);
  }));
  if (parent) document.getElementById(parent).toggleAttribute("hidden", texts.length === 0);
}

function partner(told) {
  const made = document.getElementById(told.allowed ? "may" : "may-not")
    .content.firstElementChild.cloneNode(true);
  made.querySelector("b").textContent = told.name;
  made.querySelector("code").textContent = told.partner;
  const reason = made.querySelector("p");
  made.append(...told.reasons.map((text) => worded(reason.cloneNode(false), text)));
  reason.remove();
  return made;
}

function show(told) {
  const tone = told.is_open ? "open" : told.allowed ? "yes" : "no";
  verdict.className = `panel verdict ${tone}`;
  for (const bar of document.querySelectorAll('[data-field="marking"]')) {
    bar.textContent = told.marking;
  }
  document.body.dataset.status = draft.elements.status.value;
  document.getElementById("big").textContent = verdict.dataset[tone];
  list("missing", told.missing, "lacking");
  list("because", told.because, "second");
  const partners = new Set(told.partners.flatMap((each) => each.reasons.map(({ text }) => text)));
  list("reasons", told.reasons.filter(({ text }) => !partners.has(text)));
  document.getElementById("partners").replaceChildren(...told.partners.map(partner));
  for (const place of draft.querySelectorAll("[data-problem]")) {
    const problem = told.problems[place.dataset.problem] ?? "";
    place.textContent = problem;
    place.toggleAttribute("hidden", !problem);
    const name = place.dataset.problem;
    const control = draft.elements[`f.${name}`] ?? draft.elements[name];
    if (!(control instanceof Element)) continue;
    if (problem) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

function chosen(name) {
  return draft.querySelector(`input[name="${name}"]:checked`)?.closest("label");
}

// What Send sends: of a form with no addressees of its own, they stay those of the page.
function sum() {
  const precedence = chosen("precedence")?.querySelector(".prec");
  if (precedence) document.getElementById("sends-prec").replaceChildren(precedence.cloneNode(true));
  document.getElementById("sends-status").textContent = chosen("status")?.textContent ?? "";
  if (!draft.elements.to) return;
  const desks = draft.querySelectorAll('input:is([name="to"], [name="info"]):checked');
  document.getElementById("sends-to").textContent = [...desks].map((each) => each.value).join(", ");
}

let timer = 0;
let asked = 0;

function tell(what) {
  const lost = document.getElementById("lost");
  lost.textContent = what ? lost.dataset[what] : "";
  lost.toggleAttribute("hidden", !what);
  if (what) lost.scrollIntoView({ block: "nearest" });
}

async function check() {
  const mine = ++asked;
  let lost = "node";
  try {
    const answer = await fetch(draft.dataset.check, {
      method: "POST", body: new URLSearchParams(new FormData(draft)),
    });
    if (answer.status === 401) lost = "session";
    if (answer.ok) {
      const told = await answer.json();
      lost = "";
      if (mine === asked) show(told);
    }
  } catch { /* the line to the node is down */ }
  tell(lost);
  return !lost;
}

let isTouched = "typed" in draft.dataset;
draft.addEventListener("input", () => {
  isTouched = true;
  sum();
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
});
// Whoever leaves the page for an answer that does not come loses what was typed.
let isSure = false;
draft.addEventListener("submit", async (event) => {
  if (!isSure) {
    event.preventDefault();
    isSure = await check();
    if (isSure) draft.requestSubmit(event.submitter);
    isSure = false;
  } else isTouched = false;
});
addEventListener("beforeunload", (event) => { if (isTouched) event.preventDefault(); });
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    draft.requestSubmit(document.getElementById("send"));
  }
});
sum();

// On a refused form the first faulty field is in view.
draft.querySelector("[data-faulty]")?.focus();
