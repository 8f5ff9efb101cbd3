"use strict";
// In the head, so that the page never shows one language first and then the other.
const dalmeum = (() => {
  const key = "dalmeum-language";
  const known = ["en", "ko"];
  const root = document.documentElement;

  // A page opened from a file, or in a private window, may be refused its storage.
  const remembered = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const remember = (language) => {
    try { localStorage.setItem(key, language); } catch { /* then it holds until the page is left */ }
  };

  const asked = [remembered(), root.dataset.chosen, ...(navigator.languages || [])];
  root.lang = asked.map((each) => (each || "").slice(0, 2).toLowerCase()).find((each) => known.includes(each)) || "en";
  root.dataset.script = "yes";
  return { remember, language: () => root.lang };
})();
