// The address of a step always holds what is typed, so that Back, Forward and a reload find it again.
(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const step = document.querySelector("[data-step]").dataset.step;
  const keep = () => {
    const answers = new URLSearchParams(new FormData(form));
    answers.set("step", step);
    history.replaceState(history.state, "", `${form.action}?${answers}`);
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
})();
