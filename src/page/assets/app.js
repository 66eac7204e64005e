// Keeps a page up to date without reloading it: fetches the same address again and carries over what
// differs, so that focus, scroll and whatever a reader opened stay. Without it the page works too.
"use strict";
(() => {
  const period = 5000;
  const patience = 10000;
  const form = document.getElementById("filter");
  const lost = document.getElementById("lost");
  const told = document.getElementById("told");
  const clock = document.getElementById("clock");
  let timer = 0;
  let running = null;
  let heard = new Date();

  // Makes `old` equal to `fresh`. Elements with an id are found again wherever they went.
  function carry(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh);
      return;
    }
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const kept = next.id ? known.get(next.id) : at && !at.id && at.nodeName === next.nodeName ? at : null;
      if (!kept) {
        old.insertBefore(next, at);
        if (next.id) next.classList.add("arrived");
        continue;
      }
      if (kept === at) at = at.nextSibling;
      else old.insertBefore(kept, at);
      carry(kept, next);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  // Where the reader is, so that it can be found again after its element was replaced.
  function place() {
    const element = document.activeElement;
    if (!element || element === document.body) return () => {};
    const around = element.closest("[id]");
    const address = element.getAttribute("href");
    return () => {
      if (document.activeElement === element) return;
      const again = element.isConnected ? element
        : address && around && document.getElementById(around.id)
          ? [...document.getElementById(around.id).querySelectorAll("a")].find((one) => one.getAttribute("href") === address)
          : null;
      if (again) again.focus({ preventScroll: true });
    };
  }

  function show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const back = place();
    const before = document.title;
    for (const section of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(section.id);
      if (next) carry(section, next);
    }
    document.title = fresh.title;
    // Said aloud only when the verdict changes.
    if (before !== document.title) told.textContent = fresh.querySelector("h1")?.textContent ?? "";
    back();
  }

  function connected(yes, why) {
    document.documentElement.classList.toggle("lost", !yes);
    lost.hidden = yes;
    if (yes) {
      heard = new Date();
      clock.textContent = `live, ${heard.toLocaleTimeString()}`;
    } else {
      lost.textContent = `The daemon does not answer (${why}). What stands here is of ${heard.toLocaleString()}.`;
    }
  }

  async function refresh() {
    clearTimeout(timer);
    running?.abort();
    const mine = (running = new AbortController());
    const late = setTimeout(() => mine.abort(), patience);
    try {
      const answer = await fetch(location.href, { signal: mine.signal, cache: "no-store" });
      const text = await answer.text();
      if (mine !== running) return;
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      show(text);
      connected(true);
    } catch (error) {
      if (mine !== running) return;
      connected(false, mine.signal.aborted ? "no answer in time" : error.message);
    } finally {
      clearTimeout(late);
      if (mine === running) timer = setTimeout(refresh, document.hidden ? 12 * period : period);
    }
  }

  // The filter acts while it is typed; its address is the page's, so that it survives a reload.
  function filter() {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) chosen.append(name, value);
    const query = chosen.toString();
    history.replaceState(null, "", query ? `/?${query}` : "/");
    refresh();
  }

  if (form) {
    let typing = 0;
    form.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(filter, 250);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(typing);
      filter();
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.(".copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    told.textContent = "Copied";
  });

  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  if (navigator.clipboard) document.documentElement.classList.add("lively");
  connected(true);
  timer = setTimeout(refresh, period);
})();
