// The cars of the map as a list: what a click on a dot does, for whoever has no mouse.
import { element, walkByArrows } from "./dom.js";
import { STATES, percent } from "./words.js";

const byPlate = (one, other) => one.plate.localeCompare(other.plate, undefined, { numeric: true });

function wordsOf(car) {
  const energy = car.energy_percent == null ? null : percent(car.energy_percent);
  const place = car.latitude == null ? "no known place" : null;
  return [STATES[car.state] ?? car.state, energy, place].filter(Boolean).join(", ");
}

export class CarList {
  #box = document.getElementById("cars");
  #list = element("ul");
  #count = element("b");
  #rows = new Map();
  #cars = [];
  #onCar;

  constructor(onCar) {
    this.#onCar = onCar;
    this.#box.replaceChildren(element("summary", {}, "Cars as a list ", this.#count), this.#list);
    this.#box.addEventListener("toggle", () => this.#draw());
    walkByArrows(this.#box);
  }

  /** Exactly these cars; nothing is drawn while the list is closed. */
  show(cars) {
    this.#cars = [...cars].sort(byPlate);
    this.#count.textContent = String(cars.length);
    this.#draw();
  }

  /** Each car keeps its row, so that the one that has the focus stays where it is. */
  #draw() {
    if (!this.#box.open) return;
    const focused = document.activeElement;
    this.#rows = new Map(this.#cars.map((car) => [car.vehicle_id, this.#row(car)]));
    const rows = [...this.#rows.values()];
    const drawn = [...this.#list.children];
    if (rows.length === drawn.length && rows.every((row, at) => row === drawn[at])) return;
    this.#list.replaceChildren(...rows);
    if (this.#list.contains(focused)) focused.focus();
  }

  #row(car) {
    const words = wordsOf(car);
    const row = this.#rows.get(car.vehicle_id) ?? this.#newRow(car.vehicle_id);
    const [name, told] = row.firstChild.children;
    if (name.textContent !== car.plate) name.textContent = car.plate;
    if (told.textContent !== words) told.textContent = words;
    return row;
  }

  #newRow(id) {
    const open = () => this.#onCar(id);
    return element("li", {}, element("button", { type: "button", onclick: open }, element("span"), element("small")));
  }
}
