// Says things to screen readers: messages that a page came with, and what other scripts announce by
// document.dispatchEvent(new CustomEvent("announce", { detail: "Copied" })).
(() => {
  const region = document.querySelector("[data-announcer]");
  const say = (text) => {
    region.textContent = "";
    setTimeout(() => (region.textContent = text), 50); // a change in an empty region is what gets read
  };
  document.addEventListener("announce", (event) => say(event.detail));
  const waiting = [...document.querySelectorAll("[data-announce]")].map((each) => each.textContent.trim());
  if (waiting.length) say(waiting.join(" "));
})();
