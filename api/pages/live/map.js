// The map: a sketch of the city drawn from our own coordinates, and one dot per car. No tiles from outside.
/* global L */

const STATES = {
  available: "free",
  reserved: "reserved",
  in_trip: "in a trip",
  out_of_service: "out of service",
};
const LOOK = {
  water: { color: "#7fb2d6", weight: 4, opacity: 0.6 },
  rail: { color: "#9a9a9a", weight: 2, opacity: 0.6, dashArray: "6 4" },
  grid: { color: "#9a9a9a", weight: 1, opacity: 0.2 },
};

const colour = (state) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${state in STATES ? state : "other"}`).trim();

function popup(car) {
  const box = document.createElement("div");
  const energy = car.energy_percent == null ? "" : `, ${Math.round(car.energy_percent)} %`;
  box.textContent = `${car.plate ?? car.vehicle_id}: ${car.model ?? ""}${energy}, ${STATES[car.state] ?? car.state}`;
  return box;
}

export class CityMap {
  static async create(mapId, legendId) {
    const sketch = await (await fetch("berlin.geojson")).json();
    return new CityMap(mapId, legendId, sketch);
  }

  constructor(mapId, legendId, sketch) {
    this.legend = document.getElementById(legendId);
    this.cars = new Map();
    this.fitted = false;
    this.map = L.map(mapId, { preferCanvas: true, minZoom: 9 }).setView([52.505, 13.38], 12);
    this.map.attributionControl.setPrefix("Leaflet").addAttribution("sketch of Berlin: CSBE");
    this.#drawGrid();
    L.geoJSON(sketch, {
      interactive: false,
      style: (feature) => LOOK[feature.properties.kind],
      pointToLayer: (feature, at) =>
        L.marker(at, {
          interactive: false,
          icon: L.divIcon({ className: "district", html: feature.properties.name, iconSize: null }),
        }),
    }).addTo(this.map);
  }

  /** Move, recolour, add and remove dots, so that exactly these cars are shown. */
  show(cars) {
    const placed = cars.filter((car) => car.latitude != null && car.longitude != null);
    const present = new Set(placed.map((car) => car.vehicle_id));
    for (const car of placed) this.#place(car);
    for (const [id, dot] of this.cars) {
      if (!present.has(id)) {
        dot.remove();
        this.cars.delete(id);
      }
    }
    this.#count(cars);
    this.#fitOnce(placed);
  }

  #place(car) {
    const at = [car.latitude, car.longitude];
    const look = { color: colour(car.state), fillColor: colour(car.state) };
    const dot = this.cars.get(car.vehicle_id);
    if (dot) {
      dot.setLatLng(at).setStyle(look);
      dot.car = car;
      return;
    }
    const added = L.circleMarker(at, { radius: 5, weight: 1, fillOpacity: 0.8, ...look });
    added.car = car;
    added.bindPopup(() => popup(added.car)).addTo(this.map);
    this.cars.set(car.vehicle_id, added);
  }

  #count(cars) {
    const counts = {};
    for (const car of cars) counts[car.state] = (counts[car.state] ?? 0) + 1;
    const shown = [...Object.keys(STATES), ...Object.keys(counts).filter((state) => !(state in STATES))];
    this.legend.replaceChildren(
      ...shown.map((state) => {
        const row = document.createElement("li");
        row.dataset.state = state;
        const dot = document.createElement("i");
        dot.style.background = colour(state);
        const number = document.createElement("b");
        number.textContent = counts[state] ?? 0;
        row.append(dot, `${STATES[state] ?? state} `, number);
        return row;
      }),
    );
    this.legend.dataset.cars = cars.length;
  }

  #fitOnce(cars) {
    if (this.fitted || !cars.length) return;
    this.fitted = true;
    this.map.fitBounds(cars.map((car) => [car.latitude, car.longitude]), { padding: [20, 20] });
  }

  #drawGrid() {
    for (let step = 0; step <= 20; step += 1) {
      const latitude = 52.3 + step * 0.02;
      const longitude = 13.0 + step * 0.04;
      L.polyline([[latitude, 13.0], [latitude, 13.8]], { ...LOOK.grid, interactive: false }).addTo(this.map);
      L.polyline([[52.3, longitude], [52.7, longitude]], { ...LOOK.grid, interactive: false }).addTo(this.map);
    }
  }
}
