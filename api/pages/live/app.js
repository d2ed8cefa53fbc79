// The live page: cars and zones of a city, what is to be looked after, one car closely, events, today's figures.
// Everything comes from the public REST API, by the session's scopes. What is looked at stands in the address.
import { factsOf, showCar, showNoCar } from "./car.js";
import { CarList } from "./cars.js";
import { ApiError, EventStream, Session, all, get } from "./client.js";
import { element } from "./dom.js";
import { Feed } from "./feed.js";
import { midnight, showFigures } from "./figures.js";
import { Lists } from "./lists.js";
import { CityMap } from "./map.js";

const OFTEN_MS = 2_000;
const SOMETIMES_MS = 10_000;
const SELDOM_MS = 60_000;
const connection = document.getElementById("connection");
const cityChoice = document.getElementById("city");
const panel = document.getElementById("car");

/** What is shown: every car that the session sees, and of which city. */
const city = {
  cars: new Map(),
  zones: [],
  get chosen() {
    return inAddress().city ?? "";
  },
  has: (thing) => !city.chosen || thing.city_id === city.chosen,
  get shown() {
    return [...city.cars.values()].filter(city.has);
  },
  /** A car that is not known is shown, as nobody knows that it is elsewhere. */
  shows: (id) => !city.cars.has(id) || city.has(city.cars.get(id)),
  nameOf: (id) => city.cars.get(id)?.plate,
};

let session = null;
let map = null;
let carList = null;
let lists = null;
let openedFrom = null;
const feed = new Feed(city.nameOf, openCar);

/** What is looked at, as a colleague can open it too: #city=…&car=… */
function inAddress() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

function goTo(change) {
  const wanted = Object.entries({ ...inAddress(), ...change }).filter(([, value]) => value);
  location.hash = new URLSearchParams(wanted);
}

/** The one-time code of the address, which is gone from it at once. */
function codeFromAddress() {
  const { code, ...rest } = inAddress();
  const hash = new URLSearchParams(rest).toString();
  if (code) history.replaceState(null, "", location.pathname + (hash && `#${hash}`));
  return code;
}

function say(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

function askForToken(reason) {
  session = null;
  say("lost", reason);
  const form = document.getElementById("ask");
  form.hidden = false;
  form.onsubmit = (event) => {
    event.preventDefault();
    form.hidden = true;
    const token = document.getElementById("token");
    start(Session.pasted(token.value.trim()));
    token.value = "";
  };
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Do `work` again and again while the session lasts; what the role may not ends alone, and other trouble passes. */
async function keepDoing(everyMs, work) {
  const mine = session;
  while (session === mine) {
    try {
      await work();
    } catch (error) {
      if (session !== mine) return;
      if (error instanceof ApiError && error.status === 401) return askForToken(error.message);
      if (error instanceof ApiError && error.status === 403) return say("lost", error.message);
      say("lost", `lost: ${error.message}; trying again`);
    }
    await pause(everyMs);
  }
}

function showCities() {
  const known = new Set([...city.cars.values(), ...city.zones].map((thing) => thing.city_id).filter(Boolean));
  if (city.chosen) known.add(city.chosen);
  const names = ["", ...[...known].sort()];
  if (names.join() !== [...cityChoice.options].map((option) => option.value).join()) {
    cityChoice.replaceChildren(...names.map((value) => element("option", { value }, value || "all")));
  }
  cityChoice.value = city.chosen;
}

function showCity() {
  showCities();
  map?.showZones(city.zones.filter(city.has));
  map?.show(city.shown, city.chosen);
  carList?.show(city.shown);
  lists?.showCars(city.shown);
}

async function loadCars() {
  const cars = await all(session, "/v1/vehicles", "vehicles");
  city.cars = new Map(cars.map((car) => [car.vehicle_id, car]));
  showCities();
  map.show(city.shown, city.chosen);
  carList.show(city.shown);
  lists.showCars(city.shown);
  feed.nameCars();
  sayThatItWorks();
}

async function loadFigures() {
  showFigures(await get(session, "/v1/reports/key-figures", { since: midnight() }));
  sayThatItWorks();
}

/** Where there is an event stream, that one says it. */
function sayThatItWorks() {
  if (!session.may("live:read")) say("live", "live");
}

async function loadZones() {
  city.zones = await all(session, "/v1/zones", "zones");
  showCity();
}

function openCar(id) {
  openedFrom = document.activeElement;
  goTo({ car: id });
}

function closeCar() {
  panel.hidden = true; // also where no car is in the address
  goTo({ car: "" });
  openedFrom?.focus();
}

/** The car of the address, anew. */
async function loadCar() {
  const { car: id } = inAddress();
  map?.choose(id ?? null);
  panel.hidden = !id;
  if (!id || !session) return;
  try {
    const facts = await factsOf(session, id);
    if (inAddress().car === id) showCar(panel, facts, { onClose: closeCar, onLocate: () => map.goTo(id) });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 401 || error.status >= 500) throw error;
    showNoCar(panel, error.message, { onClose: closeCar });
  }
}

/** The car that has this plate or VIN, whatever city is chosen. */
async function find(text) {
  const plate = text.toUpperCase();
  let found = [...city.cars.values()].find((car) => car.plate.toUpperCase() === plate);
  if (!found) [found] = (await get(session, "/v1/vehicles", { vin: plate, limit: 1 })).vehicles;
  if (!found) return showNoCar(panel, `No car has the plate or VIN ${text}.`, { onClose: closeCar });
  openCar(found.vehicle_id);
  map.goTo(found.vehicle_id);
}

async function start(begun) {
  session = begun;
  document.getElementById("service").textContent = [session.claims.service, session.claims.role].filter(Boolean).join(", ");
  for (const part of document.querySelectorAll("[data-needs]")) part.hidden = !session.may(part.dataset.needs);
  document.body.toggleAttribute("data-without-map", !session.may("vehicles:read"));
  lists = new Lists(session, city, openCar);
  if (session.may("vehicles:read")) {
    map ??= await CityMap.create("map", "legend", openCar);
    carList ??= new CarList(openCar);
    keepDoing(OFTEN_MS, loadCars);
    keepDoing(SELDOM_MS, loadZones);
    keepDoing(SOMETIMES_MS, loadCar);
  }
  keepDoing(SOMETIMES_MS, () => lists.ask());
  if (session.may("reports:read")) keepDoing(SOMETIMES_MS, loadFigures);
  if (session.may("live:read")) {
    const events = new EventStream(session, "/v1/events");
    keepDoing(OFTEN_MS, () => events.read((event) => feed.take(event), () => say("live", "live"), () => feed.forget()));
  }
}

async function logIn() {
  const code = codeFromAddress();
  try {
    const begun = code ? await Session.byCode(code) : await Session.kept();
    if (begun) start(begun);
    else askForToken("log in, or paste a token");
  } catch (error) {
    askForToken(error.message);
  }
}

window.addEventListener("hashchange", () => {
  if (inAddress().code) return location.reload();
  showCity();
  loadCar().catch((error) => say("lost", error.message));
});
cityChoice.onchange = () => goTo({ city: cityChoice.value });
document.getElementById("find").onsubmit = (event) => {
  event.preventDefault();
  find(document.getElementById("wanted").value.trim()).catch((error) => say("lost", error.message));
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden) closeCar();
});
logIn();
