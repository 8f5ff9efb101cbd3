"use strict";
// Many pairs, in portions that the server takes: what is done stays done.
(() => {
  const { ask, sleep, limits } = dalmeum;
  const FIRST = 32;
  const SECONDS = 1;
  const MOST_TRIES = 30;
  const bytes = (pair) => new TextEncoder().encode(JSON.stringify(pair)).length + 1;

  // As many of the rows as a request may have, from the first on: one at least.
  const portionOf = (rows, pairs, size) => {
    let room = 0.9 * limits.body;
    const end = rows.slice(0, size).findIndex((row) => (room -= bytes(pairs[row])) < 0);
    return rows.slice(0, end < 0 ? size : Math.max(1, end));
  };

  // Scores `rows` of the pairs by a model: `done` is told each portion's rows and their answers, `waiting` how
  // long a busy server wants to be left alone. Raises the `Problem` that waiting does not help against.
  const scoreAll = async (model, pairs, rows, { signal, done, waiting }) => {
    let [at, size, tries] = [0, Math.min(FIRST, limits.pairs), 0];
    while (at < rows.length) {
      const portion = portionOf(rows.slice(at, at + size), pairs, size);
      const start = performance.now();
      let answer;
      try {
        answer = await ask("score", { pairs: portion.map((row) => pairs[row]), intervals: true, model: model.id }, signal);
      } catch (error) {
        tries += 1;
        // What stands between may take less at once than the server does; and what gets no answer in time is too much.
        const tooMuch = [413, 503].includes(error.status) && portion.length > 1;
        if (tooMuch) size = Math.ceil(portion.length / 2);
        const busy = [429, 503].includes(error.status);
        if (!(busy || tooMuch) || tries > MOST_TRIES) throw error;
        if (busy) {
          waiting(error.seconds);
          await sleep(error.seconds, signal);
        }
        continue;
      }
      tries = 0;
      done(portion, answer);
      at += portion.length;
      // About a second a portion: the bar moves, and others get their turn.
      const seconds = (performance.now() - start) / 1000;
      if (portion.length === size) size = Math.round(size * Math.min(4, Math.max(0.25, SECONDS / seconds)));
      size = Math.max(1, Math.min(limits.pairs, size));
    }
  };

  Object.assign(dalmeum, { scoreAll });
})();
