// Says things to screen readers: messages that a page came with, and what other scripts announce by
// document.dispatchEvent(new CustomEvent("announce", { detail: "Copied" })).
(() => {
  const SOON_MS = 50; // a change is what gets read, and a region must have been there before

  const region = document.querySelector("[data-announcer]");
  document.addEventListener("announce", (event) => {
    region.textContent = "";
    setTimeout(() => (region.textContent = event.detail), SOON_MS);
  });

  for (const message of document.querySelectorAll("[data-announce]")) {
    const content = [...message.childNodes];
    message.style.minHeight = `${message.offsetHeight}px`;
    message.replaceChildren();
    setTimeout(() => message.replaceChildren(...content), SOON_MS);
  }
})();
