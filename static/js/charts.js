/* Draws the Vega-Lite specification in each <figure class="chart"> with the colours of
   the page. Needs `vega`, its interpreter, which evaluates expressions without `eval`, and
   `vegaLite`. Used by the admin and by reports. */

const PALETTE = ["#0f8aa3", "#f0642a", "#6a5acd", "#2e9e5b", "#c2418b", "#b58900"];

function look(figure) {
  const { color, fontFamily } = getComputedStyle(figure);
  const faint = `color-mix(in srgb, ${color} 20%, transparent)`;
  const text = { labelColor: color, titleColor: color, labelFont: fontFamily, titleFont: fontFamily };
  return {
    background: "transparent",
    font: fontFamily,
    view: { stroke: null },
    axis: { ...text, gridColor: faint, domainColor: faint, tickColor: faint, titleFontWeight: 500 },
    legend: text,
    rule: { color },
    range: { category: PALETTE },
    area: { color: PALETTE[0] },
    line: { color: PALETTE[0] },
  };
}

function draw() {
  for (const figure of document.querySelectorAll("figure.chart")) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const compiled = vegaLite.compile({ ...spec, config: look(figure) }).spec;
    const container = figure.querySelector(".chart__plot");
    const parsed = vega.parse(compiled, null, { ast: true });
    const expr = vega.expressionInterpreter;
    new vega.View(parsed, { expr, renderer: "svg", container }).runAsync();
  }
}

draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
