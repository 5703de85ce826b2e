// A scene from above: outlines of all objects, those of the answer in colour, as SVG.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN_M = 0.25;

// Draws `plan` (a Plan document) into `svg`. `numbers` maps the ids of hits to their ranks, `chosen` is the id of the
// object that is shown, `anchors` are those that it was measured against; `choose` hears the id that is clicked.
export function drawPlan(svg, plan, { numbers, chosen, anchors, choose }) {
  const [left, bottom] = plan.low.map((value) => value - MARGIN_M);
  const [right, top] = plan.high.map((value) => value + MARGIN_M);
  svg.setAttribute("viewBox", `${left} ${-top} ${right - left} ${top - bottom}`);
  svg.setAttribute("aria-label", `${plan.scene} from above`);
  const shapes = [], texts = [];
  for (const outline of plan.outlines) {
    const id = outline.object_id;
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("points", outline.corners.map(([x, y]) => `${x},${-y}`).join(" "));
    shape.dataset.object = id;
    if (numbers.has(id)) shape.classList.add("hit-shape");
    if (anchors.has(id)) shape.classList.add("anchor");
    if (id === chosen) shape.classList.add("chosen");
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${outline.label ?? "object"} #${id}`;
    shape.append(title);
    shape.addEventListener("click", () => choose(id));
    shapes.push(shape);
    const size = (right - left) / 26;
    if (id === chosen) texts.push(caption(outline, outline.label ?? "object", size, "above", [left, right]));
    else if (anchors.has(id)) texts.push(caption(outline, outline.label ?? "object", size, "below", [left, right]));
    else if (numbers.has(id)) texts.push(caption(outline, String(numbers.get(id)), size, "inside", [left, right]));
  }
  const weight = (shape) => (shape.classList.contains("chosen") ? 2 : shape.classList.length ? 1 : 0);
  shapes.sort((a, b) => weight(a) - weight(b)); // stable: what matters is drawn over the rest
  svg.replaceChildren(...shapes, ...texts);
}

// What stands above the chosen outline, below its anchors and inside the other hits, kept within the drawing.
function caption(outline, said, size, place, [left, right]) {
  const text = document.createElementNS(SVG, "text");
  const [xs, ys] = [0, 1].map((axis) => outline.corners.map((corner) => corner[axis]));
  const half = (said.length * size * 0.7) / 2;
  const middle = (Math.min(...xs) + Math.max(...xs)) / 2;
  const y = { above: Math.max(...ys) + size * 0.7, below: Math.min(...ys) - size * 0.7 };
  text.setAttribute("x", Math.min(Math.max(middle, left + half), right - half));
  text.setAttribute("y", -(y[place] ?? (Math.min(...ys) + Math.max(...ys)) / 2));
  text.setAttribute("font-size", size);
  text.setAttribute("stroke-width", size / 5);
  text.textContent = said;
  return text;
}
