"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Plotly paints with fixed colours, so the page's own are handed to it, and again when the scheme changes.
  const theme = () => {
    const look = { "font.color": colour("--ink"), "hoverlabel.bgcolor": colour("--paper"),
      "hoverlabel.font.color": colour("--ink"), "hoverlabel.bordercolor": colour("--quiet") };
    for (const axis of ["xaxis", "yaxis"]) {
      look[`${axis}.gridcolor`] = colour("--line");
      look[`${axis}.zerolinecolor`] = colour("--quiet");
    }
    return look;
  };

  const family = getComputedStyle(document.body).fontFamily;
  const narrow = window.innerWidth < 600;
  const common = {
    autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
    margin: { l: 56, r: 16, t: 24, b: 52 }, hoverlabel: { align: "left", namelength: -1, font: { family } },
    // On a telephone a finger on a figure must still scroll the page.
    dragmode: narrow ? false : "zoom",
  };
  const config = { responsive: true, displaylogo: false, displayModeBar: false };

  const drawn = Object.entries(figures).map(([id, figure]) => {
    const layout = { ...common, font: { family, size: 12 }, ...figure.layout };
    for (const axis of ["xaxis", "yaxis"]) {
      layout[axis] = { automargin: true, ...layout[axis] };
      if (layout[axis].title) layout[axis].title.standoff = 10;
    }
    if (layout.height) document.getElementById(id).style.height = `${layout.height}px`;
    return Plotly.newPlot(id, figure.data, layout, config).then((plot) => Plotly.relayout(plot, theme()));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const id of Object.keys(figures)) Plotly.relayout(id, theme());
  });
  Promise.all(drawn).then(() => { document.documentElement.dataset.ready = "yes"; });
})();
