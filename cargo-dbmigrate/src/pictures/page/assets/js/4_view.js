// Pan and zoom. The world is drawn at one scale, and while something moves, the picture of it is only moved and stretched
// by the camera around it, which costs nothing of what is drawn. Once it stands still, it is drawn at the new scale.

/** Where the picture is: its scale, and where its origin stands. */
const V = { x: 0, y: 0, k: 1 };
/** The scale at which the world is drawn, and where its origin stood then. */
const DRAWN = { x: 0, y: 0, k: 0 };
const LEAST = .03, MOST = 3, READABLE = .42;
let frame = 0, still = 0;

function move(gliding = false) {
  $("camera").classList.toggle("glide", gliding);
  if (!frame) frame = requestAnimationFrame(apply);
  clearTimeout(still);
  still = setTimeout(settle, gliding ? 260 : 130);
}

function apply() {
  frame = 0;
  const by = V.k / (DRAWN.k || V.k);
  $("camera").style.transform = `translate(${V.x - by * DRAWN.x}px, ${V.y - by * DRAWN.y}px) scale(${by})`;
}

/** When it stands still: sharp, with the rows of what can be read now. */
function settle() {
  const world = $("world"), isFar = V.k < READABLE;
  $("camera").classList.remove("glide");
  if (!isFar) fillVisible();
  world.classList.toggle("far", isFar);
  if (DRAWN.k !== V.k) {
    Object.assign(DRAWN, V);
    world.style.setProperty("--thin", Math.max(1.3, 1 / V.k).toFixed(2) + "px");
    world.style.transform = `translate(${V.x}px, ${V.y}px) scale(${V.k})`;
  }
  apply();
}

function fillVisible() {
  const { clientWidth, clientHeight } = $("stage");
  const left = -V.x / V.k - 300, top = -V.y / V.k - 300;
  const right = left + clientWidth / V.k + 600, bottom = top + clientHeight / V.k + 600;
  for (const [name, element] of elements) {
    const { x, y, w, h } = places.get(name);
    if (x < right && x + w > left && y < bottom && y + h > top) fill(element);
  }
}

/** How much of the stage can be seen: on a telephone the details stand in front of it. */
function room() {
  const stage = $("stage"), detail = $("detail"), { clientWidth, clientHeight } = stage;
  if (detail.hidden || getComputedStyle(detail).position !== "fixed") return { clientWidth, clientHeight };
  return { clientWidth, clientHeight: Math.max(80, detail.getBoundingClientRect().top - stage.getBoundingClientRect().top) };
}

/** Zooms so that what is under a point of the stage stays there. */
function zoom(by, x = $("stage").clientWidth / 2, y = $("stage").clientHeight / 2) {
  const k = Math.min(MOST, Math.max(LEAST, V.k * by));
  V.x = x - (x - V.x) * (k / V.k);
  V.y = y - (y - V.y) * (k / V.k);
  V.k = k;
  move();
}

/** Shows all of what is not hidden. */
function fit(names = null, most = 1, gliding = true) {
  const inside = [...places].filter(([name]) => (names ? names.has(name) : !elements.get(name).classList.contains("gone"))).map(([, at]) => at);
  if (!inside.length) return;
  // lines may lead around everything
  if (!names && D.layout && inside.length === places.size) inside.push({ x: 0, y: 0, w: D.layout.width, h: D.layout.height });
  const box = bounds(inside), { clientWidth, clientHeight } = room();
  V.k = Math.max(LEAST, Math.min(most, (clientWidth - 40) / box.w, (clientHeight - 40) / box.h));
  V.x = (clientWidth - box.w * V.k) / 2 - box.x * V.k;
  V.y = (clientHeight - box.h * V.k) / 2 - box.y * V.k;
  move(gliding);
}

/** Shows a card, large enough to be read. */
function center(name) {
  const at = places.get(name);
  if (!at) return;
  const { clientWidth, clientHeight } = room();
  V.k = Math.max(V.k, Math.min(1, clientWidth / (at.w + 40)));
  V.x = clientWidth / 2 - (at.x + at.w / 2) * V.k;
  V.y = at.h * V.k > clientHeight - 40 ? 20 - at.y * V.k : clientHeight / 2 - (at.y + at.h / 2) * V.k;
  move(true);
}

/** Whether a card can be seen and read where it is. */
function isInView(name) {
  const at = places.get(name), { clientWidth, clientHeight } = room();
  const x = at.x * V.k + V.x, y = at.y * V.k + V.y;
  return V.k >= READABLE && x >= 0 && y >= 0 && x + at.w * V.k <= clientWidth && y + Math.min(at.h * V.k, clientHeight) <= clientHeight;
}

/** Whether something of a card can be seen. */
function isOnStage(name) {
  const at = places.get(name), { clientWidth, clientHeight } = room();
  const x = at.x * V.k + V.x, y = at.y * V.k + V.y;
  return x < clientWidth && y < clientHeight && x + at.w * V.k > 0 && y + at.h * V.k > 0;
}

function listenToPointers() {
  const stage = $("stage"), down = new Map();
  let moved = 0;
  stage.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    down.set(event.pointerId, [event.clientX, event.clientY]);
    moved = 0;
  });
  stage.addEventListener("pointermove", event => {
    const before = down.get(event.pointerId);
    if (!before) {
      const card = event.target.closest(".card");
      hover(card ? key(card.dataset.name) : "");
      return;
    }
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved > 4 && !stage.hasPointerCapture(event.pointerId)) {
      stage.setPointerCapture(event.pointerId);
      stage.classList.add("dragging");
    }
    if (down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const span = at => Math.hypot(at[0] - other[0], at[1] - other[1]);
      const box = stage.getBoundingClientRect();
      zoom(span([event.clientX, event.clientY]) / (span(before) || 1), (before[0] + other[0]) / 2 - box.left, (before[1] + other[1]) / 2 - box.top);
    } else {
      V.x += dx;
      V.y += dy;
      move();
    }
    down.set(event.pointerId, [event.clientX, event.clientY]);
  });
  const up = event => {
    down.delete(event.pointerId);
    stage.classList.remove("dragging");
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("click", event => {
    if (moved > 4) return;
    const card = event.target.closest(".card");
    if (!card) return choose("");
    if (event.shiftKey && S.table) return choosePath(card.dataset.name);
    choose(card.dataset.name, { keep: true });
  });
  stage.addEventListener("dblclick", event => {
    const card = event.target.closest(".card");
    if (card) center(key(card.dataset.name));
  });
  stage.addEventListener("wheel", event => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    if (event.shiftKey) {
      V.x -= (event.deltaX || event.deltaY) * unit;
      return move();
    }
    const box = stage.getBoundingClientRect();
    zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * unit)) * (event.ctrlKey ? .01 : .0018)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  // a focused card is scrolled to by the browser, which the camera is for
  stage.addEventListener("scroll", () => stage.scrollTo(0, 0));
}

let hovered = "";
function hover(name) {
  if (name === hovered) return;
  hovered = name;
  highlight(name);
}
