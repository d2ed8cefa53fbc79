// What is to be looked after: each list with its count, each row leads to a car.
import { ApiError, get } from "./client.js";
import { element, walkByArrows } from "./dom.js";
import { ago, percent, spaced } from "./words.js";

const DAY_MS = 24 * 3600 * 1000;
const MOST = 200;

const inFleet = (car) => car.state !== "decommissioned";

/** Found among the cars that the page has. */
const OF_CARS = {
  low_energy: {
    title: "Low energy",
    rows: (cars) =>
      cars
        .filter((car) => inFleet(car) && car.energy_low)
        .sort((one, other) => (one.energy_percent ?? 0) - (other.energy_percent ?? 0))
        .map((car) => ({ car: car.vehicle_id, note: percent(car.energy_percent) })),
  },
  offline: {
    title: "Offline",
    rows: (cars) =>
      cars
        .filter((car) => inFleet(car) && !car.online)
        .sort((one, other) => (one.offline_since ?? "").localeCompare(other.offline_since ?? ""))
        .map((car) => ({ car: car.vehicle_id, note: car.offline_since ? ago(car.offline_since) : "never heard of" })),
  },
};

const byTrip = (trip) => ({ car: trip.vehicle_id, note: `asked for ${ago(trip.requested_at)}`, words: trip.reason });

/** Asked for, by whoever has the scope. */
const ASKED = {
  failed_starts: {
    title: "Failed starts, 24 h",
    needs: "rentals:read",
    path: "/v1/trips",
    query: () => ({ state: "start_failed", since: new Date(Date.now() - DAY_MS).toISOString() }),
    rows: (page) => page.trips.map(byTrip),
  },
  unconfirmed_ends: {
    title: "Ends not confirmed",
    needs: "rentals:read",
    path: "/v1/trips",
    query: () => ({ state: "ending" }),
    rows: (page) => page.trips.map(byTrip),
  },
  failed_jobs: {
    title: "Failed jobs",
    needs: "jobs:read",
    path: "/v1/failed-jobs",
    query: () => ({}),
    rows: (page) =>
      page.jobs.map((job) => ({
        car: job.vehicle_id,
        note: ago(job.failed_at),
        words: `${spaced(job.kind)}: ${job.error}`,
        command: `csbe jobs retry ${job.job_id} --reason "…"`,
      })),
  },
  reviews: {
    title: "Reviews",
    needs: "invoices:read",
    path: "/v1/charges",
    query: () => ({ state: "in_review" }),
    rows: (page) =>
      page.charges.map((charge) => ({
        [charge.subject_kind]: charge.subject_id,
        note: ago(charge.raised_at),
        words: charge.reasons.map((reason) => reason.detail ?? spaced(reason.code ?? reason)).join(", "),
      })),
  },
  field_tasks: {
    title: "Field tasks",
    needs: "fleet:read",
    path: "/v1/tasks",
    query: () => ({ state: "raised" }),
    rows: (page) =>
      page.tasks.map((task) => ({
        car: task.vehicle_id,
        note: ago(task.raised_at),
        words: `${spaced(task.kind)}: ${task.reason}`,
      })),
  },
};

export class Lists {
  #box = document.getElementById("lists");
  #session;
  #city;
  #onCar;

  /** `city` has the cars that are shown, and says what a car is called. */
  constructor(session, city, onCar) {
    this.#session = session;
    this.#city = city;
    this.#onCar = onCar;
    const asked = Object.entries(ASKED).filter(([, list]) => session.may(list.needs));
    const ofCars = session.may("fleet:read") ? Object.entries(OF_CARS) : [];
    this.#box.replaceChildren(
      element("h2", {}, "To be looked after"),
      ...[...ofCars, ...asked].map(([name, list]) => this.#frame(name, list.title)),
    );
    this.#box.hidden = ofCars.length + asked.length === 0;
    walkByArrows(this.#box);
  }

  /** By the cars that are on the map. */
  showCars(cars) {
    for (const [name, list] of Object.entries(OF_CARS)) this.#fill(name, list.rows(cars), false);
  }

  /** What has to be asked for. */
  async ask() {
    for (const [name, list] of Object.entries(ASKED)) {
      if (!this.#find(name)) continue;
      try {
        const page = await get(this.#session, list.path, { limit: MOST, ...list.query() });
        this.#fill(name, list.rows(page), page.next !== null);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 403)) throw error;
        this.#find(name).remove();
      }
    }
  }

  #frame(name, title) {
    const count = element("b", {}, "?");
    return element("details", { "data-list": name }, element("summary", {}, `${title} `, count), element("ul"));
  }

  #find(name) {
    return this.#box.querySelector(`[data-list=${name}]`);
  }

  #fill(name, rows, hasMore) {
    const list = this.#find(name);
    if (!list) return;
    const shown = rows.filter((row) => !row.car || this.#city.shows(row.car));
    list.querySelector("b").textContent = `${shown.length}${hasMore ? "+" : ""}`;
    list.toggleAttribute("data-empty", shown.length === 0);
    const told = JSON.stringify(shown.map((row) => ({ ...row, name: this.#city.nameOf(row.car) })));
    if (list.told === told) return; // a row that somebody is about to press stays
    list.told = told;
    const buttons = [...list.querySelectorAll("button")];
    const focused = buttons.indexOf(document.activeElement);
    list.querySelector("ul").replaceChildren(...shown.map((row) => this.#row(row)));
    if (focused >= 0) [...list.querySelectorAll("button")].at(Math.min(focused, shown.length - 1))?.focus();
  }

  #row({ car, trip, note, words, command }) {
    const text = [words ? `${words} ` : "", element("small", {}, note)];
    const atTheTerminal = command && element("code", {}, command);
    if (!car && !(trip && this.#session.may("rentals:read"))) return element("li", {}, ...text, atTheTerminal);
    const name = car ? (this.#city.nameOf(car) ?? "car") : "trip's car";
    const open = async () => this.#onCar(car ?? (await get(this.#session, `/v1/trips/${trip}`)).vehicle_id);
    return element("li", {}, element("button", { type: "button", onclick: open }, name, " ", ...text), atTheTerminal);
  }
}
