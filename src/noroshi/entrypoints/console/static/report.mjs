// The page of a report that we sent: loaded anew when it got further, unless somebody is typing.

const { report, reached } = document.body.dataset;
const before = JSON.stringify(JSON.parse(reached));
let isTouched = false;

async function look() {
  const answer = await fetch("/rows");
  if (answer.status === 401) return location.reload();
  if (!answer.ok) return;
  const found = (await answer.json()).sent.find((each) => each.report === report);
  if (found && JSON.stringify(found.desks) !== before && !isTouched) location.reload();
}

addEventListener("input", () => { isTouched = true; });
new EventSource("/events").addEventListener("changed", look);
