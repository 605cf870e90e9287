// Permissions: the presets work at once, and the number of those chosen is told. A radio without a value is no access.
(() => {
  const picker = document.querySelector("[data-picker]");
  const inputs = [...picker.querySelectorAll("input[type=checkbox], input[type=radio]")];
  const choices = new Set(inputs.map((input) => (input.type === "radio" ? input.name : input.value))).size;
  const chosen = picker.querySelector("[data-chosen]");

  const follow = () => {
    const count = inputs.filter((input) => input.checked && input.value).length;
    chosen.textContent = `${count} of ${choices} chosen`;
    if (count) picker.querySelector(".bk-error")?.remove();
  };

  picker.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]")?.dataset.preset;
    if (!preset) return;
    event.preventDefault();
    for (const input of inputs) input.checked = !input.value || (preset === "read" && input.value.endsWith(":read"));
    inputs[0].dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("change", follow);
  follow();
})();
