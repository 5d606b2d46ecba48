"use strict";
// The browser of proofs: unpacks the problems in chunks, lists what the filters leave, shows one.
(async () => {
  const CHUNK = 40, BATCH = 60;
  const $ = (id) => document.getElementById(id);
  const SAID = (outcome) => (outcome === "truncated" ? "cut off" : outcome);
  const [ID, TECHNIQUE, DIFFICULTY, BASELINE, FINAL, CHANGE, GOAL, NAME, JUDGE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const FIELDS = { technique: TECHNIQUE, difficulty: DIFFICULTY, baseline: BASELINE, final: FINAL };
  if ($("judge")) FIELDS.judge = JUDGE;
  const list = $("list"), ol = list.querySelector("ol"), browser = $("browser");

  const unpacked = new Map();
  const unpack = (name) => {
    if (!unpacked.has(name)) {
      const bytes = Uint8Array.from(atob($("chunk-" + name).textContent), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      unpacked.set(name, new Response(stream).json());
    }
    return unpacked.get(name);
  };

  if (typeof DecompressionStream === "undefined") {
    $("count").textContent = "This browser is too old to show the proofs.";
    return;
  }

  const problems = await unpack("list");
  let shown = problems.map((_, i) => i), drawn = 0, current = -1, change = "", text = null;

  const row = (i) => {
    const p = problems[i];
    const label = `${p[NAME]}, level ${p[DIFFICULTY]}`;
    return `<li><a href="#p=${encodeURIComponent(p[ID])}" data-i="${i}"${i === current ? ' aria-current="true"' : ""}>` +
      `<span class="goal">${p[GOAL]}</span><span class="about"><span>${label}</span>` +
      `<span class="chips"><span class="chip ${p[BASELINE]}"><span class="away">base </span>${SAID(p[BASELINE])}</span>` +
      `<span aria-hidden="true">→</span>` +
      `<span class="chip ${p[FINAL]}"><span class="away">tuned </span>${SAID(p[FINAL])}</span></span></span></a></li>`;
  };

  const draw = (upTo) => {
    const until = Math.min(shown.length, Math.max(upTo, drawn));
    if (until > drawn) ol.insertAdjacentHTML("beforeend", shown.slice(drawn, until).map(row).join(""));
    drawn = until;
  };
  list.addEventListener("scroll", () => {
    if (list.scrollTop + 2 * list.clientHeight > list.scrollHeight) draw(drawn + BATCH);
  }, { passive: true });

  let wanted = 0;
  const filter = async () => {
    const mine = ++wanted;
    const terms = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    if (terms.length && !text) text = await unpack("search");
    if (mine !== wanted) return;
    const fields = Object.entries(FIELDS).map(([id, at]) => [at, $(id).value]).filter(([, v]) => v);
    shown = [];
    problems.forEach((p, i) => {
      if (change && p[CHANGE] !== change) return;
      if (fields.every(([at, v]) => p[at] === v) && terms.every((t) => text[i].includes(t))) shown.push(i);
    });
    ol.replaceChildren();
    drawn = 0;
    list.scrollTop = 0;
    draw(BATCH);
    const n = shown.length, all = problems.length;
    $("count").textContent = n === all ? `${all.toLocaleString("en")} problems`
      : n ? `${n.toLocaleString("en")} of ${all.toLocaleString("en")} problems` : "No problem matches; clear a filter.";
    if (n && !shown.includes(current)) await show(shown[0], false);
    else place();
    browser.dataset.shown = n;
  };

  const place = () => {
    const at = shown.indexOf(current);
    $("position").textContent = at < 0 ? "" : `${at + 1} of ${shown.length}`;
    $("previous").disabled = at <= 0;
    $("next").disabled = at < 0 || at >= shown.length - 1;
  };

  const show = async (i, open) => {
    current = i;
    ol.querySelector("[aria-current]")?.removeAttribute("aria-current");
    draw(shown.indexOf(i) + 1);
    const link = ol.querySelector(`a[data-i="${i}"]`);
    link?.setAttribute("aria-current", "true");
    if (open) {
      browser.dataset.view = "detail";
      history.replaceState(null, "", "#p=" + encodeURIComponent(problems[i][ID]));
      if (link && list.clientHeight) {
        const gap = 8, top = link.offsetTop - list.offsetTop;
        if (top < list.scrollTop) list.scrollTop = top - gap;
        else if (top + link.offsetHeight > list.scrollTop + list.clientHeight)
          list.scrollTop = top + link.offsetHeight - list.clientHeight + gap;
      }
    }
    const details = await unpack("p" + Math.floor(i / CHUNK));
    if (current !== i) return;
    $("content").innerHTML = details[i % CHUNK];
    for (const box of $("content").querySelectorAll("p, .long"))
      if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === "auto") box.tabIndex = 0;
    place();
  };

  const narrow = () => getComputedStyle($("back")).display !== "none";
  const reveal = () => {
    const box = browser.getBoundingClientRect();
    if (narrow() || box.top > innerHeight * 0.5 || box.bottom < innerHeight * 0.5) browser.scrollIntoView({ block: "start", behavior: "instant" });
  };
  const move = async (by) => {
    const at = shown.indexOf(current) + by;
    if (at < 0 || at >= shown.length) return;
    await show(shown[at], true);
    if (list.contains(document.activeElement)) ol.querySelector("[aria-current]")?.focus({ preventScroll: true });
    else reveal();
  };
  const back = () => {
    browser.dataset.view = "list";
    history.replaceState(null, "", "#proofs");
    ol.querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
  };
  const clear = () => {
    $("filters").reset();
  };

  ol.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(Number(link.dataset.i), true).then(() => narrow() && reveal());
  });
  $("previous").addEventListener("click", () => move(-1));
  $("next").addEventListener("click", () => move(1));
  $("back").addEventListener("click", back);
  for (const id of Object.keys(FIELDS)) $(id).addEventListener("change", filter);
  let soon;
  $("search").addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(filter, 120); });
  $("search").addEventListener("focus", () => { unpack("search"); });
  const press = (name) => {
    change = name;
    for (const b of document.querySelectorAll("[data-change]")) b.setAttribute("aria-pressed", String(b.dataset.change === name));
  };
  for (const button of document.querySelectorAll("[data-change]"))
    button.addEventListener("click", () => { press(change === button.dataset.change ? "" : button.dataset.change); filter(); });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", () => { press(""); setTimeout(filter); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "Escape") {
      if (event.target === $("search")) { $("search").value = ""; $("search").blur(); filter(); }
      else if (narrow() && browser.dataset.view === "detail") back();
      else clear();
      return;
    }
    if (typing) return;
    const inList = list.contains(event.target);
    if (event.key === "/") { event.preventDefault(); $("search").focus(); $("search").select(); }
    else if (event.key === "j" || (inList && event.key === "ArrowDown")) { event.preventDefault(); move(1); }
    else if (event.key === "k" || (inList && event.key === "ArrowUp")) { event.preventDefault(); move(-1); }
  });

  const linked = async () => {
    const id = /^#p=(.+)$/.exec(location.hash)?.[1];
    const i = id ? problems.findIndex((p) => encodeURIComponent(p[ID]) === id) : -1;
    if (i >= 0) { await show(i, true); reveal(); }
    return i >= 0;
  };
  window.addEventListener("hashchange", linked);

  await filter();
  await linked();
  document.documentElement.dataset.ready = "true";
})();
