"use strict";
// Questions to the server, and what went wrong in plain words.
(() => {
  const { say, find, put, tell } = dalmeum;
  const KEY = "dalmeum-token";
  const limits = Object.fromEntries(
    Object.entries(find("scorer").dataset).map(([name, value]) => [name, Number(value)]));

  // Kept for this tab alone; where storage is refused, until the page is left.
  let token = "";
  try { token = sessionStorage.getItem(KEY) || ""; } catch { /* none is kept */ }
  const keep = (given) => {
    token = given;
    try { sessionStorage.setItem(KEY, given); } catch { /* see above */ }
  };

  class Problem extends Error {
    // 0: nobody answered.
    constructor(status, seconds = 0) {
      super(`status ${status}`);
      Object.assign(this, { status, seconds });
    }
  }

  const SENTENCES = {
    0: say("The server can't be reached. Is it still running?", "서버에 연결할 수 없습니다. 서버가 켜져 있는지 확인하세요."),
    400: say("The server could not read the text: it holds characters that are no text.",
      "서버가 글을 읽지 못했습니다. 글자가 아닌 것이 들어 있습니다."),
    401: say("The server wants a token: enter it above.", "토큰이 필요합니다. 위에 입력하세요."),
    404: say("This model is not there any more: load the page again.", "이 모델은 이제 없습니다. 페이지를 다시 불러오세요."),
    408: say("The text did not get to the server in time: try again.", "글이 제때 서버에 닿지 않았습니다. 다시 시도하세요."),
    413: say("That is more than the server takes at once: send less.", "서버가 한 번에 받는 양보다 많습니다. 줄여서 보내세요."),
    422: say("The server does not take this text: it is too long, or holds characters that are no text.",
      "서버가 이 글을 받지 않습니다. 너무 길거나, 글자가 아닌 것이 들어 있습니다."),
    500: say("The work failed on the server. Its log says where.", "서버에서 작업이 실패했습니다. 자세한 내용은 서버 로그에 있습니다."),
    503: say("The server gave no answer in time: try again.", "서버가 제때 답하지 못했습니다. 다시 시도하세요."),
  };
  const sentence = (error) => {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 429) {
      return say("The server is busy: try again in {n} s.", "서버가 바쁩니다. {n}초 뒤에 다시 시도하세요.", { n: error.seconds });
    }
    return SENTENCES[error.status] || say("The server answered with error {n}.", "서버가 오류 {n}번으로 답했습니다.", { n: error.status });
  };

  const request = async (path, body, signal) => {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const options = { method: body === undefined ? "GET" : "POST", headers, signal, credentials: "omit", cache: "no-store" };
    if (body !== undefined) options.body = JSON.stringify(body);
    let answer;
    try {
      answer = await fetch(path, options);
      if (answer.ok) return await answer.json();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0);
    }
    throw new Problem(answer.status, Number(answer.headers.get("Retry-After")) || 1);
  };
  const ask = async (path, body, signal) => {
    try {
      return await request(path, body, signal);
    } catch (error) {
      if (error.status === 401) wantToken();
      throw error;
    }
  };

  const form = find("token-form");
  const wantToken = () => {
    form.hidden = false;
    tell(find("token-told"), token
      ? say("The server does not know this token.", "서버가 모르는 토큰입니다.") : "");
  };

  // Runs `start` with the models as soon as the server tells them: at once, or when a token is given.
  const models = (start) => {
    const told = find("server-told");
    const load = async () => {
      told.hidden = true;
      try {
        const { data } = await ask("v1/models");
        form.hidden = true;
        find("token").value = "";
        start(data);
      } catch (error) {
        const text = sentence(error);
        if (error.status === 401) {
          find("token").focus();
          return;
        }
        put(told, text);
        told.hidden = false;
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = find("token").value.trim();
      // What can't stand in a header is no token.
      if (!/^[\x21-\x7e]+$/.test(given)) {
        tell(find("token-told"), say("A token is made of letters, digits and signs, without blanks.",
          "토큰은 영문자, 숫자, 기호로 되어 있고 빈칸이 없습니다."));
        return;
      }
      keep(given);
      load();
    });
    return load();
  };

  const sleep = (seconds, signal) => new Promise((done, failed) => {
    const timer = setTimeout(done, 1000 * seconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      failed(new DOMException("", "AbortError"));
    }, { once: true });
  });

  // What the server would refuse of a sentence: it counts characters, not units of UTF-16.
  const fault = (text) => {
    if ([...text].length > limits.characters) return "long";
    return /\0|\p{Surrogate}/u.test(text) ? "odd" : "";
  };

  Object.assign(dalmeum, { ask, models, Problem, sentence, sleep, fault, limits });
})();
