// Where everything stands: as it was laid out for the schema as it is now. What was there only earlier finds a place
// beside what it refers to, and cards that were taller then push others down.

const HEAD = 30, ROW = 20, CHAR = 7.25, GAP = 34;
/** Places by key: x, y, w, h. */
let places = new Map();
/** The routes of the layout with the cards at their ends, by what they connect. */
let routes = new Map();

/** What makes two links the same one, however they are declared. */
const identity = link => JSON.stringify([link.kind, key(link.from), key(link.to), (link.columns || []).map(key), link.by || ""]);

/** The routes, which lead between the cards as they are at last. */
function plan() {
  const last = shownAt(moments.length - 1);
  routes = new Map();
  for (const from of last.values())
    for (const link of from.links || [])
      if (link.route) routes.set(identity(link), { route: link.route, from, to: last.get(key(link.to)) });
}

/** How large a card is that has no place of its own. */
function sizeOf(card) {
  const longest = card.columns.reduce((most, column) => Math.max(most, column.name.length + column.type.length + 2), 0);
  const w = Math.max(140, 42 + CHAR * Math.max(longest, card.name.length + 2));
  return { w: Math.min(w, 460), h: HEAD + ROW * (card.columns.length + (footOf(card) ? 1 : 0)) + 6 };
}

function place(cards) {
  places = new Map();
  const late = [];
  for (const [name, card] of cards) {
    const given = laid.get(card.name) || laterPlace(name, cards);
    const size = sizeOf(card);
    if (given) places.set(name, { x: given[0], y: given[1], w: Math.max(given[2], 1), h: Math.max(given[3], size.h), given });
    else late.push([name, card, size]);
  }
  if (late.length === cards.size) return grid(late);
  for (const [name, card, size] of late) {
    const other = (card.links || []).map(link => places.get(key(link.to))).find(found => found);
    places.set(name, { x: other ? other.x : bounds().x, y: other ? other.y + other.h + GAP : bounds().y + bounds().h + GAP, ...size });
  }
  if (late.length || [...places.values()].some(one => !one.given || one.h !== one.given[3])) part();
}

/** Where a table stands that has another name later. */
function laterPlace(name, cards) {
  const seen = new Set();
  for (let next = later.get(name); next && !seen.has(next); next = later.get(next)) {
    seen.add(next);
    const found = [...laid].find(([known]) => key(known) === next);
    if (found && !cards.has(next)) return found[1];
  }
  return null;
}

/** Without a layout: columns of about the same height. */
function grid(all) {
  const height = all.reduce((sum, [, , size]) => sum + size.h + GAP, 0);
  const most = Math.max(400, Math.sqrt(height * 260));
  let x = 0, y = 0, widest = 0;
  for (const [name, , size] of all) {
    if (y > 0 && y + size.h > most) { x += widest + 70; y = 0; widest = 0; }
    places.set(name, { x, y, ...size });
    y += size.h + GAP;
    widest = Math.max(widest, size.w);
  }
}

/** Moves cards down until none overlaps another one. */
function part() {
  const done = [];
  for (const one of [...places.values()].sort((a, b) => a.y - b.y || a.x - b.x)) {
    for (let moved = true; moved;) {
      moved = false;
      for (const other of done)
        if (one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h) {
          one.y = other.y + other.h + GAP / 2;
          moved = true;
        }
    }
    done.push(one);
  }
}

function bounds(all = places.values()) {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (const { x, y, w, h } of all) {
    left = Math.min(left, x); top = Math.min(top, y);
    right = Math.max(right, x + w); bottom = Math.max(bottom, y + h);
  }
  return left === Infinity ? { x: 0, y: 0, w: 1, h: 1 } : { x: left, y: top, w: right - left, h: bottom - top };
}

/** The height at which a column stands in its card. */
function portOf(card, at, columns) {
  const row = card.columns.findIndex(column => columns.length && key(column.name) === key(columns[0]));
  return at.y + (row < 0 ? HEAD / 2 : HEAD + ROW * row + ROW / 2);
}

