// The live page: cars on a map, the event stream, the key figures. Everything comes from the public REST API.
import { ApiError, EventStream, Session, get } from "./client.js";
import { CityMap } from "./map.js";
import { forgetEvents, showEvent, showFigures } from "./panels.js";

const EVERY_MS = 2000;
const connection = document.getElementById("connection");

function say(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

/** The one-time code of the address, which is gone from it at once. */
function codeFromAddress() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}

function askForToken(reason) {
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

/** Do `work` again and again; a refused token ends it, anything else is tried again after a pause. */
async function keepDoing(work) {
  for (;;) {
    try {
      await work();
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

async function allCars(session) {
  const cars = [];
  let cursor = null;
  do {
    const page = await get(session, "/v1/vehicles", { limit: 1000, ...(cursor ? { cursor } : {}) });
    cars.push(...page.vehicles);
    cursor = page.next;
  } while (cursor);
  return cars;
}

let map = null;

async function start(session) {
  map ??= await CityMap.create("map", "legend");
  keepDoing(async () => map.show(await allCars(session)));
  keepDoing(async () => showFigures(await get(session, "/v1/reports/key-figures")));
  const events = new EventStream(session, "/v1/events");
  keepDoing(() => events.read(showEvent, () => say("live", "live"), forgetEvents));
}

async function logIn() {
  const code = codeFromAddress();
  try {
    const session = code ? await Session.byCode(code) : await Session.kept();
    if (session) start(session);
    else askForToken("log in, or paste a token");
  } catch (error) {
    askForToken(error.message);
  }
}

window.addEventListener("hashchange", () => location.reload());
logIn();
