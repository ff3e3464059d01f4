// Cards and lines. The rows of a card are made when it is first close enough to be read.

const SVG = "http://www.w3.org/2000/svg";
/** What is drawn: the cards, their elements, the links with their lines. */
let cards = new Map(), elements = new Map(), links = [];

function footOf(card) {
  const said = [];
  const count = (list, one, many) => { if (list && list.length) said.push(counted(list.length, one, many)); };
  count(card.indexes, "index", "indexes");
  count(card.uniques, "unique");
  count(card.checks, "check");
  count(card.triggers, "trigger");
  return said.join(" · ");
}

function label(card) {
  const kind = card.kind === "view" ? "view" : card.kind === "virtual_table" ? `virtual table (${card.module})` : "table";
  const marked = isMarked(card.mark) ? `, ${card.mark}${card.was ? ` (was ${card.was})` : ""}` : "";
  const refers = (card.links || []).filter(link => link.kind === "foreign_key").map(link => link.to);
  return `${card.name}, ${kind}${marked}, ${counted(card.columns.length, "column")}${refers.length ? `, refers to ${[...new Set(refers)].join(", ")}` : ""}`;
}

/** Draws everything anew. */
function draw() {
  // in the order of their names, also for those who have them read or printed
  cards = new Map([...shownAt(S.at)].sort(([one], [other]) => (one < other ? -1 : 1)));
  place(cards);
  links = linksOf(cards).map(link => ({ link }));
  const kept = elements;
  elements = new Map();
  const inside = [];
  for (const [name, card] of cards) {
    let element = kept.get(name);
    if (!element || element.card !== card) element = drawCard(card);
    const { x, y, w, h } = places.get(name);
    Object.assign(element.style, { left: x + "px", top: y + "px", width: w + "px", height: h + "px" });
    element.style.setProperty("--big", Math.max(11, Math.min(56, (w - 16) / (card.name.length * .62), h * .5)).toFixed(1) + "px");
    elements.set(name, element);
    inside.push(element);
  }
  $("cards").replaceChildren(...inside);
  $("lines").replaceChildren(...links.map(drawLink));
  drawCommunities();
  $("empty").hidden = cards.size > 0;
  highlight();
}

function drawCard(card) {
  const kind = card.kind === "virtual_table" ? "virtual" : card.kind;
  const known = sizes(card.name);
  const rows = known.length ? counted(known[0].rows, "row") : card.kind === "table" ? "" : kind;
  const element = el("article", { class: `card ${kind} ${markClass(card.mark)}`, tabindex: "-1", "aria-label": label(card), "data-name": card.name },
    el("h2", {}, rows ? el("small", {}, rows) : null, card.name));
  element.card = card;
  return element;
}

/** The rows of a card. */
function fill(element) {
  if (element.filled) return;
  element.filled = true;
  const { card } = element;
  const parents = column => (card.links || []).filter(link => link.kind === "foreign_key" && link.columns.some(one => key(one) === key(column.name)));
  const row = column => {
    const [mark, means] = column.primary ? ["PK", "primary key"] : column.foreign ? ["FK", "foreign key"] : column.unique ? ["U", "unique"] : column.generated ? ["ƒ", "generated"] : ["", null];
    // on paper no line says it
    const to = column.foreign ? [...new Set(parents(column).map(link => link.to))].join(", ") : "";
    return el("li", { class: `${column.nullable ? "null" : ""} ${markClass(column.mark)}`, "data-to": to || null },
      el("i", { title: means }, mark), el("b", {}, column.name), el("span", {}, column.type + (column.nullable ? "?" : "")));
  };
  element.append(el("ul", {}, card.columns.map(row)));
  const foot = footOf(card);
  if (foot) element.append(el("p", {}, foot));
}

function drawLink(one) {
  const { link } = one;
  const route = routeOf(link, cards);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", route.d);
  const isKey = link.kind === "foreign_key";
  if (isKey) {
    path.setAttribute("marker-start", link.one ? "url(#one)" : "url(#many)");
    path.setAttribute("marker-end", link.optional ? "url(#maybe)" : "url(#one)");
  } else path.setAttribute("marker-end", "url(#arrow)");
  one.base = `${isKey ? "key" : "reads"} ${markClass(link.mark)}`;
  one.path = path;
  one.route = route;
  return path;
}

function drawCommunities() {
  const boxes = [], labels = [];
  for (const { name, cards: names } of (D.layout && D.layout.communities) || []) {
    const inside = names.map(name => places.get(key(name))).filter(found => found && found.given);
    if (inside.length < 2) continue;
    const { x, y, w, h } = bounds(inside);
    const box = el("div", { class: "community" }), label = el("b", { class: "label" }, name);
    Object.assign(box.style, { left: x - 16 + "px", top: y - 16 + "px", width: w + 32 + "px", height: h + 32 + "px" });
    Object.assign(label.style, { left: x - 16 + "px", top: y - 18 + "px" });
    boxes.push(box);
    labels.push(label);
  }
  $("communities").replaceChildren(...boxes);
  // above the lines, which lead along groups
  $("labels").replaceChildren(...labels);
}

/** What a foreign key does, on its line. */
function said(link) {
  if (link.kind === "writes") return `${link.by || "trigger"} writes`;
  if (link.kind === "reads") return "reads";
  const ends = `${link.one ? "1" : "n"} : ${link.optional ? "0..1" : "1"}`;
  return [ends, link.on_delete && `on delete ${link.on_delete}`, link.on_update && `on update ${link.on_update}`, link.deferred && "deferred"]
    .filter(one => one).join(", ");
}

/** Classes of cards and lines by what is chosen, found or near. */
function highlight(hovered = "") {
  const chosen = S.table ? key(S.table) : "";
  const path = pathBetween(S.table, S.path);
  const near = S.near && chosen ? neighbourhood(chosen, S.near) : null;
  const matches = S.find ? new Set(search(S.find).map(found => key(found.card.name))) : null;
  const faint = name => (path && !path.names.has(name)) || (!path && near && !near.has(name)) || (matches && !matches.has(name) && name !== chosen);
  const gone = name => (S.only && matches && !matches.has(name) && name !== chosen) || (near && !near.has(name) && !(path && path.names.has(name)));
  for (const [name, element] of elements) {
    element.classList.toggle("on", name === chosen);
    element.classList.toggle("on-path", !!path && path.names.has(name));
    element.classList.toggle("faint", !!faint(name));
    element.classList.toggle("gone", !!gone(name));
  }
  const labels = [];
  for (const one of links) {
    const from = key(one.link.from), to = key(one.link.to);
    const isNear = [chosen, hovered].some(name => name && (name === from || name === to));
    const isOn = path && path.links.has(one.link);
    const isFaint = !isNear && (faint(from) || faint(to));
    one.path.setAttribute("class", `${one.base}${isOn ? " on-path" : isNear ? " near" : ""}${isFaint && !isOn ? " faint" : ""}${gone(from) || gone(to) ? " gone" : ""}`);
    if ((isNear && chosen && (chosen === from || chosen === to)) || isOn) {
      const words = document.createElementNS(SVG, "text");
      words.setAttribute("x", one.route.x);
      words.setAttribute("y", one.route.y - 4);
      if (isOn) words.setAttribute("class", "on-path");
      words.textContent = said(one.link);
      labels.push(words);
    }
  }
  $("words").replaceChildren(...labels);
}
