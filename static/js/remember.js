// Folding panels (<details data-remember="name">) stay as the reader left them.
(() => {
  for (const panel of document.querySelectorAll("details[data-remember]")) {
    const key = `boltkeys-panel-${panel.dataset.remember}`;
    try {
      if (localStorage.getItem(key) === "closed") panel.open = false;
      panel.addEventListener("toggle", () => localStorage.setItem(key, panel.open ? "open" : "closed"));
    } catch {
      return; // storage is switched off: panels fold, and forget
    }
  }
})();
