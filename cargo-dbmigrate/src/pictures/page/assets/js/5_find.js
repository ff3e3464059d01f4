// The list of tables, the search, what is near, and the path between two tables.

/** What contains all words of a search: by name first, then by a column. */
function search(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(word => word);
  const found = [];
  for (const card of cards.values()) {
    const name = card.name.toLowerCase();
    if (words.every(word => name.includes(word))) {
      found.push({ card, rank: name === words.join(" ") ? 0 : name.startsWith(words[0]) ? 1 : 2 });
      continue;
    }
    const columns = card.columns.filter(column => words.every(word => `${name}.${column.name}`.toLowerCase().includes(word)));
    if (columns.length) found.push({ card, rank: 3, columns });
  }
  return found.sort((a, b) => a.rank - b.rank || inOrder(a.card.name, b.card.name));
}

/** A name with what was searched in it marked. */
function marked(name, typed) {
  const word = typed.toLowerCase().split(/\s+/)[0];
  const at = word ? name.toLowerCase().indexOf(word) : -1;
  return at < 0 ? [name] : [name.slice(0, at), el("mark", {}, name.slice(at, at + word.length)), name.slice(at + word.length)];
}

/** As people count: `t2` before `t10`. */
const inOrder = new Intl.Collator("en", { numeric: true }).compare;

function list() {
  const all = S.find ? search(S.find) : [...cards.values()].sort((a, b) => inOrder(a.name, b.name)).map(card => ({ card }));
  const item = ({ card, columns }) => el("li", {},
    el("button", { type: "button", "data-name": card.name, "aria-label": label(card) + (columns ? `; found: ${columns.map(column => column.name).join(", ")}` : ""),
      "aria-current": S.table && key(S.table) === key(card.name) ? "true" : null },
      sign(card.mark), marked(card.name, S.find),
      columns ? el("small", {}, " ", columns.map(column => column.name).join(", ")) : card.kind === "table" ? null : el("small", {}, card.kind === "view" ? " view" : " virtual")));
  $("names").replaceChildren(...all.map(item));
  $("found").textContent = S.find ? `${all.length} of ${cards.size}` : "";
  return all;
}

/** The names that are at most so many links away. */
function neighbourhood(start, steps) {
  const near = new Set([start]);
  let edge = [start];
  for (let step = 0; step < steps; step++) {
    const next = new Set();
    for (const { link } of links) {
      const from = key(link.from), to = key(link.to);
      if (edge.includes(from) && !near.has(to)) next.add(to);
      if (edge.includes(to) && !near.has(from)) next.add(from);
    }
    next.forEach(name => near.add(name));
    edge = [...next];
  }
  return near;
}

/** The shortest way between two tables along links, whichever way they lead. */
function pathBetween(from, to) {
  if (!from || !to || !cards.has(key(from)) || !cards.has(key(to))) return null;
  const [start, goal] = [key(from), key(to)];
  const around = new Map();
  for (const { link } of links)
    for (const [here, there] of [[key(link.from), key(link.to)], [key(link.to), key(link.from)]]) {
      if (!around.has(here)) around.set(here, []);
      around.get(here).push([there, link]);
    }
  const came = new Map([[start, null]]);
  for (let queue = [start]; queue.length && !came.has(goal);) {
    const next = [];
    for (const here of queue)
      for (const [there, link] of around.get(here) || [])
        if (!came.has(there)) { came.set(there, [here, link]); next.push(there); }
    queue = next;
  }
  if (!came.has(goal)) return null;
  const names = new Set([goal]), on = new Set(), way = [];
  for (let at = goal; came.get(at); at = came.get(at)[0]) {
    names.add(came.get(at)[0]);
    on.add(came.get(at)[1]);
    way.unshift(came.get(at)[1]);
  }
  return { names, links: on, way };
}

function listenToSearch() {
  $("find").addEventListener("input", () => {
    S.find = $("find").value.trim();
    refresh();
    if (S.only) fit();
  });
  $("only").addEventListener("change", () => {
    S.only = $("only").checked;
    refresh();
    fit();
  });
  $("search").addEventListener("submit", event => {
    event.preventDefault();
    const [first] = search(S.find);
    if (first) { choose(first.card.name); focusCard(key(first.card.name)); }
  });
  $("names").addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) choose(button.dataset.name, { focus: false });
  });
  $("names").addEventListener("keydown", event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = [...$("names").querySelectorAll("button")];
    const next = all[all.indexOf(document.activeElement) + step];
    if (next) { next.focus(); event.preventDefault(); event.stopPropagation(); }
  });
}
