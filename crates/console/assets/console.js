// What pages do beyond being read: keys, and the list below the search field while somebody types. Without it every page is whole.
"use strict";

(() => {
  const field = document.getElementById("q");
  const list = document.getElementById("typed");
  const said = document.getElementById("said");
  if (!field || !list) return;
  let timer = 0, asked = 0, chosen = -1, composing = false, running = null;

  const options = () => [...list.querySelectorAll("[role=option]")];

  const close = () => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    chosen = -1;
  };

  const choose = (n) => {
    const all = options();
    if (!all.length) return;
    chosen = (n + all.length) % all.length;
    all.forEach((one, i) => one.setAttribute("aria-selected", String(i === chosen)));
    field.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  };

  // A Chinese character says as much as a word; one letter or two digits say nothing yet.
  const isEnough = (text) => /\p{Script=Han}/u.test(text) || (/^[\d\s+()-]+$/.test(text) ? text.replace(/\D/g, "").length > 2 : text.length > 1);

  const ask = async () => {
    const text = field.value.trim();
    const turn = ++asked;
    if (running) running.abort();
    if (!isEnough(text)) return close();
    running = new AbortController();
    try {
      const answer = await fetch("/search/hits?q=" + encodeURIComponent(text), { signal: running.signal });
      const html = await answer.text();
      // An answer that was overtaken says what is no longer asked.
      if (turn !== asked || !answer.ok) return;
      list.innerHTML = html;
      list.hidden = false;
      chosen = -1;
      field.setAttribute("aria-expanded", "true");
      clearTimeout(said.timer);
      said.timer = setTimeout(() => { said.textContent = list.querySelector(".summary")?.textContent ?? ""; }, 500);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  const later = () => { clearTimeout(timer); timer = setTimeout(ask, 100); };
  field.addEventListener("compositionstart", () => { composing = true; });
  field.addEventListener("compositionend", () => { composing = false; later(); });
  field.addEventListener("input", () => { if (!composing) later(); });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown" && !list.hidden) { event.preventDefault(); choose(chosen + 1); }
    else if (event.key === "ArrowUp" && !list.hidden) { event.preventDefault(); choose(chosen - 1); }
    else if (event.key === "Escape") { if (list.hidden) field.value = ""; else { event.preventDefault(); close(); } }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); options()[chosen].click(); }
  });
  field.form.addEventListener("focusout", (event) => { if (!field.form.contains(event.relatedTarget)) close(); });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) close(); });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    // Who speaks to a browser switches them off.
    if (document.documentElement.dataset.keys === "off") return;
    if (event.key === "/") { event.preventDefault(); field.focus(); field.select(); return; }
    const to = event.key === "o" ? "#open" : event.key === "f" ? "#first" : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.getAttribute("href");
    const section = to && document.querySelector(to);
    if (section) { event.preventDefault(); section.scrollIntoView(); section.focus({ preventScroll: true }); }
  });
  // On the page for searching there is nothing else to do.
  if (location.pathname === "/") field.focus();
})();
