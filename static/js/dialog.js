// Confirmations in a native dialog: a GET form with data-dialog has its page fetched (as a fragment, htmx's header
// says so) and shown over this one. If anything fails, the browser goes to the page itself.
(() => {
  const dialog = document.getElementById("dialog");
  if (!dialog?.showModal) return;
  let opener = null;

  const address = (form) => {
    const url = new URL(form.action);
    for (const [name, value] of new FormData(form)) url.searchParams.set(name, value);
    return url;
  };

  // What gets the focus back: a button in a menu is gone with it, the button of the menu stays.
  const openerOf = (button) => {
    const menu = button?.closest("[popover]");
    return menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : button;
  };

  const open = async (form) => {
    const answer = await fetch(address(form), { headers: { "HX-Request": "true" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    dialog.innerHTML = await answer.text();
    window.htmx?.process(dialog);
    dialog.showModal();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-dialog]")) return;
    event.preventDefault();
    opener = openerOf(event.submitter);
    open(form).catch(() => form.submit());
  });
  dialog.addEventListener("click", (event) => {
    const outside = event.target === dialog;
    if (!outside && !event.target.closest("[data-dialog-close]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    opener?.focus();
  });
})();
