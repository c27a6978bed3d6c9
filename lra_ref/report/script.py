"""The script of the pages: sorting and filtering of tables. Without it the pages show everything in its first order."""

SCRIPT = """
(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const body = table => table.tBodies[0];
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.v === undefined) return cell.textContent.trim().toLowerCase();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v.replace("inf", "Infinity"));
  };
  const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });

  const sort = (table, column) => {
    const head = table.tHead.rows[0].cells[column];
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...body(table).rows].map((row, place) => ({ row, place, key: key(row, column) }));
    // what is missing stays at the end in both directions; equal rows keep their first order
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.row.first - b.row.first;
      return (up ? 1 : -1) * compare(a.key, b.key) || a.row.first - b.row.first;
    });
    body(table).append(...rows.map(entry => entry.row));
  };

  const filter = name => {
    const table = document.getElementById(name);
    const fields = [...document.querySelectorAll(`[data-filter="${name}"]`)];
    const words = fields.filter(field => field.type === "search").flatMap(field => field.value.toLowerCase().split(/\\s+/));
    const choices = fields.filter(field => field.dataset.column !== undefined && field.value !== "");
    let shown = 0;
    for (const row of body(table).rows) {
      const text = row.textContent.toLowerCase();
      const met = words.every(word => text.includes(word))
        && choices.every(field => row.cells[Number(field.dataset.column)].textContent.trim() === field.value);
      row.hidden = !met;
      shown += met;
    }
    const all = body(table).rows.length;
    document.querySelector(`[data-count="${name}"]`).textContent = shown === all ? `${all} rows` : `${shown} of ${all} rows`;
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    [...body(table).rows].forEach((row, place) => { row.first = place; });
    [...table.tHead.rows[0].cells].forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(table, column)));
  }
  for (const field of document.querySelectorAll("[data-filter]")) {
    field.addEventListener("input", () => filter(field.dataset.filter));
    // a browser that goes back restores what was typed
    if (field.value !== "") filter(field.dataset.filter);
  }
  // a box that scrolls must be reachable by keyboard, one that does not must not stand in the way
  const boxes = () => {
    for (const box of document.querySelectorAll(".scroll, pre, .statement")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", boxes);
  boxes();
})();
"""
