// Copy buttons: <button data-copy="id of an element"> puts its text on the clipboard and says so in place. A click on an
// element with data-copy-on-click is one on its button.
(() => {
  const RESET_MS = 2500;

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  // Without the clipboard API (plain http on another host) the selection is copied instead.
  const copy = async (element) => {
    try {
      await navigator.clipboard.writeText(element.textContent.trim());
      return true;
    } catch {
      select(element);
      return document.execCommand("copy");
    }
  };

  const confirm = (button, copied) => {
    const label = button.querySelector("[data-copy-label]");
    button.dataset.label ??= label.textContent;
    label.textContent = copied ? "Copied" : "Press Ctrl+C to copy";
    button.classList.toggle("bk-copied", copied);
    clearTimeout(button.timer);
    button.timer = setTimeout(() => {
      label.textContent = button.dataset.label;
      button.classList.remove("bk-copied");
    }, RESET_MS);
    const detail = copied ? "Copied to the clipboard" : "Selected. Press Ctrl+C to copy";
    document.dispatchEvent(new CustomEvent("announce", { detail }));
  };

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const target = document.getElementById(button.dataset.copy);
      const copied = await copy(target);
      confirm(button, copied);
      if (copied) target.dispatchEvent(new CustomEvent("copied", { bubbles: true }));
    });
  }
  for (const text of document.querySelectorAll("[data-copy-on-click]")) {
    text.classList.add("bk-copies");
    text.addEventListener("click", () => document.querySelector(`[data-copy="${text.id}"]`).click());
  }
})();
