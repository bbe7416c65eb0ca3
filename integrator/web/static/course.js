// The course picture: arrow keys go from link to link, and the line under it repeats the chosen one.
"use strict";
(() => {
  const line = document.querySelector("#readout p");
  const linksOf = (link) => [...link.closest("svg").querySelectorAll("a")];

  // The listeners are on what holds the pictures: an SVG that listens for focus is a stop of its own in Chromium.
  document.querySelectorAll("#course .scroll").forEach((region) => {
    region.querySelectorAll("svg").forEach((picture) => {
      if (!picture.querySelector('a[tabindex="0"]')) picture.querySelector("a")?.setAttribute("tabindex", "0");
    });

    region.addEventListener("keydown", (event) => {
      const link = event.target.closest("svg a");
      if (!link) return;
      const links = linksOf(link);
      const at = links.indexOf(link);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: links.length - 1 }[event.key];
      if (to === undefined || !links[to]) return;
      event.preventDefault();
      links[to].focus();
    });

    region.addEventListener("focusin", (event) => {
      const chosen = event.target.closest("svg a");
      if (!chosen) return;
      linksOf(chosen).forEach((link) => {
        link.setAttribute("tabindex", link === chosen ? "0" : "-1");
        link.removeAttribute("aria-current");
      });
      chosen.setAttribute("aria-current", "true");
      if (line) line.textContent = `${chosen.getAttribute("aria-label")}.`;
    });
  });
})();
