"use strict";
// The table: pasted or from a file, its columns, its results, and the CSV of it.
(() => {
  const { say, put, make, find, tell, plain, count, counted, cells, sentence, fault, scoreAll, chosen, Problem } = dalmeum;
  const MOST_BYTES = 20e6;
  const MOST_SHOWN = 200;
  const LARGE = say("That is too large a file for a page. This takes any: dalmeum score RUN FILE -o OUT",
    "이 페이지에는 너무 큰 파일입니다. 다음 명령은 크기에 제한이 없습니다: dalmeum score RUN FILE -o OUT");
  const [pasted, file, header] = [find("pasted"), find("file"), find("header")];
  const [start, stop, save] = [find("table-start"), find("table-stop"), find("download")];
  const selects = [find("column-one"), find("column-two")];
  const [told, done] = [find("table-told"), find("table-done")];

  let table = { rows: [], name: "", encoding: "" };
  let job = null;
  let work = new AbortController();

  const body = () => (header.checked ? table.rows.slice(1) : table.rows);
  const columns = () => selects.map((select) => Number(select.value));
  const pairOf = (row) => columns().map((column) => row[column]);

  // Another table, or other columns: what was scored is not about it.
  const forget = () => {
    work.abort();
    job = null;
    for (const each of [stop, save, find("table-progress")]) each.hidden = true;
    start.hidden = false;
    put(start, say("Score all", "모두 점수 내기"));
    tell(done);
    put(find("table-results"));
  };

  const describe = () => {
    forget();
    const rows = body();
    const usable = rows.filter((row) => pairOf(row).every((text) => text.trim() && !fault(text))).length;
    start.disabled = !usable;
    const left = rows.length - usable;
    const parts = [counted(usable, "pair", "문장쌍 {n}개"), table.name ? ` (${table.name}, ${table.encoding})` : ""];
    if (left) {
      parts.push(say("; {rows} left without a score, for want of two sentences that the server takes",
        ". 서버가 받을 두 문장이 없는 {rows}은 점수 없이 둡니다", { rows: counted(left, "row", "{n}행") }));
    }
    put(told, ...parts);
    told.classList.toggle("fault", !usable);
  };

  const offerColumns = () => {
    const guessed = cells.guess(table.rows);
    header.checked = guessed.header;
    selects.forEach((select, place) => {
      select.replaceChildren(...table.rows[0].map((name, number) => {
        const short = name.length > 24 ? `${name.slice(0, 24)}…` : name;
        const option = make("option", "", `${number + 1}: ${short}`);
        option.value = String(number);
        return option;
      }));
      select.value = String(guessed.columns[place]);
    });
  };

  const take = (rows, name = "", encoding = "") => {
    table = { rows, name, encoding };
    const enough = rows.length > 0 && rows[0].length > 1;
    find("columns").hidden = !enough;
    start.disabled = true;
    if (!enough) {
      forget();
      table.rows = [];
      const text = rows.length
        ? say("There is one column alone: a row needs two sentences, with a tab or a comma between them.",
          "열이 하나뿐입니다. 한 행에 두 문장이 탭이나 쉼표로 나뉘어 있어야 합니다.") : "";
      tell(told, text, { fault: true });
      return;
    }
    offerColumns();
    describe();
  };

  const read = async (chosenFile) => {
    if (chosenFile.size > MOST_BYTES) {
      take([]);
      tell(told, LARGE, { fault: true });
      return;
    }
    const found = cells.decode(new Uint8Array(await chosenFile.arrayBuffer()));
    pasted.value = "";
    if (!found) {
      take([]);
      tell(told, say("That is no text. Save a workbook as CSV first.", "텍스트 파일이 아닙니다. 엑셀 파일이라면 CSV로 저장해 주세요."), { fault: true });
      return;
    }
    take(cells.parse(found.text), chosenFile.name, found.encoding);
  };

  // What is typed is read when the fingers rest, or when it is to be scored.
  let later = null;
  const settle = () => {
    if (later === null) return;
    clearTimeout(later);
    later = null;
    file.value = "";
    take(cells.parse(pasted.value));
  };
  pasted.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(settle, 200);
  });
  file.addEventListener("change", () => { if (file.files.length) read(file.files[0]); });
  header.addEventListener("change", describe);
  for (const select of selects) select.addEventListener("change", describe);

  const heads = (text) => {
    const head = make("th", "", text);
    head.scope = "col";
    return head;
  };
  const label = (cell, text) => {
    for (const language of ["en", "ko"]) cell.dataset[language] = typeof text === "string" ? text : text[language];
    return cell;
  };
  const SENTENCES = [say("sentence 1", "문장 1"), say("sentence 2", "문장 2")];

  const draw = () => {
    const scoreHeads = job.models.map((model) => (job.models.length > 1 ? model.id : say("score", "점수")));
    const top = make("tr", "", heads("#"), ...SENTENCES.map(heads), ...scoreHeads.map((text) => {
      const head = heads(text);
      head.className = "score";
      return head;
    }));
    const lines = job.pairs.slice(0, MOST_SHOWN).map((pair, row) => {
      const number = make("th", "", String(row + 1));
      number.scope = "row";
      const texts = pair.map((text, place) => {
        const cell = label(make("td", "sentence", text), SENTENCES[place]);
        cell.dir = "auto";
        return cell;
      });
      const scores = scoreHeads.map((text) => label(make("td", "score", ""), text));
      return make("tr", "", number, ...texts, ...scores);
    });
    job.cells = lines.map((line) => [...line.querySelectorAll(".score")]);
    const more = job.pairs.length - lines.length;
    const drawn = make("table", "folding scored", make("thead", "", top), make("tbody", "", ...lines));
    put(find("table-results"), drawn, ...(more > 0 ? [make("p", "note", say(
      "{rows} more in the CSV.", "나머지 {rows}은 CSV에 있습니다.", { rows: counted(more, "row", "{n}행") }))] : []));
  };

  const fill = (place, row) => {
    const cell = job.cells[row] && job.cells[row][place];
    const answer = job.answers[place][row];
    if (!cell || !answer) return;
    const ends = answer.interval ? [make("small", "", say("{low} to {high}", "{low} ~ {high}",
      { low: plain(answer.interval[0]), high: plain(answer.interval[1]) }))] : [];
    put(cell, make("div", "", plain(answer.score), ...ends));
  };

  const progressed = (extra = "") => {
    const all = job.rows.length * job.models.length;
    const now = job.answers.reduce((sum, each) => sum + Object.keys(each).length, 0);
    Object.assign(find("bar"), { max: all, value: now });
    put(find("table-progressed"), say("{now} of {all}", "{all}개 중 {now}개", { now: count(now), all: count(all) }), extra);
    return now === all;
  };

  const begin = () => {
    const pairs = body().map(pairOf);
    const rows = pairs.flatMap((pair, row) => (pair.every((text) => text.trim() && !fault(text)) ? [row] : []));
    const models = chosen();
    job = { pairs, rows, models, answers: models.map(() => ({})), cells: [] };
    draw();
  };

  const finish = (error) => {
    stop.hidden = true;
    start.disabled = false;
    const whole = progressed();
    save.hidden = !job.answers.some((each) => Object.keys(each).length);
    start.hidden = whole;
    put(start, say("Go on", "이어서"));
    if (whole) tell(done, say("All are scored.", "모두 점수를 냈습니다."));
    else if (error.name === "AbortError") tell(done, say("Stopped. What is scored stays.", "멈췄습니다. 낸 점수는 그대로 있습니다."));
    else tell(done, sentence(error), { fault: true });
  };

  const run = async () => {
    const signal = work.signal;
    const mine = job;
    for (const [place, model] of mine.models.entries()) {
      const answers = mine.answers[place];
      await scoreAll(model, mine.pairs, mine.rows.filter((row) => !answers[row]), {
        signal,
        done: (rows, { scores, intervals }) => {
          rows.forEach((row, number) => {
            answers[row] = { score: scores[number], interval: intervals ? intervals[number] : null };
            fill(place, row);
          });
          progressed();
        },
        waiting: (n) => progressed(say("; the server is busy, going on in {n} s", ". 서버가 바빠 {n}초 뒤에 이어 갑니다", { n })),
      });
    }
  };

  const score = async () => {
    if (!job && !chosen().length) {
      tell(done, say("Choose a model above.", "위에서 모델을 고르세요."), { fault: true });
      return;
    }
    work = new AbortController();
    if (!job) begin();
    const mine = job;
    stop.hidden = find("table-progress").hidden = false;
    start.disabled = true;
    tell(done);
    progressed();
    let problem = null;
    try {
      await run();
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof Problem)) throw error;
      problem = error;
    }
    if (job === mine) finish(problem);
  };
  find("table-form").addEventListener("submit", (event) => {
    event.preventDefault();
    settle();
    if (!start.disabled && !start.hidden) score();
  });
  stop.addEventListener("click", () => work.abort());

  // All columns as they were, and behind them the scores, under names that no column has.
  const written = () => {
    const first = table.rows[0].map((name, number) => {
      if (header.checked) return name;
      const place = columns().indexOf(number);
      return place < 0 ? `column${number + 1}` : `sentence${place + 1}`;
    });
    const names = job.models.flatMap((model, place) => {
      const alone = job.models.length === 1 && !first.includes("score");
      const name = alone ? "score" : `score ${model.id}`;
      return model.interval ? [name, `${name} low`, `${name} high`] : [name];
    });
    const scores = (row) => job.models.flatMap((model, place) => {
      const answer = job.answers[place][row];
      const ends = model.interval ? (answer && answer.interval) || ["", ""] : [];
      return [answer ? answer.score : "", ...ends];
    });
    return cells.write([[...first, ...names], ...body().map((row, number) => [...row, ...scores(number)])]);
  };
  save.addEventListener("click", () => {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([written()], { type: "text/csv" }));
    link.download = `${table.name.replace(/\.[^.]*$/, "") || "pairs"}-scored.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });

  find("scorer").hidden = false;
  const ready = dalmeum.models(dalmeum.offer);
  document.addEventListener("change", (event) => {
    // Other models: a table that is done is about those before.
    if (event.target.closest("#models") && job) describe();
  });
  ready.finally(() => { document.documentElement.dataset.scorer = "ready"; });
})();
