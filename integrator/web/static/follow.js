// Says so when the page no longer follows: the Integrator does not answer, or answers with an error.
"use strict";
(() => {
  const lost = document.getElementById("lost");
  const since = document.getElementById("lost-since");
  const asOf = () => document.querySelector("[data-as-of]")?.dataset.asOf ?? "";

  function stopped() {
    if (lost.hidden) since.textContent = asOf();
    lost.hidden = false;
  }

  document.addEventListener("htmx:error", stopped);
  document.addEventListener("htmx:response:error", stopped);
  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.response.status < 400) lost.hidden = true;
  });
})();
