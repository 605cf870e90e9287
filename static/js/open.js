// <button data-opens="id of an element"> shows the element, and the focus goes to its first field. Without JavaScript the
// button's form asks for the page with the element in it.
(() => {
  for (const button of document.querySelectorAll("[data-opens]")) {
    const opened = document.getElementById(button.dataset.opens);
    const tell = () => button.setAttribute("aria-expanded", String(!opened.hidden));

    button.setAttribute("aria-controls", opened.id);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      opened.hidden = !opened.hidden;
      tell();
      if (!opened.hidden) opened.querySelector("input:not([type=hidden])").focus();
    });
    tell();
  }
})();
