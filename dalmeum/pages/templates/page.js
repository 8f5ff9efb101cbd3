"use strict";
(() => {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // A text in both languages is {"en": ..., "ko": ...}; a fresh copy each time, as Plotly writes into what it is given.
  const inLanguage = (value) => {
    if (Array.isArray(value)) return value.map(inLanguage);
    if (value === null || typeof value !== "object") return value;
    if ("en" in value && "ko" in value) return value[dalmeum.language()];
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inLanguage(each)]));
  };

  const family = getComputedStyle(document.body).fontFamily;
  const narrow = window.innerWidth < 600;
  const config = { responsive: true, displaylogo: false, displayModeBar: false };

  // Plotly paints with fixed colours, so the page's own are handed to it, and again when the scheme changes.
  const layoutOf = (figure) => {
    const layout = {
      autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      margin: { l: 56, r: 16, t: 28, b: 48 }, font: { family, size: 12, color: colour("--quiet") },
      hoverlabel: { align: "left", namelength: -1, bgcolor: colour("--paper"), bordercolor: colour("--line"),
        font: { family, color: colour("--ink") } },
      // On a telephone a finger on a figure must still scroll the page.
      dragmode: narrow ? false : "zoom",
      ...inLanguage(figure.layout),
    };
    for (const axis of ["xaxis", "yaxis"]) {
      layout[axis] = { automargin: true, gridcolor: colour("--line"), zerolinecolor: colour("--quiet"), ...layout[axis] };
      if (layout[axis].title) layout[axis].title.standoff = 10;
    }
    return layout;
  };
  const draw = () => Promise.all(Object.entries(figures).map(([id, figure]) => {
    if (figure.layout.height) document.getElementById(id).style.height = `${figure.layout.height}px`;
    return Plotly.react(id, inLanguage(figure.data), layoutOf(figure), config);
  }));
  const redraw = () => { if (window.Plotly) draw(); };

  const title = document.querySelector("title");
  const buttons = document.querySelectorAll("[data-language]");
  const tell = () => {
    document.title = `${title.dataset[dalmeum.language()]} · dalmeum`;
    for (const each of buttons) each.setAttribute("aria-pressed", each.dataset.language === dalmeum.language());
  };
  for (const each of buttons) {
    each.addEventListener("click", () => {
      root.lang = each.dataset.language;
      dalmeum.remember(root.lang);
      tell();
      redraw();
    });
  }
  document.querySelector(".languages").hidden = false;
  tell();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  const ready = () => { root.dataset.ready = "yes"; };
  const missing = () => {
    root.dataset.figures = "missing";
    document.getElementById("no-figures").hidden = false;
    ready();
  };
  if (!Object.keys(figures).length) ready();
  else if (window.Plotly) draw().then(ready);
  else {
    const script = document.createElement("script");
    script.src = root.dataset.plotly;
    script.addEventListener("load", () => draw().then(ready));
    script.addEventListener("error", missing);
    document.head.append(script);
  }
})();
