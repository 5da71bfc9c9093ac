/* The queue by hand and by keys: what is chosen, what would be done to how many. Everything that is
   shown comes from the server; a page without this script chooses and sends all the same. */
(() => {
  "use strict";

  const form = () => document.getElementById("queue");
  const rows = () => [...document.querySelectorAll("#queue .row")];
  const boxes = () => [...document.querySelectorAll("#queue [data-choose=one]")];
  const across = () => form().elements.select_across;

  // Where somebody is: the row that has the focus, or the last one that had it.
  let current = null;

  function tell() {
    const data = form().dataset;
    const here = boxes().filter((box) => box.checked).length;
    if (here < boxes().length) across().value = "0";
    const all = across().value === "1";
    const count = all ? +data.all : here;
    form().classList.toggle("has-chosen", count > 0);
    const write = (name, text) => {
      for (const one of form().querySelectorAll(name)) one.textContent = text;
    };
    write("[data-says=count]", count);
    write("[data-says=beyond]", count - here);
    for (const one of form().querySelectorAll("[data-says=elsewhere]")) one.hidden = count === here;
    for (const one of form().querySelectorAll("[data-choose=all]")) one.hidden = all;
    for (const one of form().querySelectorAll("[data-many]")) {
      one.textContent = count === 1 ? one.dataset.one : one.dataset.many.replace("#", count);
    }
    const whole = form().querySelector("[data-choose=page]");
    whole.checked = here > 0 && here === boxes().length;
    whole.indeterminate = here > 0 && here < boxes().length;
  }

  function choose(on) {
    for (const box of boxes()) box.checked = on;
    if (!on) across().value = "0";
    tell();
  }

  function go(row) {
    current?.classList.remove("cursor");
    current = row;
    if (!row) return;
    row.classList.add("cursor");
    row.querySelector("[data-open]").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.indexOf(current);
    go(all[Math.min(Math.max(at < 0 && by < 0 ? 0 : at + by, 0), all.length - 1)]);
  }

  // Without anything chosen, a deed is done to the row where somebody is.
  function deed(key) {
    const button = form().querySelector(`[data-deed="${key}"]`);
    if (!button) return;
    if (!boxes().some((box) => box.checked)) {
      const box = current?.querySelector("[data-choose=one]");
      if (!box) return;
      box.checked = true;
      tell();
    }
    button.click();
  }

  const queue = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    o: () => current?.querySelector("[data-open]").click(),
    x: () => {
      const box = current?.querySelector("[data-choose=one]");
      if (box) {
        box.checked = !box.checked;
        tell();
      }
    },
    "*": () => choose(!boxes().every((box) => box.checked)),
    Escape: () => choose(false),
    y: () => deed("y"),
    a: () => deed("a"),
    c: () => deed("c"),
  };

  const busy = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || busy(event.target)) return;
    if (event.target.matches?.(":is(a, button):focus") && event.key === "Enter") return;
    const search = document.getElementById("queue-search");
    if (event.key === "/" && search) {
      event.preventDefault();
      event.stopPropagation();
      // Focused at once: what is typed next belongs in it. Where the filters are folded away, they
      // are opened first.
      search.focus();
      if (document.activeElement !== search) {
        document.querySelector("#changelist button.act")?.click();
        requestAnimationFrame(() => search.focus());
      }
      return;
    }
    const keys = document.getElementById("queue-keys");
    if (event.key === "?" && keys) {
      event.preventDefault();
      keys.showModal();
      return;
    }
    // A page's own links and fields say which key leads to them.
    const named = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (form() && Object.hasOwn(queue, event.key)) {
      event.preventDefault();
      queue[event.key]();
    } else if (named) {
      event.preventDefault();
      if (named.matches("textarea, input, select")) named.focus();
      else named.click();
    }
  }, true);

  document.addEventListener("click", (event) => {
    if (event.target.closest?.('[data-key="?"]')) document.getElementById("queue-keys")?.showModal();
    if (!form()) return;
    if (event.target.closest("[data-choose=all]")) {
      choose(true);
      across().value = "1";
      tell();
    }
    if (event.target.closest("[data-choose=none]")) choose(false);
  });

  document.addEventListener("change", (event) => {
    if (!form()) return;
    if (event.target.matches("[data-choose=page]")) choose(event.target.checked);
    else if (event.target.matches("#queue [data-choose=one]")) tell();
  });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#queue .row");
    if (row && row !== current) {
      current?.classList.remove("cursor");
      current = row;
      row.classList.add("cursor");
    }
  });

  // A browser keeps what was chosen when somebody comes back to the page.
  addEventListener("pageshow", () => {
    if (form()) tell();
  });
})();
