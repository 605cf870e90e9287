// The form of a field asks for options where its type is a choice. Without this script it always does.
(() => {
  for (const form of document.querySelectorAll("[data-field-form]")) {
    const type = form.querySelector("[data-type]");
    const options = form.querySelector("[data-options]");
    const typed = options.querySelector("textarea");
    const follow = () => {
      options.hidden = !type.dataset.type.split(" ").includes(type.value);
      typed.disabled = options.hidden; // what is out of sight is not sent
    };
    type.addEventListener("change", follow);
    // What was typed and refused stays in sight.
    if (!options.querySelector("[aria-invalid]")) follow();
  }
})();
