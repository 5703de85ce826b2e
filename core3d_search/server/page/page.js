// The page: words in, hits with their pictures, reasons and places out. Everything is asked of this server's own /v1.

import { drawPlan } from "/plan.js";

const $ = (id) => document.getElementById(id);
const PAGE = 20;
const THRESHOLD = 0.67; // the server's own, below which are near misses

const state = {
  hits: [], next: null, chosen: null, asked: 0,
  like: null, photo: null, // what the answer shall look like
  plans: new Map(), // by scene
};

// Asking the server

async function send(path, options = {}) {
  const token = sessionStorage.getItem("core3d-token");
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    await askForToken();
    return send(path, options);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    const faults = (problem.errors ?? []).map((fault) => `${fault.loc.join(".")}: ${fault.msg}`).join("; ");
    throw new Error([problem.detail ?? `the server answers ${answer.status}`, faults].filter(Boolean).join(": "));
  }
  return answer;
}

const get = async (path) => (await send(path)).json();
const sendJson = async (method, path, body) =>
  (await send(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();

let waitingForToken = null;
function askForToken() {
  waitingForToken ??= new Promise((resolve) => {
    $("door").showModal();
    $("door").addEventListener("close", () => {
      sessionStorage.setItem("core3d-token", $("token").value.trim());
      $("token").value = "";
      waitingForToken = null;
      resolve();
    }, { once: true });
  });
  return waitingForToken;
}

// Puts a picture of the server into `image`; gives whether there is one. A token cannot ride on an address.
async function putPicture(image, path) {
  try {
    if (!sessionStorage.getItem("core3d-token")) {
      image.src = path;
      await image.decode();
      return true;
    }
    const blob = await (await send(path)).blob();
    image.src = URL.createObjectURL(blob);
    await image.decode();
    URL.revokeObjectURL(image.src);
    return true;
  } catch {
    return false;
  }
}

// Searching

function question(offset) {
  const asked = { text: $("text").value.trim(), k: PAGE, offset, explain: true };
  if ($("scene").value) asked.scenes = [$("scene").value];
  if ($("label").value) asked.label = $("label").value;
  if ($("tag").value) asked.tag = $("tag").value;
  if ($("misses").checked) asked.threshold = 0;
  if (state.like !== null) asked.like = state.like;
  return asked;
}

async function search(offset = 0) {
  const asked = question(offset);
  const turn = ++state.asked;
  if (!asked.text && asked.like === undefined && !state.photo) {
    start();
    return;
  }
  say("looking …");
  try {
    const answer = state.photo ? await searchByPhoto(asked) : await sendJson("POST", "/v1/search", asked);
    if (turn !== state.asked) return; // a later question is under way
    $("start").hidden = true;
    state.hits = offset ? [...state.hits, ...answer.hits] : answer.hits;
    state.next = answer.next_offset;
    remember(asked);
    tell(answer);
    showHits();
    if (!offset) await choose(state.hits.length ? state.hits[0].object_id : null);
  } catch (error) {
    if (turn === state.asked) say(error.message, true);
  }
}

async function searchByPhoto(asked) {
  const form = new FormData();
  form.append("image", state.photo);
  form.append("request", JSON.stringify(asked));
  return (await send("/v1/search", { method: "POST", body: form })).json();
}

function remember(asked) {
  const kept = new URLSearchParams();
  for (const [key, value] of Object.entries({ q: asked.text, scene: asked.scenes?.[0], label: asked.label, tag: asked.tag, like: asked.like })) {
    if (value !== undefined && value !== "") kept.set(key, value);
  }
  if (location.hash.slice(1) !== kept.toString()) history.pushState(null, "", `#${kept}`);
  document.title = asked.text ? `${asked.text} · core3d` : "core3d";
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  $("text").value = kept.get("q") ?? "";
  for (const name of ["scene", "label", "tag"]) $(name).value = kept.get(name) ?? "";
  setReference(kept.has("like") ? Number(kept.get("like")) : null, null);
  return search();
}

function tell(answer) {
  const many = `${state.hits.length}${state.next === null ? "" : " or more"} ${state.hits.length === 1 ? "hit" : "hits"}`;
  const parts = [];
  if (answer.answer) {
    const strong = document.createElement("strong");
    strong.textContent = answer.answer.text;
    parts.push(strong, " · ");
  }
  parts.push(state.hits.length ? many : "nothing like that here");
  if (!state.hits.length && !$("misses").checked) {
    const button = make("button", "", "show near misses");
    button.type = "button";
    button.addEventListener("click", () => { $("misses").checked = true; search(); });
    parts.push(" · ", button);
  }
  const unread = answer.explanation?.unparsed ?? [];
  if (unread.length) parts.push(` · not understood: ${unread.join(", ")}`);
  say("");
  $("status").replaceChildren(...parts);
}

function say(text, isFault = false) {
  $("status").classList.toggle("fault", isFault);
  $("status").textContent = text;
}

// The hits

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

const named = (thing) => thing.label ?? "object";

function bar(part) {
  const element = make("span", "bar");
  element.style.setProperty("--part", part);
  return element;
}

function showHits() {
  const items = state.hits.map((hit, position) => {
    const item = make("li"), card = make("button", "hit"), picture = make("span", "picture"), words = make("span");
    card.type = "button";
    card.dataset.object = hit.object_id;
    const image = make("img");
    image.alt = "";
    picture.append(image, make("span", "rank", String(position + 1)));
    putPicture(image, `/v1/objects/${hit.object_id}/thumbnail.webp`).then((there) => { image.hidden = !there; });
    words.append(make("b", "", named(hit)), make("small", "", hit.scene), make("small", "", `score ${hit.score.toFixed(2)}`), bar(hit.score));
    card.append(picture, words);
    card.addEventListener("click", () => choose(hit.object_id));
    item.append(card);
    return item;
  });
  if (state.next !== null) {
    const item = make("li"), more = make("button", "", "More");
    item.id = "more";
    more.type = "button";
    more.addEventListener("click", () => search(state.next));
    item.append(more);
    items.push(item);
  }
  $("hits").replaceChildren(...items);
}

// The chosen object

async function choose(id) {
  state.chosen = id;
  for (const card of document.querySelectorAll(".hit")) {
    const current = Number(card.dataset.object) === id;
    card.setAttribute("aria-current", current);
    if (current) card.scrollIntoView({ block: "nearest", inline: "center" });
  }
  $("detail").hidden = id === null;
  if (id === null) return;
  const hit = state.hits.find((each) => each.object_id === id);
  const anchors = new Set((hit?.reasons ?? []).flatMap((reason) => reason.anchor_ids));
  const query = [...anchors].slice(0, 8).map((anchor) => `anchors=${anchor}`).join("&");
  showFrame(id, `/v1/objects/${id}/frame.webp${query ? `?${query}` : ""}`);
  try {
    const card = await get(`/v1/objects/${id}`);
    if (state.chosen !== id) return;
    showHead(card, hit);
    if (hit) showReasons(hit);
    else showNeighbours(card);
    showTags(card);
    await showPlan(card.scene, id, anchors);
  } catch (error) {
    say(error.message, true);
  }
}

async function showFrame(id, path) {
  const figure = $("frame"), image = make("img");
  image.alt = "The frame that shows it best, its box drawn";
  const there = await putPicture(image, path);
  if (state.chosen !== id) return;
  figure.hidden = !there;
  figure.querySelector("img").replaceWith(image);
}

function showHead(card, hit) {
  $("what").replaceChildren(named(card), " ", make("small", "", `#${card.object_id} in ${card.scene}`));
  const size = card.box.extent.map((side) => side.toFixed(2)).join(" × ");
  const center = card.box.center.map((value) => value.toFixed(2)).join(", ");
  $("where").textContent = `${size} m, at ${center} m${hit ? "" : " · not among the hits"}`;
  const frame = card.views[0];
  $("frame").querySelector("figcaption").textContent = frame ? `Frame ${frame.frame} of ${card.scene}` : "";
}

const UNITS = [["_deg", "°"], ["_m", " m"], ["_percent", " %"]];
const MEASURED = { distance_m: "apart", center_distance_m: "between centres", height_difference_m: "higher", angle_deg: "direction" };

function measured(reason) {
  const said = [];
  for (const [key, value] of Object.entries(reason.values)) {
    if (typeof value === "string") {
      if (value) said.push(`${key} ${value}`);
      continue;
    }
    if (key.startsWith("threshold") || key === "angle_deg") continue;
    const [end, unit] = UNITS.find(([ending]) => key.endsWith(ending)) ?? ["", ""];
    const name = key.slice(0, key.length - end.length).replaceAll("_", " ");
    if (key === "height_difference_m") said.push(`${Math.abs(value).toFixed(2)} m ${value < 0 ? "lower" : "higher"}`);
    else said.push(`${value.toFixed(2)}${unit} ${MEASURED[key] ?? name}`);
  }
  return said.join(", ");
}

function link(id, text) {
  const button = make("button", "", text);
  button.type = "button";
  button.addEventListener("click", () => choose(id));
  return button;
}

function reasonLine(words, score, small, ids) {
  const item = make("li"), line = make("div", "line"), left = make("span", "", words);
  for (const id of ids) left.append(" ", link(id, `#${id}`));
  line.append(left, make("span", "", score.toFixed(2)));
  item.append(line, bar(score));
  if (small) item.append(make("small", "", small));
  return item;
}

function showReasons(hit) {
  $("why").querySelector("h3").textContent = "Why";
  $("why").querySelector("ul").replaceChildren(
    ...hit.reasons.map((reason) => reasonLine(reason.text, reason.score, measured(reason), reason.anchor_ids)));
  const below = hit.score < THRESHOLD ? ", a near miss" : "";
  $("why").querySelector(".product").textContent = `Multiplied: score ${hit.score.toFixed(2)}${below}`;
}

const BESIDE = {
  on: "stands on it", inside: "lies inside it", supports: "carries it", contains: "holds it", above: "above it",
  below: "below it", touching: "touches it", near: "near it", facing: "faces it",
};

function showNeighbours(card) {
  $("why").querySelector("h3").textContent = "Beside it";
  $("why").querySelector("ul").replaceChildren(...card.neighbours.slice(0, 5).map((other) => {
    const held = Object.keys(other.relations);
    const item = make("li"), line = make("div", "line"), left = make("span");
    left.append(link(other.object_id, `${named(other)} #${other.object_id}`));
    line.append(left, make("span", "", `${other.distance_m.toFixed(2)} m`));
    item.append(line);
    if (held.length) item.append(make("small", "", held.map((name) => BESIDE[name] ?? name).join(", ")));
    return item;
  }));
  $("why").querySelector(".product").textContent = "";
}

async function showPlan(scene, id, anchors) {
  if (!state.plans.has(scene)) state.plans.set(scene, get(`/v1/scenes/${encodeURIComponent(scene)}/plan`));
  const plan = await state.plans.get(scene);
  if (state.chosen !== id) return;
  const numbers = new Map(state.hits.map((hit, position) => [hit.object_id, position + 1]));
  drawPlan($("plan").querySelector("svg"), plan, { numbers, chosen: id, anchors, choose });
}

function showTags(card) {
  $("tags").replaceChildren(...card.tags.map((tag) => {
    const button = make("button", "tag", `${tag} ×`);
    button.type = "button";
    button.title = `Take the tag ${tag} away`;
    button.addEventListener("click", () => putTags(card, card.tags.filter((each) => each !== tag)));
    return button;
  }));
  $("marks").onsubmit = (event) => {
    event.preventDefault();
    const tag = $("newtag").value.trim();
    if (tag) putTags(card, [...card.tags, tag]);
    $("newtag").value = "";
  };
}

async function putTags(card, tags) {
  try {
    const marks = await sendJson("PUT", `/v1/objects/${card.object_id}/tags`, { tags });
    if (state.chosen === card.object_id) showTags({ ...card, tags: marks.tags });
    await fillFilters();
  } catch (error) {
    say(error.message, true);
  }
}

// What the answer shall look like, beside the words

function setReference(like, photo) {
  state.like = like;
  state.photo = photo;
  $("image").value = "";
  $("reference").hidden = like === null && photo === null;
  $("reference").textContent = like !== null ? `like object #${like} ×` : photo ? `like ${photo.name} ×` : "";
}

function moreLikeThis() {
  if (state.chosen === null) return;
  $("text").value = "";
  setReference(state.chosen, null);
  search();
}

// The beginning

function start() {
  state.hits = [];
  state.next = null;
  $("hits").replaceChildren();
  $("start").hidden = false;
  choose(null);
  say("");
  document.title = "core3d";
  $("text").focus();
}

function options(select, values) {
  const chosen = select.value, first = select.options[0];
  select.replaceChildren(first, ...values.map((value) => new Option(value, value)));
  if (values.includes(chosen)) select.value = chosen;
}

async function fillFilters() {
  const words = await get("/v1/vocabulary");
  options($("label"), words.labels);
  options($("tag"), words.tags);
}

async function fillScenes() {
  const listed = await get("/v1/scenes?limit=1000");
  options($("scene"), listed.scenes.map((each) => each.scene));
  $("scenes").replaceChildren(...listed.scenes.slice(0, 24).map((each) => {
    const item = make("li"), button = make("button", "", each.scene);
    button.type = "button";
    button.append(make("small", "", `${each.object_count} objects`));
    button.addEventListener("click", () => {
      $("scene").value = each.scene;
      $("text").value = $("text").value || "anything";
      search();
    });
    item.append(button);
    return item;
  }));
  if (!listed.total) say("This database is empty: core3d index FOLDER fills it.");
}

function step(by) {
  if (!state.hits.length) return;
  const at = state.hits.findIndex((hit) => hit.object_id === state.chosen);
  const next = Math.min(state.hits.length - 1, Math.max(0, at + by));
  choose(state.hits[next].object_id);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("door").open) return;
  const typing = event.target.matches("input:not([type=checkbox]), select");
  const inWords = event.target === $("text");
  if (event.key === "Escape" && inWords) event.target.blur();
  else if (event.key === "Escape") { $("text").focus(); $("text").select(); }
  else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (!typing || inWords)) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (typing) return;
  else if (event.key === "/") { event.preventDefault(); $("text").focus(); $("text").select(); }
  else if (event.key === "l" || event.key === "L") moreLikeThis();
}

$("ask").addEventListener("submit", (event) => { event.preventDefault(); search(); });
for (const name of ["scene", "label", "tag", "misses"]) $(name).addEventListener("change", () => search());
$("image").addEventListener("change", () => { setReference(null, $("image").files[0] ?? null); search(); });
$("reference").addEventListener("click", () => { setReference(null, null); search(); });
$("like").addEventListener("click", moreLikeThis);
document.querySelector(".name").addEventListener("click", (event) => {
  event.preventDefault();
  history.pushState(null, "", "#");
  recall();
});
for (const button of document.querySelectorAll(".examples button")) {
  button.addEventListener("click", () => { $("text").value = button.textContent; search(); });
}
document.addEventListener("keydown", onKey);
addEventListener("popstate", recall);

try {
  await Promise.all([fillScenes(), fillFilters()]);
} catch (error) {
  say(error.message, true);
}
await recall();
