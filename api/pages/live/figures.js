// Today's figures, in the header. Today begins at midnight where the page is read.
import { element } from "./dom.js";
import { money } from "./words.js";

const list = document.getElementById("figures");

export function midnight() {
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  return today.toISOString();
}

export function showFigures(given) {
  const shown = {
    free: given.available,
    reserved: given.reserved,
    "in a trip": given.in_trip,
    "out of service": given.out_of_service,
    "trips today": given.trips,
    "new members": given.members,
  };
  const pairs = Object.entries(shown).map(([name, count]) => [name, count.toLocaleString()]);
  const revenue = Object.entries(given.gross_minor).map(([currency, minor]) => money(minor, currency));
  pairs.push(["invoiced today", revenue.join(" + ") || "–"]);
  list.replaceChildren(
    ...pairs.map(([name, value]) =>
      element("div", { "data-figure": name }, element("dt", {}, name), element("dd", {}, value)),
    ),
  );
}
