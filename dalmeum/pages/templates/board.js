"use strict";
(() => {
  // What a cell says first, in the language shown; what is said below it is no part of it.
  const said = (row, column) => {
    const cell = row.cells[column];
    const first = (cell.querySelector("div") || cell).cloneNode(true);
    const other = dalmeum.language() === "en" ? "ko" : "en";
    for (const each of first.querySelectorAll(`small, [lang="${other}"]`)) each.remove();
    return first.textContent.trim();
  };
  // "0.12 GPU h" and "프로세서 0.12시간" are numbers, a run's id is none.
  const number = (text) => {
    const found = /^\D*?([+-]?\d[\d,]*\.?\d*)(?:\D*)$/.exec(text);
    return found ? Number(found[1].replaceAll(",", "")) : NaN;
  };
  const compared = (one, other) => {
    const [a, b] = [number(one), number(other)];
    if (Number.isFinite(a) && Number.isFinite(b) && a !== b) return a - b;
    if ((one === "-") !== (other === "-")) return one === "-" ? 1 : -1;
    return one.localeCompare(other, "ko");
  };

  for (const board of document.querySelectorAll(".board")) {
    const table = board.querySelector("table");
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const [sort, person] = [board.querySelector("[data-sort]"), board.querySelector("[data-person]")];
    const author = Number(board.dataset.author);
    let falling = false;

    const arrange = () => {
      const column = Number(sort.value);
      const sign = falling ? -1 : 1;
      // What is not there comes last both ways.
      const gone = (row) => said(row, column) === "-";
      const sorted = [...rows].sort((one, other) =>
        (gone(one) - gone(other)) || sign * compared(said(one, column), said(other, column)));
      body.append(...sorted);
      for (const row of rows) row.hidden = person.value !== "" && said(row, author) !== person.value;
      heads.forEach((head, index) => {
        if (index === column) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
    };
    const option = (value, texts) => {
      const made = document.createElement("option");
      made.value = value;
      Object.assign(made.dataset, texts);
      return made;
    };
    const languages = (head) => Object.fromEntries(["en", "ko"].map((each) =>
      [each, (head.querySelector(`[lang="${each}"]`) || head).textContent]));
    const label = () => {
      for (const each of board.querySelectorAll("option")) each.textContent = each.dataset[dalmeum.language()];
    };

    sort.append(...heads.map((head, index) => option(index, languages(head))));
    sort.value = "1";
    const people = [...new Set(rows.map((row) => said(row, author)))].sort((one, other) => one.localeCompare(other, "ko"));
    person.append(...people.map((name) => option(name, { en: name, ko: name })));
    table.classList.add("sorting");
    heads.forEach((head, index) => head.addEventListener("click", () => {
      falling = Number(sort.value) === index && !falling;
      sort.value = index;
      arrange();
    }));
    sort.addEventListener("change", () => { falling = false; arrange(); });
    person.addEventListener("change", arrange);
    for (const each of document.querySelectorAll("[data-language]")) each.addEventListener("click", () => { label(); arrange(); });
    board.querySelector(".controls").hidden = false;
    label();
    arrange();
  }
})();
