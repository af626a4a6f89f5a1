"use strict";

/* The rows of a finding, or the columns of the data: all of them are in the page as JSON; they are searched, filtered,
   sorted, and drawn by fifties. */
(() => {
  const { element } = samplewise;
  const BY = 50;
  const lists = [];

  const shown = (value, decimals, plain) => {
    if (value === null) return "–";
    const own = { useGrouping: "min2", maximumSignificantDigits: Number.isInteger(value) ? 21 : 4 };  // of columns on many scales
    const alike = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: !plain };
    const text = value.toLocaleString("en-US", decimals === null ? own : alike);
    return text.replace("-", "−");
  };

  const begin = (place) => {
    const content = JSON.parse(document.getElementById(place.dataset.rows).textContent);
    const columns = content.columns.map(({ name, numbers, decimals, plain, texts, words, at }) => ({
      name, numbers,
      text: numbers ? (row) => shown(numbers[row], decimals, plain) : texts ? (row) => texts[row] : (row) => words[at[row]],
      plain: numbers ? (row) => numbers[row] : texts ? (row) => texts[row] : (row) => words[at[row]],
    }));
    const ids = columns.find((column) => column.name === "id"), given = columns.find((column) => column.name === "given");
    const count = content.columns[0].numbers?.length ?? content.columns[0].texts?.length ?? content.columns[0].at.length;
    const every = [...Array(count).keys()];
    const body = place.querySelector("tbody"), headings = [...place.querySelectorAll("th")];
    const address = (row) => `row-${content.name}-${encodeURIComponent(ids.plain(row))}`, things = content.things ?? "rows";
    let wanted = every, first = 0, order = null, marked = "";

    const search = element("input", { type: "search", "aria-label": `Search all ${things} of ${content.name}`, placeholder: `Search all ${things}` });
    const tools = element("div", { class: "tools" }, search);
    let choice = null;
    if (given && !given.numbers) {
      const classes = [...new Set(every.map(given.text))].sort(samplewise.texts);
      choice = element("select", { "aria-label": "Label given" }, element("option", { value: "" }, "Every label"));
      choice.append(...classes.map((name, at) => element("option", { value: at + 1 }, name)));
      choice.named = (row) => choice.selectedIndex === 0 || given.text(row) === classes[choice.selectedIndex - 1];
      tools.append(choice);
    }
    const button = (text, pressed) => {
      const made = element("button", { type: "button", class: "button" }, text);
      made.addEventListener("click", pressed);
      return made;
    };
    const back = button("Previous", () => turn(-BY)), on = button("Next", () => turn(BY));
    const said = element("span", { class: "said", role: "status" });
    const done = element("span", { class: "said", role: "status" });

    const draw = () => {
      const part = wanted.slice(first, first + BY);
      body.replaceChildren(...part.map((row) => {
        const line = element("tr", ids ? { id: address(row) } : {});
        if (ids && line.id === marked) line.className = "marked";
        line.append(...columns.map((column) => element("td", column.numbers ? { class: "num" } : {}, element("bdi", {}, column.text(row)))));
        return line;
      }));
      said.textContent = wanted.length ? `${first + 1}–${first + part.length} of ${wanted.length.toLocaleString("en-US")}` : "None";
      back.disabled = first === 0;
      on.disabled = first + BY >= wanted.length;
      place.querySelector(".scroll").scrollTop = 0;
    };
    const turn = (by) => { first += by; draw(); };

    let lower = null;
    const choose = () => {
      const sought = search.value.trim().toLowerCase();
      lower ??= every.map((row) => columns.map((column) => column.text(row)).join("\n").toLowerCase());
      wanted = every.filter((row) => (!choice || choice.named(row)) && lower[row].includes(sought));
      if (order) wanted.sort(order);
      first = 0;
      draw();
    };
    search.addEventListener("input", choose);
    choice?.addEventListener("change", choose);
    headings.forEach((heading, at) => heading.firstElementChild.addEventListener("click", () => {
      const sign = samplewise.turn(heading), { numbers, text } = columns[at];
      const number = (row) => numbers[row] ?? -Infinity;
      order = numbers ? (a, b) => sign * (number(a) - number(b)) || a - b : (a, b) => sign * samplewise.texts(text(a), text(b)) || a - b;
      choose();
    }));

    const copy = async () => {
      const text = wanted.map(ids.plain).join("\n");
      try { await navigator.clipboard.writeText(text); } catch {
        const held = element("textarea", { "aria-hidden": "true" }, text);
        document.body.append(held);
        held.select();
        document.execCommand("copy");
        held.remove();
      }
      done.textContent = `${wanted.length.toLocaleString("en-US")} ids copied`;
    };
    /* Rows with an empty column `decision`, so that the file can be filled in and handed to `samplewise apply`. */
    const download = () => {
      const head = [...columns.map((column) => column.name), ...(ids ? ["decision"] : [])];
      const lines = wanted.map((row) => [...columns.map((column) => column.plain(row)), ...(ids ? [""] : [])]);
      samplewise.save(content.file, samplewise.csv([head, ...lines]), "text/csv;charset=utf-8");
    };
    if (ids) tools.append(button("Copy ids", copy));
    tools.append(button("Download CSV", download), done);
    place.querySelector(".scroll").before(tools);
    place.querySelector(".scroll").after(element("div", { class: "tools pages" }, back, on, said));
    draw();

    /* The page of the list that holds a row, with the row marked; every row is shown for it. */
    const go = (hash) => {
      const row = ids ? every.find((one) => address(one) === hash) : undefined;
      if (row === undefined) return;
      if (!wanted.includes(row)) {
        search.value = "";
        if (choice) choice.selectedIndex = 0;
        choose();
      }
      marked = hash;
      first = BY * Math.floor(wanted.indexOf(row) / BY);
      for (let part = place.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
      draw();
      const line = document.getElementById(hash);
      line.scrollIntoView({ block: "center" });
    };
    lists.push({ name: content.name, go });
  };

  for (const place of document.querySelectorAll("[data-rows]")) begin(place);
  const follow = () => {
    const hash = location.hash.slice(1);
    lists.find(({ name }) => hash.startsWith(`row-${name}-`))?.go(hash);
  };
  addEventListener("hashchange", follow);
  follow();
})();
