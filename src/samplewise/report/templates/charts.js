"use strict";

/* Charts: colors are names from the style sheet, so that a change of theme needs no second drawing. */
(() => {
  const root = document.documentElement;
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

  const packed = document.getElementById("chart-library");
  const unpack = async () => {
    const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    document.head.append(samplewise.element("script", {}, await new Response(stream).text()));
  };
  const draw = async (chart) => {
    if (chart.dataset.drawn) return;
    chart.dataset.drawn = "yes";
    try {
      await vegaEmbed(chart, JSON.parse(document.getElementById(chart.dataset.spec).textContent), options);
    } catch (error) {
      chart.innerHTML = '<p class="failed">This chart could not be drawn; its numbers are in the table below.</p>';
      console.error(error);
    }
  };
  /* A folded chart has no width: it is drawn when it is unfolded. */
  const drawIn = async (part) => {
    for (const chart of part.querySelectorAll(".chart > [data-spec]")) if (!chart.closest("details:not([open])")) await draw(chart);
  };
  const begin = async () => {
    try { await unpack(); } catch (error) { console.error(error); }
    await drawIn(document);
    for (const part of document.querySelectorAll("details")) part.addEventListener("toggle", () => drawIn(part));
    root.dataset.charts = "drawn";
  };
  if (packed) begin(); else root.dataset.charts = "none";

  /* Saving: a picture that needs no style sheet. */
  const NAME = /var\((--[\w-]+)\)/g;
  const picture = (figure) => {
    const style = getComputedStyle(root);
    const svg = figure.querySelector(".chart svg")?.cloneNode(true) ?? barsPicture(figure, style);
    svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const [width, height] = ["width", "height"].map((name) => Number.parseFloat(svg.getAttribute(name)));
    const ground = svgElement("rect", { width, height, fill: style.getPropertyValue("--paper") });
    svg.prepend(ground);
    const text = new XMLSerializer().serializeToString(svg).replace(NAME, (_, name) => style.getPropertyValue(name).trim());
    return { text, width, height };
  };
  const svgElement = (name, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };

  /* Bars stand in the page as a grid of words and plots; the saved picture sets them on fixed lines. */
  const barsPicture = (figure, style) => {
    const [label, plot, words, tall] = [280, 440, 240, 52];
    const rows = [...figure.querySelectorAll(".bar-row")];
    const height = tall * rows.length + 40;
    const svg = svgElement("svg", { width: label + plot + words, height, "font-family": "system-ui, sans-serif", "font-size": 13 });
    const write = (text, x, y, fill = "--ink", anchor = "start") => svg.append(svgElement("text", { x, y, fill: style.getPropertyValue(fill), "text-anchor": anchor }, text));
    const fill = (text, x, y, most) => {
      const lines = text.match(new RegExp(`.{1,${most}}(\\s|$)`, "g")) ?? [text.slice(0, most)];
      lines.slice(0, 3).forEach((one, at) => write(at === 2 && lines.length > 3 ? `${one.trim()} …` : one.trim(), x, y + 15 * at));
    };
    rows.forEach((row, at) => {
      const top = tall * at + 4;
      fill(row.querySelector(".bar-label bdi").textContent, 8, top + 16, 40);
      const inner = svgElement("svg", { x: label, y: top, width: plot, height: tall - 8 });
      for (const mark of row.querySelectorAll(".plot rect, .plot line")) {
        const copy = mark.cloneNode(), look = getComputedStyle(mark);
        for (const name of ["fill", "fill-opacity", "stroke", "stroke-width", "opacity"]) copy.setAttribute(name, look.getPropertyValue(name));
        inner.append(copy);
      }
      svg.append(inner);
      const said = [...row.querySelectorAll(".bar-words > *")].map((word) => word.textContent);
      said.forEach((word, line) => write(word, label + plot + 12, top + 16 + 15 * line));
    });
    for (const tick of figure.querySelectorAll(".ticks span")) {
      write(tick.textContent, label + (Number.parseFloat(tick.style.left) / 100) * plot, height - 16, "--soft", "middle");
    }
    write(figure.querySelector(".unit").textContent, label + plot + 12, height - 16, "--soft");
    return svg;
  };

  const rasterized = async ({ text, width, height }) => {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = samplewise.element("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };
  const numbers = (figure) => {
    const table = figure.closest(".drawing")?.querySelector("table.sortable");
    if (table) return [...table.rows].map((row) => [...row.cells].map((cell) => cell.dataset.order ?? cell.textContent));
    const unit = figure.querySelector(".unit").textContent;
    const rows = [...figure.querySelectorAll(".bar-row")];
    const head = ["what", "verdict", `value (${unit})`, "low", "high", "compared with", "its low", "its high"];
    return [head, ...rows.map((row) => {
      const words = [".bar-label bdi", ".word"].map((part) => row.querySelector(part)?.textContent ?? "");
      const entries = row.dataset.numbers.split(" ; ");
      return [...words, ...entries, ...Array(head.length - words.length - entries.length).fill("")];
    })];
  };
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", async () => {
      const figure = button.closest("figure"), name = `${figure.dataset.file}.${button.dataset.save}`;
      if (button.dataset.save === "csv") samplewise.save(name, samplewise.csv(numbers(figure)), "text/csv;charset=utf-8");
      else if (button.dataset.save === "svg") samplewise.save(name, picture(figure).text, "image/svg+xml");
      else samplewise.save(name, await rasterized(picture(figure)), "image/png");
      button.closest("details").open = false;
    });
  }
})();
