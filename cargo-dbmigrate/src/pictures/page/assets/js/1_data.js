// What the page shows: the data that was written into it, and the state that the address of the page keeps.

const $ = id => document.getElementById(id);
const NOW = { name: "now", kind: "now", changes: [], lints: [], applied: [], cards: [], added: [], gone: [], marked: [] };

/** The data as it was written. */
let D = null;
/** What is shown: the moment, the table, the search and so on. `at` is a place in `moments`. */
const S = { at: 0, table: "", find: "", only: false, near: 0, path: "" };
/** The moments, with one behind the last migration for what holds now. */
let moments = [];
/** The cards by key after moments that were asked for, by their places. */
let states = new Map();
/** Where cards were laid out, by name. */
let laid = new Map();
/** The names that tables have later, by those that they had. */
let later = new Map();

/** An element. Whatever text a schema contains becomes a text node and nothing else. */
function el(tag, set = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(set)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...inside.flat(Infinity).filter(one => one !== null && one !== undefined && one !== false));
  return made;
}

/** A text of which each line is kept once. */
const text = lines => (lines || []).map(line => D.lines[line]).join("\n");

const counted = (count, one, many = one + "s") => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** SQLite compares names without regard to the case of ASCII letters. */
const key = name => name.replace(/[A-Z]/g, letter => letter.toLowerCase());

/** The cards, of which some are told by what is other in them than in an earlier form. */
function wholeForms(pool) {
  pool.forEach((card, at) => {
    if (card.of === undefined) return;
    const earlier = pool[card.of], made = { ...earlier };
    for (const [field, value] of Object.entries(card)) {
      if (field === "of" || field === "no") continue;
      const part = value && !Array.isArray(value) && value["~"];
      made[field] = part ? [...earlier[field].slice(0, part[0]), ...part.slice(2), ...earlier[field].slice(earlier[field].length - part[1])] : value;
    }
    for (const field of card.no || []) delete made[field];
    pool[at] = made;
  });
}

function load(data) {
  D = data;
  wholeForms(D.pool);
  for (const card of D.pool) {
    card.columns = card.columns.map(column => D.columns[column]);
    // forms may share their links
    if (card.links) card.links = card.links.map(link => ({ ...link, from: card.name }));
  }
  // a table may have the name of something that every object has
  laid = new Map(Object.entries(D.layout ? D.layout.cards : {}));
  moments = D.moments.slice();
  // the last one is what the structs say; where it is as the last migration left it, nothing of it is marked
  if (!moments.length || !["pending", "now"].includes(moments[moments.length - 1].kind)) moments.push(NOW);
  states = new Map();
  const renamed = moments.flatMap(moment => moment.marked).map(index => D.pool[index]).filter(card => card.mark === "renamed");
  later = new Map(renamed.map(card => [key(card.was), key(card.name)]));
  plan();
}

/** The cards after a moment, by their keys. */
function cardsAt(at) {
  if (states.has(at)) return states.get(at);
  // from the nearest earlier one that is known
  let from = at;
  while (from > 0 && !states.has(from - 1)) from--;
  const cards = new Map(from > 0 ? states.get(from - 1) : []);
  for (let step = from; step <= at; step++) {
    const { gone, cards: other, added } = moments[step];
    for (const name of gone) cards.delete(key(name));
    for (const index of [...other, ...added]) cards.set(key(D.pool[index].name), D.pool[index]);
  }
  // a history may be long, and its schema large
  if (states.size > 40) states.clear();
  states.set(at, cards);
  return cards;
}

/** A card of which all is new, or all is gone. */
function whole(card, mark) {
  const all = list => list && list.map(one => ({ ...one, mark }));
  return { ...card, mark, columns: all(card.columns), uniques: all(card.uniques), checks: all(card.checks), indexes: all(card.indexes),
    triggers: all(card.triggers), links: all(card.links) };
}

/** What a moment changed: its cards, marked. */
function changedAt(at) {
  const { added, gone, marked } = moments[at];
  const found = marked.map(index => D.pool[index]);
  // what has another name is new as well, by that name
  const isMarkedToo = new Set(found.map(card => key(card.name)));
  found.push(...added.map(index => D.pool[index]).filter(card => !isMarkedToo.has(key(card.name))).map(card => whole(card, "added")));
  const before = at > 0 ? cardsAt(at - 1) : new Map();
  const known = new Set(found.flatMap(card => [key(card.name), card.mark === "renamed" ? key(card.was) : ""]));
  for (const name of gone) if (!known.has(key(name)) && before.has(key(name))) found.push(whole(before.get(key(name)), "dropped"));
  return found.sort((a, b) => (key(a.name) < key(b.name) ? -1 : 1));
}

/** What is drawn of a moment: its cards, and those that it dropped, with what it changed marked. */
function shownAt(at) {
  const cards = new Map(cardsAt(at));
  if (moments[at].kind === "now") return cards;
  for (const card of changedAt(at)) cards.set(key(card.name), card);
  return cards;
}

/** The links of all cards that are shown, those to cards that are not there left out. */
function linksOf(cards) {
  const links = [];
  for (const card of cards.values())
    for (const link of card.links || []) if (cards.has(key(link.to))) links.push(link);
  return links;
}

const isMarked = mark => mark && mark !== "same";
/** How a mark is drawn. */
const MARKS = { added: ["add", "+"], dropped: ["drop", "-"], changed: ["change", "~"], renamed: ["change", "~"] };
const markClass = mark => (MARKS[mark] ? MARKS[mark][0] : "");

function sign(mark) {
  return MARKS[mark] ? el("span", { class: "sign " + MARKS[mark][0], title: mark }, MARKS[mark][1] + " ") : null;
}

/** The address says what is shown, so that it can be sent to somebody. */
function remember() {
  const parts = new URLSearchParams();
  if (S.table) parts.set("table", S.table);
  if (S.at !== moments.length - 1) parts.set("at", moments[S.at].name);
  if (S.near) parts.set("near", S.near);
  if (S.path) parts.set("path", S.path);
  if (S.find) parts.set("find", S.find);
  if (S.only) parts.set("only", "1");
  const hash = parts.toString();
  if (location.hash.slice(1) !== hash) history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const at = moments.findIndex(moment => moment.name === parts.get("at"));
  S.at = at < 0 ? moments.length - 1 : at;
  S.table = parts.get("table") || "";
  S.moment = at >= 0 && !S.table;
  S.near = Math.min(3, Math.max(0, Number(parts.get("near")) || 0));
  S.path = parts.get("path") || "";
  S.find = parts.get("find") || "";
  S.only = parts.has("only");
}

/** Says something to those who do not see it. */
function say(what) {
  $("said").textContent = what;
}

/** Rows and bytes of a table in the databases that were asked. */
function sizes(name) {
  return (D.targets || []).flatMap(target => {
    const found = target.tables.find(table => key(table.name) === key(name));
    return found ? [{ target: target.name, ...found }] : [];
  });
}

function bytes(count) {
  if (count === null || count === undefined) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (count >= 1000 && at < units.length - 1) { count /= 1000; at++; }
  return `${at && count < 10 ? count.toFixed(1) : Math.round(count)} ${units[at]}`;
}
