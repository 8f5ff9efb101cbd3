"use strict";
// Texts in both languages, of which the page's style shows one; whatever comes from outside is set as text.
(() => {
  // A value may be a text in both languages itself.
  const filled = (text, values, language) => text.replace(/\{(\w+)\}/g, (_, name) => values[name][language] ?? values[name]);
  const say = (en, ko, values = {}) => ({ en: filled(en, values, "en"), ko: filled(ko, values, "ko") });

  const nodes = (value) => {
    if (value instanceof Node) return [value];
    if (typeof value === "string") return [document.createTextNode(value)];
    return Object.entries(value).map(([language, text]) => {
      const span = document.createElement("span");
      span.lang = language;
      span.textContent = text;
      return span;
    });
  };
  const put = (element, ...values) => element.replaceChildren(...values.flatMap(nodes));
  const make = (tag, className, ...values) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    put(element, ...values);
    return element;
  };
  const find = (id) => document.getElementById(id);

  // A line below a form: what it says is read aloud; a fault looks like one.
  const tell = (element, value = "", { fault = false } = {}) => {
    put(element, value);
    element.classList.toggle("fault", fault);
  };

  const plain = (value) => value.toFixed(2).replace(/^-0\.00$/, "0.00").replace("-", "−");
  const signed = (value) => (value >= 0.005 ? `+${plain(value)}` : plain(value));
  const count = (value) => value.toLocaleString("en-US");
  const counted = (value, noun, korean) => say(`{n} ${noun}${value === 1 ? "" : "s"}`, korean, { n: count(value) });

  Object.assign(dalmeum, { say, put, make, find, tell, plain, signed, count, counted });
})();
