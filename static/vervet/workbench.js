/* The workbench: what the server cannot do for a text that is being written. Everything that is
   shown comes from the server; nothing here reads or makes markup. */
(() => {
  "use strict";

  const form = () => document.getElementById("workbench");
  const editor = () => document.getElementById("id_expression");
  let last = null; // The box of code that was written in last.
  let dirty = false;
  const folded = new Map(); // Which parts of the tree somebody opened or closed.

  const box = () => (last && document.contains(last) ? last : editor());

  // Through the browser's own editing, so that Ctrl+Z takes it back.
  function write(field, text, from, to) {
    field.focus();
    field.setSelectionRange(from, to);
    const done = text
      ? document.execCommand("insertText", false, text)
      : document.execCommand("delete");
    if (!done) {
      field.setRangeText(text, from, to, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function insert(button) {
    const field = box();
    const to = field.selectionEnd;
    let from = field.selectionStart;
    if (button.dataset.begun && from === to) {
      // What was begun to be typed is completed, not repeated.
      const begun = field.value.slice(0, from).match(/(?:[\w.]|"[^"\n]*"|\[(?:\*|-?\d+|)\])*$/);
      from -= begun ? begun[0].length : 0;
    }
    write(field, button.dataset.insert, from, to);
  }

  function replace(id, text) {
    const field = document.getElementById(id);
    if (!field) return;
    for (let one = field.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    write(field, text, 0, field.value.length);
  }

  function say(text) {
    const place = document.getElementById("bench-trouble");
    const line = document.createElement("div");
    line.className = "mb-5 problems";
    line.setAttribute("role", "alert");
    line.textContent = text;
    place.replaceChildren(line);
    place.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("#workbench textarea")) last = event.target;
  });

  document.addEventListener("input", (event) => {
    if (!event.target.closest?.("#workbench") || event.target.name === "q") return;
    dirty = true;
    if (!["reason", "since"].includes(event.target.name)) {
      for (const answer of document.querySelectorAll(".ahead")) answer.classList.add("old");
    }
    if (event.target === editor()) {
      form().elements.at.value = editor().selectionStart;
      document.getElementById("bench-under").classList.add("stale");
    }
  }, true);

  // Where the cursor stands decides what help is offered.
  document.addEventListener("selectionchange", () => {
    const field = editor();
    if (field && document.activeElement === field) form().elements.at.value = field.selectionStart;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#workbench button");
    if (!button) return;
    const data = button.dataset;
    if (data.insert !== undefined) insert(button);
    if (data.replace !== undefined) replace(data.replace, data.text);
    if (data.select !== undefined) {
      const field = document.getElementById(data.select);
      field.focus();
      field.setSelectionRange(+data.start, +data.start + +data.length);
    }
    if (data.path !== undefined) {
      event.preventDefault(); // A click in a summary would fold it.
      form().elements.path.value = data.path;
      htmx.trigger("#bench-suggestion", "ask");
    }
    if (button.name === "example") dirty = true;
    if (data.picks !== undefined) {
      document.getElementById("bench-found").replaceChildren();
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#workbench [data-fill]");
    if (!button) return;
    // One suggestion fills several fields.
    for (const part of button.querySelectorAll("[data-field]")) replace(part.dataset.field, part.dataset.value);
  });

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest || !event.target.closest("#workbench")) return;
    const inEditor = event.target.matches("textarea");
    if (inEditor && event.ctrlKey && event.code === "Space") {
      event.preventDefault();
      document.querySelector("#bench-help .insert")?.focus();
    } else if (event.ctrlKey && event.key === "Enter") {
      event.preventDefault();
      htmx.trigger(form(), "again");
    } else if (event.ctrlKey && event.key === "s") {
      event.preventDefault();
      form().querySelector("button[value=draft]")?.click();
    } else if (event.target.matches("#bench-help .insert")) {
      const lines = [...document.querySelectorAll("#bench-help .insert[data-begun]")];
      const next = lines[lines.indexOf(event.target) + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
      if (next) {
        event.preventDefault();
        next.focus();
      } else if (event.key === "Escape") {
        box().focus();
      }
    }
  });

  document.addEventListener("toggle", (event) => {
    const path = event.target.dataset?.at;
    if (path !== undefined) folded.set(path, event.target.open);
  }, true);

  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const part of document.querySelectorAll("#bench-tree details[data-at]")) {
      const open = folded.get(part.dataset.at);
      if (open !== undefined && !part.classList.contains("hit")) part.open = open;
    }
    // What is wrong with a field is not said behind a fold.
    for (const fault of document.querySelectorAll("#workbench details .fault")) {
      if (fault.closest("[id^=said-]")) fault.closest("details").open = true;
    }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    // Who logged in again in another tab has another token since; the page goes on with it.
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    const sent = event.detail.formData;
    if (token && sent.has("csrfmiddlewaretoken")) sent.set("csrfmiddlewaretoken", token[1]);
    // Another item has another tree.
    if (sent.has("choose")) folded.clear();
  });

  // What was typed stays where it is, whatever happens to the answer.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const xhr = event.detail.xhr;
    if (form() && xhr.responseURL && new URL(xhr.responseURL).pathname.startsWith("/login")) {
      event.detail.shouldSwap = false;
      say("You are logged out. Log in in another tab; what you wrote still stands here.");
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (form()) say(`The server could not answer (${event.detail.xhr.status}). What you wrote still stands here.`);
  });
  document.addEventListener("htmx:sendError", () => {
    if (form()) say("The server cannot be reached. What you wrote still stands here.");
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) dirty = false;
  });
  addEventListener("beforeunload", (event) => {
    if (dirty && form()) event.preventDefault();
  });
})();
