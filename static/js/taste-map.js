/* The taste map. Cytoscape computes the layout, draws the edges, pans and zooms. The nodes
   are the page's list items, placed over the canvas, so that they stay links for mouse,
   touch, keyboard and screen readers. */

import cytoscape from "../vendor/cytoscape/cytoscape.esm.min.mjs";
import { startEach } from "./elements.js";

const SIZES = [128, 104, 88]; // px, by ring, label included
const ROOM = 1.6; // the area of the map, as a multiple of that of its nodes
const MARGIN = 12; // px around the whole map
const MAX_FIRST_ZOOM = 1.15;
const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const still = matchMedia("(prefers-reduced-motion: reduce)");

/* The computed value of a colour token; Cytoscape does not support custom properties. */
function colour(element, token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function style(stage) {
  return [
    {
      selector: "node",
      style: { width: "data(size)", height: "data(size)", opacity: 0, events: "no" },
    },
    {
      selector: "edge",
      style: {
        width: "data(strength)",
        "curve-style": "straight",
        "line-color": colour(stage, "--line-strong"),
        "line-opacity": 0.45,
      },
    },
    { selector: "edge[kind != 'co_watched']", style: { "line-style": "dashed" } },
    {
      selector: "edge.near",
      style: { "line-color": colour(stage, "--accent-text"), "line-opacity": 1 },
    },
  ];
}

/* Starts from rings around the centre, so that the layout is always the same. */
function elements(entries, links) {
  const rings = SIZES.map((_, ring) =>
    entries.filter((entry) => Number(entry.dataset.ring) === ring),
  );
  const nodes = rings.flatMap((ring, distance) =>
    ring.map((entry, place) => {
      const angle = (2 * Math.PI * place) / ring.length + distance;
      return {
        data: { id: entry.dataset.key, size: SIZES[distance], ring: distance },
        position: {
          x: 210 * distance * Math.cos(angle),
          y: 210 * distance * Math.sin(angle),
        },
      };
    }),
  );
  const edges = links.map(({ source, target, kind, strength }) => ({
    data: { source, target, kind, strength },
  }));
  return [...nodes, ...edges];
}

function arrange(cy, stage) {
  cy.layout({
    name: "cose",
    animate: false,
    randomize: false,
    fit: false,
    nodeRepulsion: 30_000,
    nodeOverlap: 60,
    idealEdgeLength: (edge) => (edge.data("kind") === "co_watched" ? 40 : 20),
    gravity: 2,
    numIter: 2000,
  }).run();
  pack(cy.nodes(), stage);
}

/* Fits the layout into a rectangle with the shape of the stage and room for all nodes, so
   that a view of the whole map is readable and cuts none. */
function pack(nodes, { clientWidth, clientHeight }) {
  const boxes = nodes.map((node) => ({ ...node.position(), size: node.data("size") }));
  const needed = boxes.reduce((sum, { size }) => sum + size ** 2, 0) * ROOM;
  const scale = Math.max(0.9, Math.sqrt(needed / (clientWidth * clientHeight)));
  const bounds = { x: clientWidth * scale, y: clientHeight * scale };
  for (const axis of ["x", "y"]) stretch(boxes, axis, bounds[axis]);
  for (let round = 0; round < 500 && separate(boxes); round += 1) {
    for (const box of boxes) {
      for (const axis of ["x", "y"]) {
        box[axis] = Math.min(Math.max(box[axis], box.size / 2), bounds[axis] - box.size / 2);
      }
    }
  }
  nodes.forEach((node, place) => node.position({ x: boxes[place].x, y: boxes[place].y }));
}

/* Stretches the boxes along an axis, from one end of the rectangle to the other. */
function stretch(boxes, axis, length) {
  const places = boxes.map((box) => box[axis]);
  const [low, high] = [Math.min(...places), Math.max(...places)];
  for (const box of boxes) {
    const share = high > low ? (box[axis] - low) / (high - low) : 0.5;
    box[axis] = box.size / 2 + share * (length - box.size);
  }
}

/* Pushes overlapping boxes apart on their shorter way; returns whether any overlapped. */
function separate(boxes) {
  let overlapping = false;
  boxes.forEach((one, place) => {
    for (const other of boxes.slice(place + 1)) {
      const least = (one.size + other.size) / 2;
      const across = least - Math.abs(one.x - other.x);
      const down = least - Math.abs(one.y - other.y);
      if (Math.min(across, down) < 1) continue;
      overlapping = true;
      const axis = across < down ? "x" : "y";
      const push = Math.min(across, down) / 2;
      const sign = one[axis] < other[axis] ? -1 : 1;
      one[axis] += sign * push;
      other[axis] -= sign * push;
    }
  });
  return overlapping;
}

class TasteMap {
  constructor(section) {
    this.section = section;
    this.stage = section.querySelector("[data-map-stage]");
    this.list = this.stage.querySelector("ul");
    this.entries = new Map(
      [...this.list.children].map((entry) => [entry.dataset.key, entry]),
    );
    const links = JSON.parse(document.getElementById("taste-map-links").textContent);
    section.classList.add("taste-map--drawn");
    this.cy = cytoscape({
      container: this.stage,
      elements: elements([...this.list.children], links),
      style: style(this.stage),
      layout: { name: "preset" },
      autoungrabify: true,
      autounselectify: true,
      boxSelectionEnabled: false,
      minZoom: 0.3,
      maxZoom: 2,
    });
    arrange(this.cy, this.stage);
    for (const [key, entry] of this.entries) {
      const { x, y } = this.cy.getElementById(key).position();
      entry.style.translate = `calc(${x}px - 50%) calc(${y}px - 50%)`;
    }
    this.cy.on("viewport", () => this.follow());
    this.fit();
    this.listen();
  }

  /* Moves and scales the list with the canvas. */
  follow() {
    const { x, y } = this.cy.pan();
    this.list.style.transform = `translate(${x}px, ${y}px) scale(${this.cy.zoom()})`;
  }

  /* Shows the whole map. */
  fit() {
    this.cy.resize();
    this.cy.fit(undefined, MARGIN);
    if (this.cy.zoom() > MAX_FIRST_ZOOM) {
      this.cy.zoom(MAX_FIRST_ZOOM);
      this.cy.center();
    }
    this.follow();
  }

  listen() {
    const { stage, section } = this;
    for (const type of ["wheel", "mousedown", "touchstart"]) {
      section.addEventListener(type, (event) => this.filterEvent(event), { capture: true });
    }
    this.separateClicksFromDrags();
    this.list.addEventListener("focusin", (event) => this.show(event.target));
    this.list.addEventListener("focusout", () => this.mark(null));
    this.list.addEventListener("pointerover", (event) => this.mark(event.target));
    this.list.addEventListener("pointerout", () => this.mark(document.activeElement));
    this.list.addEventListener("keydown", (event) => this.step(event));
    section.addEventListener("click", (event) => this.press(event));
    new ResizeObserver(() => this.cy.resize()).observe(stage);
    const restyle = () => this.cy.style(style(stage));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
    new MutationObserver(restyle).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
  }

  /* Keeps events from Cytoscape when the list is shown, and wheel events without Ctrl or
     Cmd, which scroll the page. */
  filterEvent(event) {
    const scrolls = event.type === "wheel" && !event.ctrlKey && !event.metaKey;
    if (!this.drawn || scrolls) event.stopPropagation();
  }

  /* Dragging the map by a node must not open its link. Cytoscape prevents clicks from
     touches, so a tap is turned into a click here. */
  separateClicksFromDrags() {
    let start = [0, 0];
    const moved = ({ clientX, clientY }) =>
      Math.hypot(clientX - start[0], clientY - start[1]) > 8;
    this.stage.addEventListener("pointerdown", ({ clientX, clientY }) => {
      start = [clientX, clientY];
    });
    this.stage.addEventListener("pointerup", (event) => {
      const tapped = event.pointerType === "touch" && event.isPrimary && this.drawn;
      if (tapped && !moved(event)) event.target.closest("a")?.click();
    });
    this.stage.addEventListener("click", (event) => {
      // Clicks from the keyboard or from `click()` have no position and no detail.
      if (event.detail && moved(event)) event.preventDefault();
    });
  }

  nodeOf(element) {
    const key = element?.closest?.("[data-key]")?.dataset.key;
    return key ? this.cy.getElementById(key) : this.cy.collection();
  }

  mark(element) {
    const node = this.nodeOf(element);
    this.cy.batch(() => {
      this.cy.edges(".near").removeClass("near");
      node.connectedEdges().addClass("near");
    });
    const near = new Set(node.closedNeighborhood().map((each) => each.id()));
    for (const [key, entry] of this.entries) {
      entry.toggleAttribute("data-far", near.size > 0 && !near.has(key));
    }
  }

  /* Brings the focused node into view. */
  show(element) {
    this.mark(element);
    const node = this.nodeOf(element);
    if (node.empty() || !this.drawn) return;
    const box = node.renderedBoundingBox();
    const { clientWidth, clientHeight } = this.stage;
    const inside = box.x1 >= 0 && box.y1 >= 0 && box.x2 <= clientWidth;
    if (inside && box.y2 <= clientHeight) return;
    if (still.matches) this.cy.center(node);
    else this.cy.animate({ center: { eles: node } }, { duration: 200 });
  }

  get drawn() {
    return this.section.classList.contains("taste-map--drawn");
  }

  /* Moves the focus to the nearest node in the direction of an arrow key. */
  step(event) {
    const way = STEPS[event.key];
    const here = this.nodeOf(event.target);
    if (!way || here.empty() || !this.drawn) return;
    event.preventDefault();
    const from = here.position();
    const distances = this.cy.nodes().map((node) => {
      const { x, y } = node.position();
      const [dx, dy] = [x - from.x, y - from.y];
      const ahead = dx * way[0] + dy * way[1];
      const aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      return { id: node.id(), cost: ahead > aside / 2 ? ahead + 2 * aside : Infinity };
    });
    const best = distances.reduce((a, b) => (b.cost < a.cost ? b : a));
    if (best.cost === Infinity || best.id === here.id()) return;
    this.entries.get(best.id).querySelector("a").focus({ preventScroll: true });
  }

  press(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { zoom } = button.dataset;
    if (zoom) {
      const middle = { x: this.stage.clientWidth / 2, y: this.stage.clientHeight / 2 };
      this.cy.zoom({ level: this.cy.zoom() * Number(zoom), renderedPosition: middle });
    } else if ("fit" in button.dataset) {
      this.fit();
    } else if ("asList" in button.dataset) {
      this.section.classList.toggle("taste-map--drawn");
      button.setAttribute("aria-pressed", String(!this.drawn));
      if (this.drawn) this.fit();
    }
  }
}

startEach("[data-taste-map]", (section) => {
  new TasteMap(section);
  section.querySelector("[data-map-tools]").hidden = false;
});
