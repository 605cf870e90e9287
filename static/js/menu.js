// Menus (<details data-menu>) close by Esc, which gives the focus back, and by a click or focus elsewhere.
(() => {
  const open = () => [...document.querySelectorAll("details[data-menu][open]")];
  const closeOthers = (event) => open().forEach((menu) => menu.contains(event.target) || (menu.open = false));

  document.addEventListener("click", closeOthers);
  document.addEventListener("focusin", closeOthers);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
