// Permissions: the presets work at once, and the number of those chosen is told.
(() => {
  const picker = document.querySelector("[data-picker]");
  const boxes = [...picker.querySelectorAll("input[type=checkbox]")];
  const restrict = document.querySelector("[data-restrict]");
  const chosen = picker.querySelector("[data-chosen]");

  const follow = () => {
    const count = boxes.filter((box) => box.checked).length;
    chosen.textContent = `${count} of ${boxes.length} chosen`;
    if (restrict) picker.disabled = !restrict.checked;
    if (count) picker.querySelector(".bk-error")?.remove();
  };

  picker.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]")?.dataset.preset;
    if (!preset) return;
    event.preventDefault();
    for (const box of boxes) box.checked = preset === "read" && box.value.endsWith(":read");
    boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("change", follow);
  follow();
})();
