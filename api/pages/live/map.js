// The map: a sketch of Berlin drawn from our own coordinates, the zones, and one dot per car. No tiles from outside.
/* global L */
import { element } from "./dom.js";
import { STATES } from "./words.js";

const LOOK = {
  water: { color: "#7fb2d6", weight: 4, opacity: 0.6 },
  rail: { color: "#9a9a9a", weight: 2, opacity: 0.6, dashArray: "6 4" },
  grid: { color: "#9a9a9a", weight: 1, opacity: 0.2 },
};
const SHOWN = ["available", "reserved", "in_trip", "out_of_service"];
const ZONES = { home_area: "home area", no_parking: "no parking", airport: "airport" };

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const colour = (state) => variable(SHOWN.includes(state) ? state : "other");

function legendRow(name, look, words, count) {
  const dot = element("i");
  dot.style.background = look;
  return element("li", { "data-state": name }, dot, `${words} `, element("b", {}, String(count)));
}

export class CityMap {
  static async create(mapId, legendId, onCar) {
    const sketch = await (await fetch("berlin.geojson")).json();
    return new CityMap(mapId, legendId, sketch, onCar);
  }

  constructor(mapId, legendId, sketch, onCar) {
    this.legend = document.getElementById(legendId);
    this.cars = new Map();
    this.onCar = onCar;
    this.fittedTo = null;
    this.chosen = null;
    this.zones = L.layerGroup();
    this.map = L.map(mapId, { preferCanvas: true, minZoom: 9 }).setView([52.505, 13.38], 12);
    this.map.attributionControl.setPrefix("Leaflet").addAttribution("sketch of Berlin: CSBE");
    new ResizeObserver(() => this.map.invalidateSize()).observe(this.map.getContainer());
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
    this.zones.addTo(this.map);
  }

  /** Draw these zones and no others. */
  showZones(zones) {
    this.zones.clearLayers();
    for (const zone of zones) {
      const outline = { type: "MultiPolygon", coordinates: zone.polygons };
      const look = { color: variable(zone.kind), weight: 2, fillOpacity: zone.kind === "home_area" ? 0.03 : 0.15 };
      this.zones.addLayer(L.geoJSON(outline, { interactive: false, style: look }));
    }
    for (const dot of this.cars.values()) dot.bringToFront();
    const kinds = [...new Set(zones.map((zone) => zone.kind))].sort();
    this.zoneLegend = kinds.map((kind) => {
      const count = zones.filter((zone) => zone.kind === kind).length;
      return legendRow(`zone-${kind}`, variable(kind), ZONES[kind] ?? kind, count);
    });
  }

  /** Ring the chosen car; null rings none. */
  choose(id) {
    const before = this.cars.get(this.chosen);
    this.chosen = id;
    for (const dot of [before, this.cars.get(id)]) dot?.setStyle(this.#look(dot.car)).setRadius(this.#radius(dot.car));
  }

  /** Bring a car into the middle. */
  goTo(id) {
    const dot = this.cars.get(id);
    if (dot) this.map.setView(dot.getLatLng(), Math.max(this.map.getZoom(), 15));
  }

  /** Move, recolour, add and remove dots, so that exactly these cars are shown, of this city; a city that is new is brought into view. */
  show(cars, city) {
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
    this.#fit(placed, city);
  }

  #place(car) {
    const at = [car.latitude, car.longitude];
    const look = this.#look(car);
    const dot = this.cars.get(car.vehicle_id);
    if (dot) {
      dot.setLatLng(at).setStyle(look);
      dot.car = car;
      return;
    }
    const added = L.circleMarker(at, { radius: this.#radius(car), fillOpacity: 0.8, ...look });
    added.car = car;
    added.on("click", () => this.onCar(added.car.vehicle_id)).addTo(this.map);
    this.cars.set(car.vehicle_id, added);
  }

  #count(cars) {
    const counts = {};
    for (const car of cars) counts[car.state] = (counts[car.state] ?? 0) + 1;
    const shown = [...SHOWN, ...Object.keys(counts).filter((state) => !SHOWN.includes(state))];
    const states = shown.map((state) => legendRow(state, colour(state), STATES[state] ?? state, counts[state] ?? 0));
    this.legend.replaceChildren(...states, ...(this.zoneLegend ?? []));
    this.legend.dataset.cars = cars.length;
  }

  #look(car) {
    const ring = car.vehicle_id === this.chosen;
    return { color: ring ? variable("text") : colour(car.state), fillColor: colour(car.state), weight: ring ? 3 : 1 };
  }

  #radius(car) {
    return car.vehicle_id === this.chosen ? 9 : 5;
  }

  #fit(cars, city) {
    if (this.fittedTo === city || !cars.length) return;
    this.fittedTo = city;
    this.map.fitBounds(cars.map((car) => [car.latitude, car.longitude]), { padding: [20, 20], maxZoom: 15 });
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
