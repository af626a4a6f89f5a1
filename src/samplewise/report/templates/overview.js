"use strict";

/* The pictures of columns are found by name. */
(() => {
  const list = document.querySelector(".overview .columns");
  if (!list || list.children.length < 9) return;
  const search = document.createElement("input"), said = document.createElement("span"), tools = document.createElement("p");
  Object.assign(search, { type: "search", placeholder: "Find a column" });
  search.setAttribute("aria-label", "Find a column by its name");
  said.className = "said";
  said.setAttribute("role", "status");
  tools.className = "tools";
  tools.append(search, said);
  list.before(tools);
  search.addEventListener("input", () => {
    const sought = search.value.trim().toLowerCase(), columns = [...list.children];
    for (const column of columns) column.hidden = !column.dataset.name.toLowerCase().includes(sought);
    const found = columns.filter((column) => !column.hidden).length;
    said.textContent = sought ? `${found.toLocaleString("en-US")} of ${columns.length.toLocaleString("en-US")} drawn columns` : "";
  });
})();
