"use strict";

/* Columns are found by name: among the pictures, and in the table of all of them. */
(() => {
  const list = document.querySelector(".overview .columns");
  if (!list || list.children.length < 9) return;
  const search = document.createElement("input");
  const said = document.createElement("span");
  Object.assign(search, { type: "search", placeholder: "Find a column" });
  search.setAttribute("aria-label", "Find a column by its name");
  said.setAttribute("role", "status");
  const tools = document.createElement("p");
  tools.className = "tools find";
  tools.append(search, said);
  list.before(tools);
  const all = document.querySelector(".overview .all-columns");
  const lines = all ? [...all.querySelectorAll("tbody tr")] : [];
  search.addEventListener("input", () => {
    const sought = search.value.trim().toLowerCase();
    const pictures = [...list.children];
    for (const item of pictures) item.hidden = !item.dataset.name.toLowerCase().includes(sought);
    for (const line of lines) line.hidden = !line.cells[0].textContent.toLowerCase().includes(sought);
    const drawn = pictures.filter((item) => !item.hidden).length, listed = lines.filter((line) => !line.hidden).length;
    said.textContent = sought ? `${drawn.toLocaleString("en-US")} drawn, ${listed.toLocaleString("en-US")} in the table` : "";
    if (all && sought && !drawn && listed) all.open = true;
  });
})();
