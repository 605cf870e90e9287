// The page that shows a secret once: leaving without having copied asks first, and nothing of the secret stays behind.
// Browsers keep pages for the Back button whatever Cache-Control says, so it is wiped when the page is left.
(() => {
  const page = document.querySelector("[data-reveal]");
  const secrets = [...page.querySelectorAll("[data-secret]")];
  const leave = document.getElementById("leave");
  let isCopied = false;
  let isLeaving = false;

  const copied = () => (isCopied = true);
  const holdsSelection = () => secrets.some((secret) => getSelection().containsNode(secret, true));

  // Back and reload then lead to the key's own page, not to a form that would be sent again.
  history.replaceState(null, "", page.dataset.key);

  document.addEventListener("copied", copied);
  document.addEventListener("copy", () => holdsSelection() && copied());

  window.addEventListener("beforeunload", (event) => {
    if (!isCopied && !isLeaving) event.preventDefault();
  });
  page.querySelector("[data-done]").addEventListener("click", (event) => {
    if (isCopied) return;
    event.preventDefault();
    leave.showModal();
  });
  leave.querySelector("[data-stay]").addEventListener("click", () => leave.close());
  leave.querySelector("[data-leave]").addEventListener("click", () => (isLeaving = true));

  window.addEventListener("pagehide", () => secrets.forEach((secret) => (secret.textContent = "")));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.replace(page.dataset.list);
  });
})();
