// The panel of one car: what is known of it now, what is under way with it, what happened last.
import { get } from "./client.js";
import { element } from "./dom.js";
import { STATES, TRIP_STATES, ago, percent, sentence, spaced } from "./words.js";

const OVER = ["ended", "start_failed"];
const EVENTS = 20;

/** All that the session may know of a car. Raises `ApiError` when there is no such car for it. */
export async function factsOf(session, id) {
  const ifMay = (scopes, path, query) => (scopes.some((scope) => session.may(scope)) ? get(session, path, query) : null);
  const [car, trips, tasks, log] = await Promise.all([
    get(session, `/v1/vehicles/${encodeURIComponent(id)}`),
    ifMay(["rentals:read"], "/v1/trips", { vehicle_id: id, limit: 1 }),
    ifMay(["fleet:read"], "/v1/tasks", { vehicle_id: id }),
    ifMay(["live:read", "history:read"], "/v1/history", { vehicle_id: id, newest_first: true, limit: EVENTS }),
  ]);
  return { car, trip: trips?.trips[0], tasks: tasks?.tasks ?? [], events: log?.events };
}

function contact({ online, readings }) {
  const heard = readings.heard_at ? ago(readings.heard_at) : "never heard of";
  return online ? heard : `offline, ${heard}`;
}

function place({ value, at }) {
  return `${value.latitude.toFixed(5)}, ${value.longitude.toFixed(5)} (${ago(at)})`;
}

function pairs({ car, trip, tasks }) {
  const { position, energy_percent: energy, locked } = car.readings;
  const underWay = trip && !OVER.includes(trip.state);
  return {
    Model: [car.make, car.model.startsWith(car.make) ? car.model.slice(car.make.length).trim() : car.model].join(" "),
    State: STATES[car.state] ?? car.state,
    Energy: energy ? `${percent(energy.value)} (${ago(energy.at)})` : "unknown",
    Contact: contact(car),
    Locked: locked ? (locked.value ? "yes" : "no") : "unknown",
    Place: position ? place(position) : "not shown",
    Trip: underWay && `${TRIP_STATES[trip.state] ?? trip.state}, asked for ${ago(trip.requested_at)}`,
    Tasks: tasks.map((task) => `${spaced(task.kind)}: ${task.reason}`).join("; "),
  };
}

function history(events) {
  return element(
    "ol",
    {},
    ...events.map((event) =>
      element(
        "li",
        {},
        element("time", { datetime: event.recorded_at }, new Date(event.recorded_at).toLocaleString()),
        element("span", { title: event.topic }, sentence(event.topic, event.reason)),
      ),
    ),
  );
}

/** Fill the panel; what has the focus in it keeps it. */
export function showCar(panel, facts, { onClose, onLocate }) {
  const told = Object.entries(pairs(facts)).filter(([, value]) => value);
  const focused = document.activeElement?.id;
  const scrolled = panel.scrollTop;
  panel.replaceChildren(
    element("h2", { id: "car-name" }, facts.car.plate),
    element("button", { id: "car-locate", type: "button", onclick: onLocate }, "Show on map"),
    element("button", { id: "car-close", type: "button", onclick: onClose }, "Close"),
    element("dl", {}, ...told.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))),
    facts.events && element("h3", {}, "Last events"),
    facts.events && history(facts.events),
  );
  panel.hidden = false;
  panel.scrollTop = scrolled;
  if (focused?.startsWith("car-")) document.getElementById(focused)?.focus();
}

/** Say why there is nothing to show. */
export function showNoCar(panel, why, { onClose }) {
  panel.replaceChildren(
    element("h2", { id: "car-name" }, "Car"),
    element("button", { id: "car-close", type: "button", onclick: onClose }, "Close"),
    element("p", { role: "alert" }, why),
  );
  panel.hidden = false;
}
