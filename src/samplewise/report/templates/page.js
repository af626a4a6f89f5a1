"use strict";
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

  /* Tables: a press on a heading sorts by it, a second one the other way round. */
  const sort = (heading) => {
    const column = [...heading.parentNode.children].indexOf(heading);
    const down = heading.getAttribute("aria-sort") === "ascending";
    const body = heading.closest("table").tBodies[0];
    const entry = (row) => row.cells[column];
    const compare = heading.classList.contains("num")
      ? (a, b) => Number(entry(a).dataset.order) - Number(entry(b).dataset.order)
      : (a, b) => entry(a).textContent.localeCompare(entry(b).textContent, undefined, { numeric: true });
    for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...body.rows].sort((a, b) => (down ? -compare(a, b) : compare(a, b))));
  };
  for (const heading of document.querySelectorAll("table.sortable th")) {
    heading.firstElementChild.addEventListener("click", () => sort(heading));
  }

  /* Folded parts unfold for a link into them and for the printer. */
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.finding:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });

  /* Charts: colors are names from the style sheet, so that a change of theme needs no second drawing. */
  const ink = "var(--ink)", soft = "var(--soft)", line = "var(--line)", accent = "var(--accent)", paper = "var(--paper)";
  const config = {
    background: "transparent", font: "system-ui, sans-serif", padding: 4,
    view: { stroke: null },
    axis: { labelColor: soft, titleColor: soft, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, titlePadding: 10, labelPadding: 6, tickSize: 4 },
    axisY: { domain: false, ticks: false },
    axisBand: { domain: false, ticks: false, grid: false },
    style: {
      "line-measured": { color: accent, strokeWidth: 2.25 },
      "line-forecast": { color: accent, strokeWidth: 2.25, strokeDash: [5, 4] },
      "band-measured": { color: accent, fillOpacity: 0.16 },
      "band-forecast": { color: accent, fillOpacity: 0.08 },
      "dot-measured": { filled: true, color: accent, stroke: paper, strokeWidth: 1.5, opacity: 1 },
      "dot-forecast": { filled: true, color: paper, stroke: accent, strokeWidth: 1.5, opacity: 1 },
      "here": { filled: true, color: ink, stroke: paper, strokeWidth: 2, opacity: 1 },
      "here-line": { color: soft, strokeDash: [2, 3] },
      "here-text": { color: ink, fontSize: 13, fontWeight: 600 },
      "reference": { color: soft, strokeDash: [4, 4], strokeWidth: 1.25 },
      "interval": { color: accent, strokeWidth: 1.5, opacity: 0.7 },
      "matrix-cell": { filled: true, color: accent, stroke: paper, strokeWidth: 2 },
      "matrix-text": { color: ink, fontSize: 12 },
    },
  };
  const options = { mode: "vega-lite", actions: false, renderer: "svg", ast: true, config, defaultStyle: false, tooltip: { disableDefaultStyle: true, theme: "page" } };
  const draw = async () => {
    for (const chart of document.querySelectorAll(".chart > [data-spec]")) {
      try {
        await vegaEmbed(chart, JSON.parse(document.getElementById(chart.dataset.spec).textContent), options);
      } catch (error) {
        chart.innerHTML = '<p class="failed">This chart could not be drawn; its numbers are in the table below.</p>';
        console.error(error);
      }
    }
    root.dataset.charts = "drawn";
  };
  if (window.vegaEmbed) draw(); else root.dataset.charts = "none";
})();
