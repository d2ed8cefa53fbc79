// The live page: cars on a map, the event stream, the key figures. Everything comes from the public REST API.
import { ApiError, EventStream, get } from "./client.js";
import { CityMap } from "./map.js";
import { showEvent, showFigures } from "./panels.js";

const EVERY_MS = 2000;
const connection = document.getElementById("connection");

function say(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

function tokenFromAddress() {
  return new URLSearchParams(location.hash.slice(1)).get("token");
}

function askForToken(reason) {
  say("lost", reason);
  const form = document.getElementById("ask");
  form.hidden = false;
  form.onsubmit = (event) => {
    event.preventDefault();
    location.hash = new URLSearchParams({ token: document.getElementById("token").value.trim() });
    location.reload();
  };
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Do `work` again and again; a refused token ends it, anything else is tried again after a pause. */
async function keepDoing(work, token) {
  for (;;) {
    try {
      await work(token);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        askForToken(error.message);
        return;
      }
      say("lost", `lost: ${error.message}; trying again`);
    }
    await pause(EVERY_MS);
  }
}

async function allCars(token) {
  const cars = [];
  let cursor = null;
  do {
    const page = await get(token, "/v1/vehicles", { limit: 1000, ...(cursor ? { cursor } : {}) });
    cars.push(...page.vehicles);
    cursor = page.next;
  } while (cursor);
  return cars;
}

async function start(token) {
  const map = await CityMap.create("map", "legend");
  keepDoing(async () => map.show(await allCars(token)), token);
  keepDoing(async () => showFigures(await get(token, "/v1/reports/key-figures")), token);
  const events = new EventStream(token, "/v1/events");
  keepDoing(() => events.read(showEvent, () => say("live", "live")), token);
}

window.addEventListener("hashchange", () => location.reload());
const token = tokenFromAddress();
if (token) start(token);
else askForToken("a token is needed");
