"use strict";
// Two sentences: a card a model, with the score, its interval, and what each word does to it.
(() => {
  const { say, put, make, find, tell, plain, signed, counted, ask, sentence, fault } = dalmeum;
  const [one, two] = [find("one"), find("two")];
  const told = find("pair-told");
  const MOST_AT_FIRST = 4;
  const EXAMPLE = {
    en: ["A man is playing a guitar on the street.", "A woman is playing the guitar at home."],
    ko: ["한 남자가 거리에서 기타를 치고 있다.", "한 여자가 집에서 기타를 연주한다."],
  };
  const WHY_NONE = {
    no_run: say("No interval: of a model folder without its run nobody knows the errors.",
      "구간 없음: 실행 없이 모델 폴더만 있어 오차를 알 수 없습니다."),
    no_labels: say("No interval: the run keeps no labelled dev pairs.", "구간 없음: 실행에 레이블이 있는 dev 문장쌍이 없습니다."),
    few_labels: say("No interval: the run's dev set has fewer than 30 pairs.", "구간 없음: 실행의 dev 문장쌍이 30개보다 적습니다."),
  };
  const FAULTS = {
    long: say("A sentence is too long: the server takes {n}.", "문장이 너무 깁니다. 서버는 {n}까지 받습니다.",
      { n: counted(dalmeum.limits.characters, "character", "{n}글자") }),
    odd: say("A sentence holds characters that are no text.", "문장에 글자가 아닌 것이 들어 있습니다."),
  };

  let models = [];
  const chosen = () => models.filter((model) => models.length === 1 || find(`model-${models.indexOf(model)}`).checked);

  const offer = (given) => {
    models = given;
    const place = find("models");
    for (const old of place.querySelectorAll("label")) old.remove();
    place.hidden = models.length < 2;
    models.forEach((model, number) => {
      const box = make("input");
      Object.assign(box, { type: "checkbox", id: `model-${number}`, checked: models.length <= MOST_AT_FIRST || model.default });
      const name = make("span", "", model.id);
      name.dir = "auto";
      place.append(make("label", "", box, " ", name));
    });
  };

  // Where the score and its interval stand between the ends of the scale; all of it stands in words, too.
  const scale = ([low, high], score, interval) => {
    const place = (element, value, end = value) => {
      const shares = [value, end].map((each) => Math.min(1, Math.max(0, (each - low) / (high - low))));
      ["--from", "--to"].forEach((name, number) => element.style.setProperty(name, shares[number].toFixed(4)));
      return element;
    };
    const drawn = make("div", "scale", make("div", "line"));
    drawn.setAttribute("aria-hidden", "true");
    if (interval) drawn.append(place(make("div", "likely"), ...interval));
    drawn.append(place(make("div", "mark"), score));
    const whole = Number.isInteger(low) && Number.isInteger(high) && high - low <= 10;
    const steps = whole ? high - low : 1;
    for (let step = 0; step <= steps; step += 1) {
      const value = low + ((high - low) * step) / steps;
      drawn.append(place(make("span", "tick", String(value)), value));
    }
    return drawn;
  };

  const intervalOf = (model, interval) => {
    if (!interval) return make("p", "interval", WHY_NONE[model.no_interval] || "");
    const { level, pairs, coverage } = model.interval;
    const values = { low: plain(interval[0]), high: plain(interval[1]), level: Math.round(100 * level), held: (100 * coverage).toFixed(1) };
    return make("p", "interval",
      say("label likely between {low} and {high} ({level} % interval)", "레이블 예상 범위 {low} ~ {high} ({level}% 구간)", values),
      make("small", "", say("from {pairs} of its dev set; cross-validated, {held} % of their labels lie inside",
        "dev {pairs}의 오차로 정했습니다. 교차 검증하면 레이블의 {held}%가 구간에 듭니다",
        { ...values, pairs: counted(pairs, "pair", "문장쌍 {n}개") })));
  };

  const cardOf = (model, ...shown) => {
    const name = make("h3", "", model.id);
    name.dir = "auto";
    return make("article", "result", name, ...shown);
  };
  const scored = (model, score, interval) => {
    const [low, high] = model.label_range;
    const outside = score > high ? say("above the scale of {low} to {high}", "{low}~{high} 척도보다 높음", { low, high })
      : score < low ? say("below the scale of {low} to {high}", "{low}~{high} 척도보다 낮음", { low, high })
        : say("on a scale of {low} to {high}", "{low}~{high} 척도", { low, high });
    const words = make("div");
    const card = cardOf(model, make("p", "value", plain(score), " ", make("small", "", outside)),
      intervalOf(model, interval), scale(model.label_range, score, interval), words);
    return { card, words };
  };

  // What moves the score by less than a hundredth of the scale has no colour, but its number.
  const wordsOf = (parts, [low, high], largest) => {
    const least = (high - low) / 100;
    const line = make("p", "words");
    line.dir = "auto";
    for (const { text, effect } of parts) {
      if (effect === null) {
        line.append(text);
        continue;
      }
      const way = effect >= least ? "up" : effect <= -least ? "down" : "";
      const word = make("span", `word ${way}`, make("span", "", text), make("small", "", signed(effect)));
      word.style.setProperty("--share", `${Math.round(45 * Math.min(1, Math.abs(effect) / largest))}%`);
      line.append(word);
    }
    return line;
  };

  // What raises and what lowers the score most, in a sentence.
  const mostOf = (parts) => {
    const named = ({ text, effect }) => `${text} (${signed(effect)})`;
    const sorted = parts.filter(({ effect }) => Math.abs(effect) >= 0.005).sort((a, b) => b.effect - a.effect);
    const ends = [
      [say("Raises it most: ", "가장 높이는 말: "), sorted.slice(0, 2).filter(({ effect }) => effect > 0)],
      [say("Lowers it most: ", "가장 낮추는 말: "), sorted.reverse().slice(0, 2).filter(({ effect }) => effect < 0)],
    ];
    const lines = ends.filter(([, those]) => those.length)
      .map(([head, those]) => make("div", "", head, make("b", "", those.map(named).join(", "))));
    return make("div", "most", ...lines);
  };

  const explain = async (model, words, pair, signal) => {
    put(words, make("p", "hint", say("leaving out one word after the other …", "낱말을 하나씩 빼 보는 중 …")));
    try {
      const { sentences } = await ask("explain", { pair, model: model.id }, signal);
      const parts = sentences.flat().filter(({ effect }) => effect !== null);
      if (!parts.length) {
        put(words, make("p", "hint", say("Sentences of one word can't be taken apart.", "한 낱말로 된 문장은 나눌 수 없습니다.")));
        return;
      }
      const [low, high] = model.label_range;
      const largest = Math.max((high - low) / 20, ...parts.map(({ effect }) => Math.abs(effect)));
      put(words, ...sentences.map((each) => wordsOf(each, model.label_range, largest)), mostOf(parts));
    } catch (error) {
      if (error.name === "AbortError") return;
      const why = error.status === 422
        ? say("Sentences as long as this are not taken apart.", "이렇게 긴 문장은 낱말을 나눠 보지 않습니다.") : sentence(error);
      const again = make("button", "", say("Try again", "다시 시도"));
      again.type = "button";
      again.addEventListener("click", () => explain(model, words, pair, signal));
      put(words, make("p", "hint", why), ...(error.status === 422 ? [] : [again]));
    }
  };

  let work = new AbortController();
  const score = async () => {
    work.abort();
    work = new AbortController();
    const { signal } = work;
    const pair = [one.value, two.value];
    const wrong = pair.map(fault).find(Boolean);
    const empty = pair.findIndex((text) => !text.trim());
    if (empty >= 0) {
      tell(told, say("Sentence {n} is empty.", "문장 {n}: 비어 있습니다.", { n: empty + 1 }), { fault: true });
      [one, two][empty].focus();
      return;
    }
    if (wrong) {
      tell(told, FAULTS[wrong], { fault: true });
      return;
    }
    const those = chosen();
    if (!those.length) {
      tell(told, say("Choose a model above.", "위에서 모델을 고르세요."), { fault: true });
      return;
    }
    tell(told, say("scoring …", "점수를 내는 중 …"));
    const answers = await Promise.allSettled(
      those.map((model) => ask("score", { pairs: [pair], intervals: true, model: model.id }, signal)));
    if (signal.aborted) return;
    const cards = those.map((model, number) => {
      const { value, reason } = answers[number];
      if (reason) return { model, card: cardOf(model, make("p", "fault", sentence(reason))) };
      return { model, score: value.scores[0], ...scored(model, value.scores[0], value.intervals && value.intervals[0]) };
    });
    const done = cards.filter(({ words }) => words);
    if (!done.length) {
      put(find("results"));
      tell(told, sentence(answers[0].reason), { fault: true });
      return;
    }
    put(find("results"), ...cards.map(({ card }) => card));
    find("reading").hidden = false;
    const names = done.map((each) => `${each.model.id} ${plain(each.score)}`).join(", ");
    tell(told, say("Score: {names}", "점수: {names}", { names }));
    // One model after the other: a server has other people to answer.
    for (const { model, words } of done) await explain(model, words, pair, signal);
  };

  find("pair-form").addEventListener("submit", (event) => {
    event.preventDefault();
    score();
  });
  // Of any form: Ctrl+Enter, ⌘+Enter on a Mac, in a field that takes lines.
  for (const field of document.querySelectorAll("#scorer textarea")) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      field.form.requestSubmit();
    });
  }
  find("example").addEventListener("click", () => {
    [one.value, two.value] = EXAMPLE[dalmeum.language()];
    score();
  });

  Object.assign(dalmeum, { chosen, offer });
})();