/** A line between two cards that has no route: from the side of the one to that of the other. */
function curve(link, cards) {
  const a = places.get(key(link.from)), b = places.get(key(link.to));
  const from = cards.get(key(link.from)), to = cards.get(key(link.to));
  const y1 = portOf(from, a, link.columns || []), y2 = portOf(to, b, link.parent_columns || []);
  if (a === b) {
    const x = a.x + a.w;
    return { d: `M${x} ${y1} C${x + 44} ${y1} ${x + 44} ${y2} ${x} ${y2}`, x: x + 33, y: (y1 + y2) / 2 };
  }
  let x1, x2, out1, out2;
  if (a.x + a.w + 20 <= b.x) [x1, x2, out1, out2] = [a.x + a.w, b.x, 1, -1];
  else if (b.x + b.w + 20 <= a.x) [x1, x2, out1, out2] = [a.x, b.x + b.w, -1, 1];
  else if (a.x < b.x) [x1, x2, out1, out2] = [a.x, b.x, -1, -1];
  else [x1, x2, out1, out2] = [a.x + a.w, b.x + b.w, 1, 1];
  const bend = Math.min(160, Math.max(30, Math.abs(x2 - x1) / 2));
  return {
    d: `M${x1} ${y1} C${x1 + out1 * bend} ${y1} ${x2 + out2 * bend} ${y2} ${x2} ${y2}`,
    x: (x1 + x2) / 2 + (out1 === out2 ? out1 * bend * .75 : 0), y: (y1 + y2) / 2,
  };
}

/** The route of the layout, with its ends where the columns stand in the cards as they are at this moment. */
function routeOf(link, cards) {
  const known = routes.get(identity(link));
  const a = places.get(key(link.from)), b = places.get(key(link.to));
  const isBeside = one => one.given && one.x === one.given[0] && one.w === one.given[2];
  if (!known || !known.to || known.route.length < 2 || !isBeside(a) || !isBeside(b)) return curve(link, cards);
  const laidAt = one => ({ y: one.given[1] });
  const moved = (card, at, was, columns) => portOf(card, at, columns) - portOf(was, laidAt(at), columns);
  const points = bent(known.route, moved(cards.get(key(link.from)), a, known.from, link.columns || []),
    moved(cards.get(key(link.to)), b, known.to, link.parent_columns || []));
  const middle = points[Math.floor(points.length / 2)], before = points[Math.ceil(points.length / 2) - 1];
  return { d: rounded(points), x: (middle[0] + before[0]) / 2, y: (middle[1] + before[1]) / 2 };
}

/** A route whose ends stand higher or lower by so much: lines leave cards to the side. */
function bent(route, first, last) {
  if (!first && !last) return route;
  const points = route.map(([x, y]) => [x, y]);
  if (points.length < 4) {
    // one line: it gets a step in its middle
    const [[x1, y1], [x2, y2]] = points, x = (x1 + x2) / 2;
    return [[x1, y1 + first], [x, y1 + first], [x, y2 + last], [x2, y2 + last]];
  }
  points[0][1] += first; points[1][1] += first;
  points[points.length - 1][1] += last; points[points.length - 2][1] += last;
  return points;
}

/** A line through points whose corners are rounded. */
function rounded(points) {
  let d = `M${points[0][0]} ${points[0][1]}`;
  for (let at = 1; at < points.length - 1; at++) {
    const [x, y] = points[at], [px, py] = points[at - 1], [nx, ny] = points[at + 1];
    const before = Math.hypot(x - px, y - py) || 1, after = Math.hypot(nx - x, ny - y) || 1;
    const r = Math.min(8, before / 2, after / 2);
    d += ` L${x - (x - px) / before * r} ${y - (y - py) / before * r} Q${x} ${y} ${x + (nx - x) / after * r} ${y + (ny - y) / after * r}`;
  }
  const last = points[points.length - 1];
  return d + ` L${last[0]} ${last[1]}`;
}
