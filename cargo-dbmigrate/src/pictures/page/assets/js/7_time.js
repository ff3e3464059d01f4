// The history: a slider over the migrations, and what each of them did.

function nameOf(moment) {
  return { now: "Now", pending: "Structs, not generated yet" }[moment.kind] || moment.name;
}

function time() {
  $("time").hidden = moments.length < 2;
  const when = $("when"), moment = moments[S.at];
  when.max = moments.length - 1;
  when.value = S.at;
  when.setAttribute("aria-valuetext", nameOf(moment));
  $("earlier").disabled = S.at === 0;
  $("later").disabled = S.at === moments.length - 1;
  $("moment").textContent = moment.kind === "now" ? `Now, after ${counted(D.moments.length, "migration")}` : `${S.at + 1}/${D.moments.length}  ${nameOf(moment)}`;
  $("moment").classList.toggle("pending", moment.kind === "pending");
  $("moment").disabled = moment.kind === "now";
}

/** Shows what is after another moment; what it changed is said. */
function go(at) {
  at = Math.max(0, Math.min(moments.length - 1, at));
  if (at === S.at) return;
  S.at = at;
  if (!S.table || !shownAt(at).has(key(S.table))) { S.table = ""; S.path = ""; S.moment = moments[at].kind !== "now"; }
  redraw();
  const moment = moments[at];
  // what it did is no use out of sight
  const touched = changedAt(at).map(card => key(card.name)).filter(name => places.has(name));
  if (touched.length && !touched.some(isOnStage)) fit();
  say(`${nameOf(moment)}: ${moment.changes.join(", ") || (moment.kind === "now" ? "the schema as it is" : "no change of the schema")}`);
}

/** SQL with its comments set apart. */
function sqlLines(sql) {
  return sql.split("\n").flatMap(line => [line.trimStart().startsWith("--") ? el("span", { class: "sql-comment" }, line) : line, "\n"]);
}

function momentDetail() {
  const moment = moments[S.at];
  const kinds = { generated: "generated", custom: "written by hand", revert: "takes others back", capture: "captured from a database", squash: "made of several", pending: "not generated yet" };
  const touched = changedAt(S.at);
  const applied = one => el("tr", {}, el("td", {}, one.target), el("td", {}, one.at || "pending"), el("td", { class: "number" }, one.took || ""));
  const head = el("tr", {}, el("th", { scope: "col" }, "Database"), el("th", { scope: "col" }, "Applied"), el("th", { scope: "col", class: "number" }, "Took"));
  return [
    close(), el("h2", {}, nameOf(moment)),
    el("p", { class: "sql-comment" }, [kinds[moment.kind], moment.cost && `cost: ${moment.cost}`].filter(one => one).join(" · ")),
    ...section("Changes", items(moment.changes, one => one)),
    ...section("Tables and views", items(touched, card => [sign(card.mark), cards.has(key(card.name)) ? link(card.name) : el("code", {}, card.name)])),
    ...section("Risks", items(moment.lints, one => [el("span", { class: `level ${one.level}` }, one.level), " ", el("code", {}, one.name), `: ${one.message}`])),
    ...section("Databases", moment.applied.length ? el("table", { "aria-label": "Databases" }, el("thead", {}, head), el("tbody", {}, moment.applied.map(applied))) : []),
    ...section("Replaces", items(moment.replaces, one => el("code", {}, one))),
    ...(moment.sql ? section("SQL", copyableMoment(text(moment.sql))) : []),
  ];
}

function copyableMoment(sql) {
  const [row, pre] = copyable("SQL", sql + "\n");
  pre.replaceChildren(...sqlLines(sql));
  return [row, pre];
}

function listenToTime() {
  $("when").addEventListener("input", () => go(Number($("when").value)));
  $("earlier").addEventListener("click", () => go(S.at - 1));
  $("later").addEventListener("click", () => go(S.at + 1));
  $("moment").addEventListener("click", () => { S.table = ""; S.moment = true; refresh(); $("detail").focus(); });
}
