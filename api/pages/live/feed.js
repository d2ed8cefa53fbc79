// The event stream in words: filtered by kind, searched, paused without losing anything.
import { element, walkByArrows } from "./dom.js";
import { KINDS, sentence } from "./words.js";

const KEPT = 300;
const PREFIX = "csbe.";
const TAKEN_FROM = "fleet.vehicle.";

/** Which car an event is about, if any. */
function carOf(type, event) {
  return type.startsWith(TAKEN_FROM) ? event.subject : event.data?.vehicle_id;
}

export class Feed {
  #list = document.getElementById("events");
  #kind = document.getElementById("kind");
  #search = document.getElementById("words");
  #pause = document.getElementById("pause");
  #waiting = null; // what came during the pause; null when there is none
  #most = KEPT;
  #nameOf;
  #onCar;

  /** `nameOf` a car by its id, if it is known; `onCar` opens one. */
  constructor(nameOf, onCar) {
    this.#nameOf = nameOf;
    this.#onCar = onCar;
    this.#kind.append(...Object.entries(KINDS).map(([value, name]) => element("option", { value }, name)));
    this.#kind.onchange = this.#search.oninput = () => this.#filter();
    this.#pause.onclick = () => (this.#waiting ? this.#goOn() : this.#stop());
    walkByArrows(this.#list);
  }

  /** An event of the log (a CloudEvent): on top of the list, or kept until the pause ends. */
  take(event) {
    if (this.#waiting) {
      this.#waiting.push(event);
      this.#label();
    } else this.#show(event);
  }

  /** What was shown is not in the log any more. */
  forget() {
    this.#list.replaceChildren();
    if (this.#waiting) this.#waiting = [];
    this.#label();
  }

  #stop() {
    this.#waiting = [];
    this.#label();
  }

  #goOn() {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#most = Math.max(KEPT, waiting.length); // else the first of them would leave unseen
    for (const event of waiting) this.#show(event);
    this.#label();
  }

  #label() {
    this.#pause.setAttribute("aria-pressed", String(this.#waiting !== null));
    this.#pause.textContent = this.#waiting ? `Go on (${this.#waiting.length})` : "Pause";
  }

  #show(event) {
    const type = event.type.startsWith(PREFIX) ? event.type.slice(PREFIX.length) : event.type;
    const car = carOf(type, event);
    const time = element("time", { datetime: event.time }, new Date(event.time).toLocaleTimeString());
    const words = element("span", { title: type }, sentence(type, event.data?.reason));
    const link = car && element("button", { type: "button", onclick: () => this.#onCar(car) }, "car");
    const row = element("li", { "data-kind": type.split(".")[0], "data-position": Number(event.sequence) }, time, words, link);
    row.car = car;
    row.ids = `${type} ${event.subject}`;
    this.#name(row);
    this.#list.prepend(row);
    while (this.#list.children.length > this.#most) this.#list.lastElementChild.remove();
  }

  /** Call the cars by their plates: the first events may be there before the cars are. */
  nameCars() {
    for (const row of this.#list.children) if (row.car && !row.named) this.#name(row);
  }

  #name(row) {
    row.named = this.#nameOf(row.car);
    if (row.named) row.querySelector("button").textContent = row.named;
    row.searched = `${row.textContent} ${row.ids}`.toLowerCase();
    this.#hideUnlessWanted(row);
  }

  #filter() {
    for (const row of this.#list.children) this.#hideUnlessWanted(row);
  }

  #hideUnlessWanted(row) {
    const isOfKind = !this.#kind.value || row.dataset.kind === this.#kind.value;
    row.hidden = !(isOfKind && row.searched.includes(this.#search.value.trim().toLowerCase()));
  }
}
