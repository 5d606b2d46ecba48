"use strict";
// Shows the rows of one class: unpacks them when they are asked for.
(async () => {
  const buttons = [...document.querySelectorAll("[data-kind]")];
  const rows = document.getElementById("rows"), meaning = document.getElementById("meaning");
  const done = () => { document.documentElement.dataset.ready = "true"; };
  if (typeof DecompressionStream === "undefined") {
    meaning.textContent = "This browser is too old to show the rows.";
    return done();
  }
  const unpack = (chunk) => {
    const bytes = Uint8Array.from(atob(chunk.textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  };
  let wanted = "";
  const show = async (kind) => {
    wanted = kind;
    const chunk = document.getElementById("chunk-" + kind);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    const found = await unpack(chunk);
    if (wanted !== kind) return;
    meaning.textContent = chunk.dataset.meaning;
    rows.innerHTML = found.join("");
    for (const box of rows.querySelectorAll("p, pre"))
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    rows.dataset.kind = kind;
  };
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.kind));
  if (buttons.length) await show(buttons[0].dataset.kind);
  done();
})();
