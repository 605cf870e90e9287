// The address of a step always holds what is typed, so that Back, Forward and a reload find it again.
(() => {
  const LONGEST = 4000; // characters that every server and browser takes in an address

  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const step = document.querySelector("[data-step]").dataset.step;
  const keep = () => {
    const answers = new URLSearchParams(new FormData(form));
    answers.delete("csrfmiddlewaretoken"); // has no business in an address
    answers.set("step", step);
    const address = `${form.action}?${answers}`;
    if (address.length <= LONGEST) history.replaceState(history.state, "", address);
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
})();
