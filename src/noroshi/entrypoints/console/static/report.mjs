// The page of a report that we sent: loaded anew when it got further, unless somebody is typing.

const report = document.body.dataset.report;
let before = null;
let isTouched = false;

async function look() {
  const answer = await fetch("/rows");
  if (answer.status === 401) return location.reload();
  if (!answer.ok) return;
  const found = (await answer.json()).sent.find((each) => each.report === report);
  const now = JSON.stringify(found?.desks ?? []);
  if (before !== null && now !== before && !isTouched) location.reload();
  before = now;
}

addEventListener("input", () => { isTouched = true; });
new EventSource("/events").addEventListener("changed", look);
