
"use strict";
(() => {
  const STEP = 100;
  const { names, rows } = JSON.parse(document.getElementById("listing").textContent);
  const form = document.getElementById("filters");
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const count = document.getElementById("count");
  const further = document.getElementById("further");
  const sort = { key: "number", descending: false };
  let fitting = rows;

  const number = (value) => value.toLocaleString("en");
  const percent = (rate) => `${(100 * rate).toFixed(1)} %`;
  const shown = (text) => (text === null ? "(none)" : text === "" ? "(empty)" : text);
  const wrongs = (row) => row.by.filter((given) => !given.right).length;
  const isUnsure = names.map((_, place) => rows.some((row) => row.by[place].confidence !== undefined));

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const columns = [
    { key: "number", label: "number", of: (row) => row.number },
    { key: "image", label: "image", of: (row) => row.image },
    { label: "picture" },
    { key: "truth", label: "truth", of: (row) => row.truth },
    { key: "wrong", label: "wrong", of: wrongs },
    ...names.map((name, place) => ({
      key: `by-${place}`,
      label: name,
      title: isUnsure[place] ? `Sort by the confidence of ${name}` : `Sort by whether ${name} is right`,
      of: (row) => (isUnsure[place] ? row.by[place].confidence : Number(row.by[place].right)),
    })),
  ];

  function compare(one, other) {
    if (typeof one === "string") return one < other ? -1 : one > other ? 1 : 0;
    return one - other;
  }

  function sorted(list) {
    const { of } = columns.find((column) => column.key === sort.key);
    const sign = sort.descending ? -1 : 1;
    return [...list].sort((one, other) => {
      const [a, b] = [of(one), of(other)];
      if (a === undefined || b === undefined) {
        return (a === undefined) - (b === undefined) || one.number - other.number;
      }
      return sign * compare(a, b) || one.number - other.number;
    });
  }

  function chosen() {
    const field = (name) => form.elements[name].value;
    const [least, most] = [Number(field("least")), Number(field("most"))];
    const text = field("text").toLowerCase();
    const asked = (given) =>
      (field("answer") === "all" || given.right === (field("answer") === "right")) &&
      (field("failure") === "" || given.failure === field("failure")) &&
      (given.confidence === undefined
        ? least === 0 && most === 100
        : given.confidence >= least / 100 && given.confidence <= most / 100);
    const reader = field("reader");
    const fits = {
      any: (row) => row.by.some(asked),
      every: (row) => row.by.every(asked),
    }[reader] || ((row) => asked(row.by[Number(reader)]));
    const holds = (row) =>
      [row.image, row.truth, ...row.by.map((given) => given.value || "")].some((value) =>
        value.toLowerCase().includes(text),
      );
    return rows.filter((row) => fits(row) && holds(row));
  }

  function boxesOf(row) {
    const source = form.elements.boxes.value;
    if (source === "") return [];
    return (source === "true" ? row.boxes : row.by[Number(source)].boxes) || [];
  }

  function picture(row) {
    if (!row.picture) return [element("span", { class: "note" }, "no picture")];
    const [width, height] = row.size;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const boxes = boxesOf(row);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    for (let at = 0; at < boxes.length; at += 4) {
      const [x0, y0, x1, y1] = boxes.slice(at, at + 4);
      const rect = document.createElementNS(svg.namespaceURI, "rect");
      const places = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
      for (const [key, value] of Object.entries(places)) rect.setAttribute(key, value);
      svg.append(rect);
    }
    const image = element("img", { src: row.picture, width, height, alt: `image ${row.image}` });
    const made = [element("div", { class: "picture" }, image, svg)];
    if (form.elements.ink.checked) {
      made.push(element("img", { class: "ink", src: row.ink, width, height, alt: "its ink" }));
    }
    return made;
  }

  function answered(given, label) {
    const text = element("span", { class: "text" });
    if (given.pieces) {
      const [characters, marks] = given.pieces;
      characters.forEach((character, place) => {
        text.append(marks[place] === "1" ? element("mark", {}, character) : character);
      });
    } else {
      text.append(shown(given.value));
    }
    const verdict = element("span", { class: "verdict-mark" }, given.right ? "✓ right" : "✗ wrong");
    const said = [
      given.confidence === undefined ? null : `${percent(given.confidence)} sure`,
      given.status,
      given.failure === given.status ? null : given.failure,
      given.error,
    ].filter(Boolean);
    const attributes = { class: given.right ? "right" : "wrong", role: "cell", "data-label": label };
    return element("td", attributes, text, " ", verdict, element("span", { class: "said" }, said.join(", ")));
  }

  function line(row) {
    const truth = element("span", { class: "text" }, shown(row.truth));
    return element(
      "tr",
      { role: "row", tabindex: "-1" },
      element("td", { role: "cell", "data-label": "number" }, number(row.number)),
      element("th", { role: "rowheader", scope: "row" }, row.image),
      element("td", { role: "cell" }, ...picture(row)),
      element("td", { role: "cell", "data-label": "truth" }, truth),
      element("td", { role: "cell", "data-label": "wrong" }, `${wrongs(row)} of ${names.length}`),
      ...row.by.map((given, place) => answered(given, names[place])),
    );
  }

  function showCount() {
    const drawn = body.rows.length;
    const rest = fitting.length - drawn;
    count.textContent =
      `${number(fitting.length)} of ${number(rows.length)} images fit` +
      (rest ? `; the first ${number(drawn)} are shown.` : ".");
    further.hidden = rest === 0;
    further.textContent = `Show ${number(Math.min(STEP, rest))} more`;
  }

  function extend(n = STEP) {
    const drawn = body.rows.length;
    body.append(...fitting.slice(drawn, drawn + n).map(line));
    if (drawn === 0 && body.rows.length) body.rows[0].tabIndex = 0;
    showCount();
  }

  function redraw(n = STEP) {
    body.replaceChildren();
    extend(n);
  }

  function refilter() {
    for (const end of ["least", "most"]) {
      form.elements[`${end}-shown`].textContent = `${form.elements[end].value} %`;
    }
    fitting = sorted(chosen());
    redraw();
  }

  function resort(key) {
    sort.descending = sort.key === key && !sort.descending;
    sort.key = key;
    for (const head of table.tHead.rows[0].cells) {
      if (head.dataset.key === undefined) continue;
      const direction = sort.descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", head.dataset.key === key ? direction : "none");
    }
    fitting = sorted(fitting);
    redraw();
  }

  function go(row) {
    for (const other of body.querySelectorAll('tr[tabindex="0"]')) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
  }

  function move(event) {
    const here = document.activeElement.closest("#rows tbody tr");
    const isFree = document.activeElement === document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || !(here || isFree) || !body.rows.length) return;
    const place = here ? here.sectionRowIndex : -1;
    const steps = { j: place + 1, k: place - 1 };
    if (here) Object.assign(steps, { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: body.rows.length - 1 });
    if (!(event.key in steps)) return;
    event.preventDefault();
    if (steps[event.key] === body.rows.length && body.rows.length < fitting.length) extend();
    go(body.rows[Math.max(0, Math.min(body.rows.length - 1, steps[event.key]))]);
  }

  function option(select, value, label) {
    select.append(element("option", { value }, label));
  }

  function begin() {
    for (const column of columns) {
      if (column.key === undefined) {
        table.tHead.rows[0].append(element("th", { class: "plain", scope: "col", role: "columnheader" }, column.label));
        continue;
      }
      const button = element("button", { type: "button" }, column.label);
      if (column.title) button.title = column.title;
      button.addEventListener("click", () => resort(column.key));
      const sorting = column.key === sort.key ? "ascending" : "none";
      const attributes = { scope: "col", role: "columnheader", "aria-sort": sorting, "data-key": column.key };
      table.tHead.rows[0].append(element("th", attributes, button));
    }
    const { reader, failure, boxes } = form.elements;
    names.forEach((name, place) => option(reader, place, name));
    const kinds = new Set(rows.flatMap((row) => row.by.map((given) => given.failure)).filter(Boolean));
    [...kinds].sort().forEach((kind) => option(failure, kind, kind));
    if (rows.some((row) => row.boxes)) option(boxes, "true", "true ones");
    names.forEach((name, place) => {
      if (rows.some((row) => row.by[place].boxes)) option(boxes, place, `of ${name}`);
    });
    const drawable = [...boxes.options].find((one) => one.value !== "" && one.value !== "true");
    if (drawable) drawable.defaultSelected = true;
    form.addEventListener("input", (event) => {
      if (event.target.name === "boxes" || event.target.name === "ink") redraw(body.rows.length);
      else refilter();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(refilter));
    further.addEventListener("click", () => {
      const next = body.rows.length;
      extend();
      go(body.rows[next]);
    });
    document.addEventListener("keydown", move);
    for (const part of [form, table, document.getElementById("keys")]) part.hidden = false;
    refilter();
  }

  begin();
})();
