"use strict";

/* Answers go to the server one by one; "saved" is shown only after the server has said that they lie on the disk. */
(() => {
  const body = document.body, base = body.dataset.base, root = document.documentElement;
  const find = (selector, inside = document) => inside.querySelector(selector);
  const every = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const status = find("#status");
  let busy = false;

  /* Light and dark: the system decides until the button is pressed. */
  const stored = () => { try { return localStorage.getItem("samplewise-theme"); } catch { return null; } };
  if (stored()) root.dataset.theme = stored();
  find("#theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const now = root.dataset.theme === "auto" ? system : root.dataset.theme;
    root.dataset.theme = now === "dark" ? "light" : "dark";
    try { localStorage.setItem("samplewise-theme", root.dataset.theme); } catch { /* private window */ }
  });

  const tell = (text, kind = "") => { status.textContent = text; status.className = kind; };

  /* One request at a time: a key that is pressed before the next row is there decides nothing. */
  const send = async (path, content) => {
    if (busy) return null;
    busy = true;
    find("#main").setAttribute("aria-busy", "true");
    try {
      const sent = content === undefined ? {} : {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
      };
      const answer = await fetch(`${base}/${path}`, { ...sent, credentials: "omit", cache: "no-store" });
      const told = await answer.json();
      if (!answer.ok) { tell(told.error, "failed"); return null; }
      return told;
    } catch {
      tell("The server does not answer: this was not saved. Start samplewise review again and open its new address.", "failed");
      return null;
    } finally {
      busy = false;
      find("#main").removeAttribute("aria-busy");
    }
  };

  /* ---- pictures ---- */
  const enlarge = (image) => {
    const shown = find("#large img");
    shown.src = image.src.replace(/\?small$/, "");
    shown.alt = image.alt;
    find("#large").showModal();
  };
  document.addEventListener("click", (event) => { if (event.target.matches("dialog")) event.target.close(); });

  /* ---- one row ---- */
  const sheet = () => find("article.sheet");
  const about = (element) => ({ row: element.dataset.row, list: element.dataset.list, column: element.dataset.column });

  const put = (told, remember = true) => {
    find("#row").innerHTML = told.card;
    if (told.panel) find("#progress").innerHTML = told.panel;
    if (remember) history.pushState({ address: told.address }, "", `${base}/${told.address}`);
    scrollTo({ top: 0 });
    find("#main").focus({ preventScroll: true });
  };

  const decide = async (decision, value) => {
    if (!sheet()) return;
    const told = await send("decide", { rows: [about(sheet())], decision, value });
    if (told) { put(told); tell(told.said, "saved"); }
  };

  const undo = async () => {
    const told = await send("undo", { page: body.dataset.page });
    if (!told) return;
    if (body.dataset.page === "grid") { fill(told); } else { put(told); }
    tell(told.said, told.undone ? "saved" : "");
  };

  /* ---- another label ---- */
  let found = [], at = 0, asked = 0;
  const other = () => {
    const form = find("#other");
    if (!form) return;
    find("#note").hidden = true;
    form.hidden = false;
    const box = find("#other-value");
    box.value = "";
    box.focus();
    if (find("#matches")) search();
  };
  const shut = () => { for (const form of every(".entry")) form.hidden = true; find("#main").focus({ preventScroll: true }); };

  const search = async () => {
    const number = ++asked, words = find("#other-value").value;
    try {
      const answer = await fetch(`${base}/classes?q=${encodeURIComponent(words)}`, { credentials: "omit" });
      const told = await answer.json();
      if (number !== asked) return; /* an answer to earlier letters */
      found = told.classes;
      at = 0;
      list(told.more);
    } catch { tell("The server does not answer.", "failed"); }
  };
  const list = (more = 0) => {
    const box = find("#matches");
    if (!box) return;
    box.replaceChildren(...found.map((name, place) => {
      const item = document.createElement("li"), text = document.createElement("bdi");
      item.id = `match-${place}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(place === at));
      text.textContent = name;
      item.append(text);
      item.addEventListener("click", () => pick(name));
      return item;
    }));
    if (more) {
      const rest = document.createElement("li");
      rest.textContent = `and ${more.toLocaleString("en")} more: type more letters`;
      rest.className = "soft";
      box.append(rest);
    }
    find("#other-value").setAttribute("aria-activedescendant", found.length ? `match-${at}` : "");
    find("#matches li[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  };
  const pick = (name) => (find(".boxes") ? check(name) : decide("relabel", name));

  /* ---- several labels a row: what is checked is saved as one answer ---- */
  const boxes = () => every(".boxes input");
  const check = (name) => {
    let box = boxes().find((one) => one.value === name);
    if (!box) {
      const label = document.createElement("label"), text = document.createElement("bdi");
      box = document.createElement("input");
      box.type = "checkbox";
      box.value = text.textContent = name;
      label.append(box, text);
      find(".boxes").append(label);
    }
    box.checked = true;
    shut();
  };

  const inOther = (event) => {
    const listed = Boolean(find("#matches"));
    if (listed && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      at = Math.max(0, Math.min(found.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
      list();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const words = find("#other-value").value.trim();
      if (listed) { if (found[at] !== undefined) pick(found[at]); }
      else if (words) decide("relabel", words);
    }
  };

  /* ---- notes ---- */
  const note = () => {
    const form = find("#note");
    if (!form) return;
    if (find("#other")) find("#other").hidden = true;
    form.hidden = false;
    find("#note-text").focus();
  };
  const keepNote = async () => {
    const text = find("#note-text").value.trim();
    if (!text || !sheet()) return;
    const told = await send("note", { rows: [about(sheet())], note: text });
    if (told) { put(told, false); tell(told.said, "saved"); }
  };

  /* ---- many pictures ---- */
  const tiles = () => every(".tile");
  const chosen = () => tiles().filter((tile) => tile.getAttribute("aria-selected") === "true");
  let last = 0;
  const choose = (tile, on) => tile.setAttribute("aria-selected", String(on));
  const count = () => {
    const many = chosen();
    const strong = find(".count strong");
    if (!strong) return;
    strong.textContent = many.length;
    for (const button of every(".many .answer")) {
      button.disabled = !many.length || (button.dataset.act === "suggestion" && !many.every((tile) => tile.dataset.suggested));
    }
  };
  const press = (tile, range) => {
    const all = tiles(), place = all.indexOf(tile);
    if (range) for (const one of all.slice(Math.min(last, place), Math.max(last, place) + 1)) choose(one, true);
    else choose(tile, tile.getAttribute("aria-selected") !== "true");
    last = place;
    move(place);
    count();
  };
  const move = (place) => {
    const all = tiles();
    if (!all[place]) return;
    for (const tile of all) tile.tabIndex = tile === all[place] ? 0 : -1;
    all[place].focus();
  };
  const fill = (told) => { find("#grid").innerHTML = told.card; last = 0; count(); move(0); };
  const decideMany = async (act) => {
    const many = chosen();
    if (!many.length) return;
    const told = await send("decide", { rows: many.map(about), decision: act, value: null, page: "grid" });
    if (told) { fill(told); tell(told.said, "saved"); }
  };
  const inGrid = (event) => {
    const all = tiles(), here = all.indexOf(document.activeElement);
    const across = all.length ? Math.max(1, all.filter((tile) => tile.offsetTop === all[0].offsetTop).length) : 1;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    if (step) { event.preventDefault(); move(Math.max(0, Math.min(all.length - 1, Math.max(here, 0) + step))); return true; }
    if (event.key === " " && here >= 0) { event.preventDefault(); press(all[here], event.shiftKey); return true; }
    if (event.key === "Enter" && here >= 0) { event.preventDefault(); enlarge(find("img", all[here])); return true; }
    return false;
  };

  /* ---- what a button or a key does ---- */
  const act = (button) => {
    const name = button.dataset.act;
    if (name === "close") return button.closest("dialog").close();
    if (name === "enlarge") return enlarge(find("img", button));
    if (name === "help") return find("#help").showModal();
    if (name === "undo") return undo();
    if (name === "note") return note();
    if (name === "other") return other();
    if (name === "all") {
      const on = chosen().length < tiles().length;
      for (const tile of tiles()) choose(tile, on);
      return count();
    }
    if (body.dataset.page === "grid") return decideMany(name);
    if (name === "checked") return decide("relabel", boxes().filter((one) => one.checked).map((one) => one.value));
    if (name === "missing") return decide("relabel", "");
    if (name === "class") return decide("relabel", JSON.parse(button.dataset.value));
    return decide(name, null);
  };
  document.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (tile) return press(tile, event.shiftKey);
    const button = event.target.closest("[data-act]");
    if (button && !button.disabled) act(button);
    return undefined;
  });
  document.addEventListener("dblclick", (event) => {
    const tile = event.target.closest(".tile");
    if (tile) enlarge(find("img", tile));
  });
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("input", (event) => { if (event.target.id === "other-value" && find("#matches")) search(); });

  document.addEventListener("keydown", (event) => {
    if (find("dialog[open]") || event.altKey || event.metaKey || event.isComposing) return;
    const field = event.target.closest?.("input:not([type=checkbox]), textarea");
    if (event.key === "Escape" && find(".entry:not([hidden])")) { shut(); return; }
    if (field) {
      if (field.id === "other-value") inOther(event);
      else if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); keepNote(); }
      return;
    }
    if (event.ctrlKey || event.repeat) return; /* a key that is held down decides one row */
    if (body.dataset.page === "grid" && inGrid(event)) return;
    const key = event.key.toUpperCase();
    const button = every("[data-key]").find((one) => one.dataset.key.toUpperCase() === key && !one.disabled);
    if (!button) return;
    if (key === "ENTER" && event.target.closest("button, a")) return; /* it presses that one */
    event.preventDefault();
    if (button.type === "checkbox") { button.checked = !button.checked; return; }
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), 150);
    act(button);
  });

  /* Back and forward show the rows that were shown before, with the answers they have now. */
  addEventListener("popstate", async () => {
    if (body.dataset.page !== "row") return;
    const told = await send(`card${location.search}`);
    if (told) { put(told, false); tell(""); } else if (busy) location.reload();
  });
  if (body.dataset.page === "row" && sheet()?.dataset.address) {
    history.replaceState({}, "", `${base}/${sheet().dataset.address}`);
  }
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  count();

  /* What is measured in the background arrives without an answer being given. */
  if (find("#progress")) {
    setInterval(async () => {
      if (busy || document.hidden) return;
      try {
        const answer = await fetch(`${base}/panel`, { credentials: "omit", cache: "no-store" });
        if (answer.ok) find("#progress").innerHTML = (await answer.json()).panel;
      } catch { /* the next answer says so */ }
    }, 15000);
  }
})();
