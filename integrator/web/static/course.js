// The course picture: arrow keys go from link to link, and the line under it repeats the chosen one.
"use strict";
(() => {
  const line = document.querySelector("#readout p");

  document.querySelectorAll("svg.tl[role=group]").forEach((picture) => {
    const links = [...picture.querySelectorAll("a")];
    if (links.length && !links.some((link) => link.tabIndex === 0)) links[0].setAttribute("tabindex", "0");

    picture.addEventListener("keydown", (event) => {
      const at = links.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: links.length - 1 }[event.key];
      if (at < 0 || to === undefined || !links[to]) return;
      event.preventDefault();
      links[to].focus();
    });

    picture.addEventListener("focusin", (event) => {
      const chosen = event.target.closest("a");
      if (!chosen) return;
      links.forEach((link) => {
        link.setAttribute("tabindex", link === chosen ? "0" : "-1");
        link.removeAttribute("aria-current");
      });
      chosen.setAttribute("aria-current", "true");
      if (line) line.textContent = `${chosen.getAttribute("aria-label")}.`;
    });
  });
})();
