// What is chosen, the keys, and the beginning.

/** Draws what another moment or other data has, then everything around it. */
function redraw() {
  draw();
  refresh();
  settle();
}

/** Everything but the picture itself. */
function refresh() {
  const kinds = ["table", "virtual_table", "view"].map(kind => [...cards.values()].filter(card => card.kind === kind && card.mark !== "dropped").length);
  $("title").textContent = D.title;
  $("counts").textContent = [[kinds[0], "table"], [kinds[1], "virtual table"], [kinds[2], "view"]].filter(([count]) => count).map(([count, one]) => counted(count, one)).join(", ");
  $("notice").hidden = !D.notice;
  $("notice").textContent = D.notice || "";
  if (document.activeElement !== $("find")) $("find").value = S.find;
  $("only").checked = S.only;
  highlight(hovered);
  list();
  time();
  const opens = !!(S.table && cards.has(key(S.table))) || (S.moment && moments[S.at].kind !== "now");
  const wasOpen = !$("detail").hidden;
  $("detail").hidden = !opens;
  $("moment").setAttribute("aria-expanded", String(opens && !S.table));
  if (opens) detail(); else $("detail").replaceChildren();
  if (wasOpen !== opens) settle();
  rove(S.table ? key(S.table) : roving);
  remember();
}

/** Chooses a table, or none. */
function choose(name, { focus = false, keep = false } = {}) {
  const was = S.table;
  S.table = name;
  S.moment = false;
  if (!name || key(name) !== key(was)) S.path = "";
  if (!name) S.near = 0;
  refresh();
  if (!name) return;
  if (!keep || !isInView(key(name))) center(key(name));
  if (focus) focusCard(key(name));
  $("detail").scrollTop = 0;
  say(label(cards.get(key(name))));
}

/** Chooses the table that a path leads to. */
function choosePath(name) {
  S.path = name && key(name) !== key(S.table) ? name : "";
  refresh();
  const path = pathBetween(S.table, S.path);
  if (path) fit(path.names);
  if (S.path) say($("way").textContent);
}

/** What is at most one, two, three steps away, then everything again. */
function nearer() {
  if (!S.table) return;
  S.near = (S.near + 1) % 4;
  refresh();
  fit();
  say(S.near ? `${counted(neighbourhood(key(S.table), S.near).size, "table")} within ${counted(S.near, "step")}` : "all tables");
  if ($("near")) $("near").focus();
}

/** One card can be reached with Tab, and the arrow keys lead from there to others. */
let roving = "";
function rove(name) {
  if (elements.has(roving)) elements.get(roving).tabIndex = -1;
  roving = elements.has(name) ? name : (elements.keys().next().value ?? "");
  if (elements.has(roving)) elements.get(roving).tabIndex = 0;
}

function focusCard(name) {
  if (!elements.has(name)) return;
  rove(name);
  if (!isInView(name)) center(name);
  elements.get(name).focus({ preventScroll: true });
}

