"use strict";

/* What the parts of the page share. */
const samplewise = (() => {
  /* CSV as findings/ has it: no cell that a spreadsheet would carry out. The rule is that of the library. */
  const rule = JSON.parse(document.getElementById("csv-guard").textContent);
  const number = new RegExp(`^(?:${rule.number})$`), start = new RegExp(`^(?:${rule.start})`), inside = new RegExp(rule.inside, "g");
  const guarded = (text) => {
    if (number.test(text)) return text;
    const safe = text.replace(inside, "$1'");
    return start.test(safe) ? `'${safe}` : safe;
  };
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (lines) => lines.map((cells) => cells.map((cell) => quoted(guarded(String(cell ?? "")))).join(",") + "\n").join("");

  const save = (name, content, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  /* A new element with its attributes and children. */
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  /* A heading sorts upwards when pressed, downwards when pressed again; says which. */
  const turn = (heading) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    return down ? -1 : 1;
  };
  const texts = new Intl.Collator(undefined, { numeric: true }).compare;
  return { csv, guarded, save, element, turn, texts };
})();

(() => {
  const root = document.documentElement;

  /* Light and dark: the system decides until the button is pressed. */
  const stored = () => { try { return localStorage.getItem("samplewise-theme"); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem("samplewise-theme", theme); } catch { /* private window */ } };
  if (stored()) root.dataset.theme = stored();
  document.getElementById("theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const now = root.dataset.theme === "auto" ? system : root.dataset.theme;
    root.dataset.theme = now === "dark" ? "light" : "dark";
    store(root.dataset.theme);
  });

  /* Contents: a menu where the screen is narrow. */
  const button = document.getElementById("contents-button"), contents = document.getElementById("contents");
  const unroll = (open) => { button.setAttribute("aria-expanded", open); contents.classList.toggle("open", open); };
  button.addEventListener("click", () => unroll(button.getAttribute("aria-expanded") !== "true"));
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) unroll(false); });
  addEventListener("keydown", (event) => { if (event.key === "Escape") unroll(false); });

  /* Tables that hold all their rows: a heading sorts them. */
  const sort = (heading) => {
    const column = [...heading.parentNode.children].indexOf(heading), sign = samplewise.turn(heading);
    const body = heading.closest("table").tBodies[0];
    const entry = (row) => row.cells[column];
    const compare = heading.classList.contains("num")
      ? (a, b) => Number(entry(a).dataset.order) - Number(entry(b).dataset.order)
      : (a, b) => samplewise.texts(entry(a).textContent, entry(b).textContent);
    body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
  };
  for (const heading of document.querySelectorAll("table.sortable th")) {
    if (!heading.closest("[data-rows]")) heading.firstElementChild.addEventListener("click", () => sort(heading));
  }

  /* Folded parts unfold for a link into them, and findings for the printer. */
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const inside = target instanceof HTMLDetailsElement ? target : target.parentElement;
    let opened = false;
    for (let part = inside.closest("details"); part; part = part.parentElement.closest("details")) {
      opened ||= !part.open;
      part.open = true;
    }
    if (opened) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.finding:not([open]), #reproduce:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
})();
