// Examples in several languages: who chooses one reads all examples in it, on the next visit too.
(() => {
  const KEY = "boltkeys-language";

  const choose = (language) => {
    for (const tab of document.querySelectorAll("[data-language]")) tab.checked = tab.value === language;
  };

  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off
    }
  };

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-language]")) return;
    const top = event.target.getBoundingClientRect().top;
    choose(event.target.value);
    scrollBy(0, event.target.getBoundingClientRect().top - top); // the examples above may have grown
    try {
      localStorage.setItem(KEY, event.target.value);
    } catch {
      // chosen for this page only
    }
  });

  if (document.querySelector(`[data-language][value="${CSS.escape(remembered() ?? "")}"]`)) choose(remembered());
})();
