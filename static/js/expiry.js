// Expiry: the date is asked for when Custom is chosen, choosing a date chooses Custom, and the moment is told in UTC.
(() => {
  const group = document.querySelector("[data-expiry]");
  const custom = group.querySelector("[data-expiry-custom]");
  const field = group.querySelector("[data-expiry-field]");
  const typed = group.querySelector("[data-expiry-typed]");
  const resolved = group.querySelector("[data-expiry-resolved]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const resolve = () => {
    const moment = new Date(typed.dataset.zone === "UTC" ? `${typed.value}Z` : typed.value);
    const known = [zone, "UTC"].includes(typed.dataset.zone) && !Number.isNaN(moment.getTime());
    const options = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC", hour12: false };
    resolved.textContent = known ? `That is ${moment.toLocaleString("en-GB", options)} UTC.` : "";
  };
  const follow = () => (field.hidden = !custom.checked);

  group.addEventListener("change", follow);
  typed.addEventListener("input", resolve);
  follow();
  resolve();
})();
