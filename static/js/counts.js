/* Numbers that a request changed elsewhere on the page: the response of a Follow button
   has the header `HX-Trigger: {"counts": {"values": {"followers-12": "1.2K"}}}`, which is
   shown in every `data-count="followers-12"`. */

export function startCounts() {
  document.addEventListener("counts", ({ detail }) => {
    for (const [name, text] of Object.entries(detail.values)) {
      for (const element of document.querySelectorAll(`[data-count="${name}"]`)) {
        element.textContent = text;
      }
    }
  });
}
