// Why a key is revoked: the note is asked for when the reason is "other", and can be given with any reason.
(() => {
  const follow = (select) => {
    const note = select.form.querySelector("[data-note]");
    note.hidden = select.value === "" && !note.querySelector("[aria-invalid]");
    note.querySelector("input").setAttribute("aria-required", String(select.value === "other"));
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[name=reason]")) follow(event.target);
  });
  document.querySelectorAll("select[name=reason]").forEach(follow);
})();
