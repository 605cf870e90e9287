// Light or dark before the first paint: what the reader chose, else what the system prefers. The only script in <head>
// that is not deferred.
(() => {
  const KEY = "boltkeys-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off
    }
  };

  const apply = () => {
    const theme = chosen() ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.dataset.scripted = "";
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.querySelector("[data-theme-label]").textContent = theme === "dark" ? "Light mode" : "Dark mode";
    }
  };

  const toggle = (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    try {
      localStorage.setItem(KEY, document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark");
    } catch {
      return;
    }
    apply();
  };

  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", toggle);
})();