/** The nearest card that lies in a direction. */
function beside(name, [dx, dy]) {
  const at = places.get(name), middle = one => [one.x + one.w / 2, one.y + one.h / 2];
  const [x, y] = middle(at);
  let best = null, least = Infinity;
  for (const [other, place] of places) {
    if (other === name || elements.get(other).classList.contains("gone")) continue;
    const [ox, oy] = middle(place);
    const along = (ox - x) * dx + (oy - y) * dy, across = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (along > 1 && along + 2 * across < least) { least = along + 2 * across; best = other; }
  }
  return best;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = [
  ["/", "Search tables and columns"], ["Enter", "Details of the table; in the search: the first one found"], ["Arrow keys", "The next table in that direction; without a table: move the picture"],
  ["+  -  0", "Zoom in, zoom out, show all"], ["n", "Only what is one, two, three steps away"], ["p", "Path to another table (or Shift and a click)"],
  ["[  ]", "Earlier and later migration"], ["m", "What the migration did"], ["Esc", "Close, then show all"], ["?", "These keys"],
];

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const at = event.target, isTyping = at.matches("input[type=search], textarea, select");
  if (event.key === "Escape") {
    if (at === $("find") || S.find) { S.find = ""; S.only = false; $("find").value = ""; $("stage").querySelector("[tabindex='0']")?.focus({ preventScroll: true }); return refresh(); }
    const back = S.table;
    S.only = false;
    choose("");
    if (back) focusCard(key(back));
    return;
  }
  if (isTyping) return;
  const card = at.closest(".card");
  const name = card && key(card.dataset.name);
  if (ARROWS[event.key] && at.id !== "when") {
    if (at.closest("#detail, #list, #time, header")) return;
    event.preventDefault();
    const [dx, dy] = ARROWS[event.key];
    if (!name) { V.x -= dx * 80; V.y -= dy * 80; return move(); }
    const next = beside(name, ARROWS[event.key]);
    if (next) focusCard(next);
    return;
  }
  const done = {
    "/": () => { $("find").focus(); $("find").select(); }, "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(.8), "0": () => fit(),
    n: () => { if (name) S.table = card.dataset.name; nearer(); }, p: () => $("goal")?.focus(), "[": () => go(S.at - 1), "]": () => go(S.at + 1),
    m: () => { if (moments[S.at].kind !== "now") $("moment").click(); }, "?": () => $("help-open").click(),
    Enter: () => (card ? (choose(card.dataset.name, { keep: true }), $("detail").focus()) : false),
  }[event.key];
  if (done && done() !== false) event.preventDefault();
}

function themes() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = () => { document.documentElement.dataset.theme = chosen || (dark.matches ? "dark" : "light"); };
  let chosen = "";
  dark.addEventListener("change", set);
  $("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    set();
  });
  set();
}

/** Shows what the address says. */
function arrive() {
  const path = pathBetween(S.table, S.path);
  if (path) fit(path.names);
  else if (S.near || S.moment) fit();
  else if (S.table) center(key(S.table));
}

function start() {
  themes();
  load(JSON.parse($("data").textContent));
  recall();
  draw();
  fit(null, 1, false);
  apply();
  refresh();
  settle();
  arrive();
  listenToPointers();
  listenToSearch();
  listenToTime();
  $("zoom-in").addEventListener("click", () => zoom(1.25));
  $("zoom-out").addEventListener("click", () => zoom(.8));
  $("fit").addEventListener("click", () => fit());
  $("help").append(el("dl", {}, KEYS.flatMap(([keys, does]) => [el("dt", {}, keys), el("dd", {}, does)])),
    el("form", { method: "dialog" }, el("button", {}, "Close")));
  $("help-open").addEventListener("click", () => $("help").showModal());
  document.addEventListener("keydown", onKey);
  addEventListener("resize", () => move());
  addEventListener("beforeprint", () => elements.forEach(fill));
  addEventListener("hashchange", () => { recall(); redraw(); arrive(); });
  document.documentElement.dataset.ready = "yes";
  if (D.live) follow();
}

/** A page that is served looks whether structs or migrations have changed, and keeps where one was. */
function follow() {
  let stamp = D.live;
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const now = await (await fetch("stamp")).text();
      if (now === stamp) return;
      const answer = await fetch("data");
      if (!answer.ok) {
        stamp = now;
        D.notice = await answer.text();
        return refresh();
      }
      const wasLast = S.at === moments.length - 1, name = moments[S.at].name;
      load(await answer.json());
      stamp = D.live;
      const same = moments.findIndex(moment => moment.name === name);
      S.at = wasLast || same < 0 ? moments.length - 1 : same;
      redraw();
      say("read again");
    } catch {
      // the server is gone: what is shown stays
      document.documentElement.dataset.live = "no";
    }
  }, 700);
}

start();
