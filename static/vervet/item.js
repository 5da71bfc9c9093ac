/* The page of an item: folding its configuration, and copying paths. What is shown comes from
   the server; nothing here reads or makes markup. */
(() => {
  "use strict";

  const tree = () => document.getElementById("tree");
  const say = (text) => {
    const place = document.getElementById("said");
    if (place) place.textContent = text;
  };

  function fold(how, button) {
    const marked = how === "marked" && button.getAttribute("aria-pressed") !== "true";
    for (const one of document.querySelectorAll("[data-fold=marked]")) one.setAttribute("aria-pressed", String(marked));
    tree().classList.toggle("only-marked", marked);
    for (const part of tree().querySelectorAll("details")) {
      // What was left out is asked for one by one, by hand.
      const left = part.hasAttribute("hx-get") && !part.dataset.there;
      if (how === "open") part.open = part.open || !left;
      if (how === "fold") part.open = false;
      if (marked) part.open = part.open || !!part.querySelector(".hit");
    }
  }

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Where the page is not served over TLS there is no clipboard but the old one.
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "unseen";
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    button.classList.add("done");
    say(`Copied: ${text}`);
    setTimeout(() => button.classList.remove("done"), 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-fold], [data-copy]");
    if (!button) return;
    event.preventDefault(); // A click in a summary would fold it.
    if (button.dataset.copy !== undefined) copy(button);
    else fold(button.dataset.fold, button);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const part = event.target.closest?.("details[hx-get]");
    if (part) part.dataset.there = "1";
  });
})();
