// The table of permissions: presets work at once, and the number of those chosen is told.
(() => {
  for (const matrix of document.querySelectorAll("[data-matrix]")) {
    const boxes = [...matrix.querySelectorAll("input[type=checkbox]")];
    const chosen = matrix.querySelector("[data-chosen]");
    const wanted = {
      read: (box) => box.value.endsWith(":read"),
      everything: () => true,
      nothing: () => false,
    };

    const tell = () => {
      chosen.textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length} chosen`;
    };

    matrix.addEventListener("click", (event) => {
      const choose = wanted[event.target.closest("[data-preset]")?.dataset.preset];
      if (!choose) return;
      event.preventDefault();
      for (const box of boxes) box.checked = choose(box);
      tell();
    });
    matrix.addEventListener("change", tell);
    tell();
  }
})();
