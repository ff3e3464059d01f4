// The details of a table: everything that is declared of it, what refers to it, and its text to be copied.

const link = name => cards.has(key(name))
  ? el("button", { type: "button", class: "link", onclick: () => choose(name) }, name)
  : el("code", {}, name);

function section(title, ...inside) {
  const all = inside.flat(Infinity);
  return all.length ? [el("h3", {}, title), ...all] : [];
}

const close = () => el("button", { type: "button", class: "close", "aria-label": "Close", title: "Close ( Esc )", onclick: () => choose("") }, "×");

/** The statements that create it, with its indexes and triggers. */
function sqlOf(card) {
  const all = [card.sql, ...(card.indexes || []).map(one => one.sql), ...(card.triggers || []).map(one => one.sql)];
  return all.map(one => text(one).replace(/;?\s*$/, ";")).join("\n") + "\n";
}

function copyable(title, whole) {
  const button = el("button", { type: "button", onclick: () => copy(whole, button) }, `Copy ${title}`);
  button.dataset.copies = title;
  return [el("div", { class: "row" }, button), el("pre", { tabindex: "0", role: "group", "aria-label": title }, whole)];
}

async function copy(whole, button) {
  try {
    await navigator.clipboard.writeText(whole);
  } catch {
    // a page from a file may not be allowed to
    const area = el("textarea", { class: "sr" });
    area.value = whole;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const before = button.textContent;
  button.textContent = "Copied";
  say("copied");
  setTimeout(() => { button.textContent = before; }, 1200);
}

/** What a column is besides its name and type. */
function more(column) {
  const said = [];
  if (column.primary) said.push("primary key");
  if (column.unique) said.push("unique");
  if (!column.nullable && !column.primary) said.push("not null");
  if (column.default !== undefined) said.push(`default ${column.default}`);
  if (column.collate) said.push(`collate ${column.collate}`);
  if (column.generated) said.push(`${column.stored ? "stored" : "virtual"}: ${column.generated}`);
  return said.join(", ");
}

function columns(card) {
  const row = column => el("tr", {},
    el("td", {}, sign(column.mark), el("b", {}, column.name), isMarked(column.mark) && column.was ? el("div", { class: "sql-comment" }, `was ${column.was}`) : null),
    el("td", {}, column.type),
    el("td", {}, more(column), column.doc ? el("div", { class: "sql-comment docs" }, column.doc) : null));
  const head = el("tr", {}, ["Column", "Type", "More"].map(title => el("th", { scope: "col" }, title)));
  return section("Columns", card.columns.length ? el("table", { "aria-label": "Columns" }, el("thead", {}, head), el("tbody", {}, card.columns.map(row))) : []);
}

function rows(card) {
  const known = sizes(card.name);
  if (!known.length) return [];
  const row = one => el("tr", {}, el("td", {}, one.target), el("td", { class: "number" }, one.rows.toLocaleString("en")), el("td", { class: "number" }, bytes(one.bytes)));
  const head = el("tr", {}, el("th", { scope: "col" }, "Database"), el("th", { scope: "col", class: "number" }, "Rows"), el("th", { scope: "col", class: "number" }, "Size"));
  return section("Rows", el("table", { "aria-label": "Rows" }, el("thead", {}, head), el("tbody", {}, known.map(row))));
}

const items = (all, item) => (all && all.length ? el("ul", {}, all.map(one => el("li", {}, item(one)))) : []);

function keys(card) {
  const out = (card.links || []).filter(one => one.kind === "foreign_key");
  const into = links.map(one => one.link).filter(one => one.kind === "foreign_key" && key(one.to) === key(card.name));
  const reads = links.map(one => one.link).filter(one => one.kind !== "foreign_key" && key(one.to) === key(card.name));
  // what a trigger reads is no line
  const readers = [...cards.values()].flatMap(one => (one.triggers || []).filter(trigger => (trigger.reads || []).some(name => key(name) === key(card.name)))
    .map(trigger => ({ from: one.name, by: trigger.name, kind: "reads" })));
  const ends = (one, other) => [sign(one.mark), el("code", {}, one.columns.join(", ")), " → ", link(other), el("code", {}, ` (${one.parent_columns.join(", ")})`), el("div", { class: "sql-comment" }, said(one))];
  return [
    ...section("Refers to", items(out, one => ends(one, one.to))),
    ...section("Referred to by", items(into, one => [sign(one.mark), link(one.from), el("code", {}, ` (${one.columns.join(", ")})`), el("div", { class: "sql-comment" }, said(one))])),
    ...section("Reads", items((card.links || []).filter(one => one.kind === "reads"), one => link(one.to))),
    ...section("Read or written by", items([...reads, ...readers], one => [link(one.from), one.by ? [" (", el("code", {}, one.by), ")"] : null, one.kind === "writes" ? " writes" : " reads"])),
  ];
}

function rest(card) {
  const names = all => all.flatMap((name, at) => (at ? [", ", link(name)] : [link(name)]));
  const clause = one => [sign(one.mark), el("code", {}, one.text), one.name ? el("span", { class: "sql-comment" }, ` ${one.name}`) : null];
  return [
    ...section("Indexes", items(card.indexes, one => [sign(one.mark), el("code", {}, `${one.name} (${one.parts.join(", ")})`), one.unique ? " unique" : null,
      one.where ? [" where ", el("code", {}, one.where)] : null])),
    ...section("Unique", items(card.uniques, clause)),
    ...section("Checks", items(card.checks, clause)),
    ...section("Triggers", items(card.triggers, one => [sign(one.mark), el("code", {}, one.name), ` ${one.fires}`,
      one.reads && one.reads.length ? [", reads ", names(one.reads)] : null, one.writes && one.writes.length ? [", writes ", names(one.writes)] : null])),
  ];
}

/** Which table a path leads to, and what is near. */
function ways(card) {
  const near = el("button", { type: "button", "aria-pressed": String(S.near > 0), title: "Only what is near ( n )", onclick: nearer }, S.near ? `Within ${counted(S.near, "step")}` : "Neighbourhood");
  near.id = "near";
  const others = [...cards.values()].filter(one => one !== card).sort((a, b) => inOrder(a.name, b.name));
  const goal = el("select", { id: "goal", "aria-label": "Path to", onchange: event => choosePath(event.target.value) },
    el("option", { value: "" }, "Path to …"), others.map(one => el("option", { value: one.name, selected: !!S.path && key(one.name) === key(S.path) }, one.name)));
  const path = pathBetween(S.table, S.path);
  const way = !S.path ? null : path
    ? el("p", { id: "way" }, path.way.flatMap((one, at) => [at ? "; " : "", one.kind === "foreign_key" ? `${one.from}.${one.columns.join(", ")} → ${one.to}` : `${one.from} ${one.kind} ${one.to}`]))
    : el("p", { id: "way" }, `No way leads from ${S.table} to ${S.path}.`);
  return [el("div", { class: "row" }, near, goal), way];
}

function detail() {
  const box = $("detail"), card = S.table && cards.get(key(S.table));
  if (!card) return S.moment ? box.replaceChildren(...momentDetail()) : undefined;
  const words = [card.kind === "virtual_table" ? `virtual table (${card.module})` : card.kind, ...(card.options || [])].join(", ");
  const rust = D.rust && S.at === moments.length - 1 && card.rust ? section("Rust", copyable("Rust", text(card.rust) + "\n")) : [];
  box.replaceChildren(
    close(), el("h2", {}, sign(card.mark), card.name), el("p", { class: "sql-comment" }, words, isMarked(card.mark) ? ` · ${card.mark}${card.was ? ` (was ${card.was})` : ""}` : ""),
    ...(card.doc ? [el("p", { class: "docs" }, card.doc)] : []), ...ways(card).filter(one => one), ...rows(card), ...columns(card), ...keys(card), ...rest(card),
    ...section("SQL", copyable("SQL", sqlOf(card))), ...rust);
}
