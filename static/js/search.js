// Lists that are searched while typing: `/` goes to the search, what was found is announced, and a whole secret that
// is pasted never leaves the browser: only its last four characters are looked for.
(() => {
  const SECRET = /[a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{16,}/;
  const input = document.querySelector("[data-search]");
  const list = document.getElementById("keys");
  if (!input) return;

  const guard = () => {
    const secret = input.value.match(SECRET)?.[0];
    if (!secret) return;
    input.value = secret.slice(-4);
    const detail = "Looking for the last four characters. A whole key does not belong in a search.";
    document.dispatchEvent(new CustomEvent("announce", { detail }));
  };

  // With htmx the list follows what is typed: the button is for those without.
  if (window.htmx) input.form.querySelector("[data-search-button]").hidden = true;

  input.addEventListener("input", guard, { capture: true });
  input.form.addEventListener("submit", guard);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  // Signed out meanwhile, or a failure: the browser goes there itself, so that its reader sees it.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL).pathname === location.pathname) return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  document.body.addEventListener("htmx:responseError", () => input.form.submit());
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== list) return;
    const detail = list.querySelector("[data-count]")?.dataset.count;
    if (detail) document.dispatchEvent(new CustomEvent("announce", { detail }));
  });
})();
