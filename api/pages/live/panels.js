// What stands beside the map: the latest events, and the key figures.

const KEPT = 200;
const list = document.getElementById("events");
const figures = document.getElementById("figures");

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** An event of the log (a CloudEvent) on top of the list; the oldest leave at the bottom. */
export function showEvent(event) {
  const row = document.createElement("li");
  row.dataset.position = Number(event.sequence);
  const time = element("time", new Date(event.time).toLocaleTimeString());
  time.dateTime = event.time;
  row.append(time, element("code", event.type), element("small", `${Number(event.sequence)} · ${event.subject}`));
  list.prepend(row);
  while (list.children.length > KEPT) list.lastElementChild.remove();
}

/** What was shown is not in the log any more. */
export function forgetEvents() {
  list.replaceChildren();
}

/** A count, or an amount in minor units: the name of an amount ends so. */
function worded(name, value, currency) {
  if (value === null) return "–";
  if (name.endsWith("_minor") && currency) return money(value, currency);
  return typeof value === "number" ? value.toLocaleString() : String(value);
}

function money(minor, currency) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Every figure that the API gives, under its own name. */
export function showFigures({ currency, ...given }) {
  figures.replaceChildren(
    ...Object.entries(given).map(([name, value]) => {
      const pair = document.createElement("div");
      pair.dataset.figure = name;
      const label = name.replace(/_minor$/, "").replaceAll("_", " ");
      pair.append(element("dt", label), element("dd", worded(name, value, currency)));
      return pair;
    }),
  );
}
