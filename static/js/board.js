// Moves the cards of a board by pointer and by keys. Each move sends the form that the card has anyway, and the answer is
// the board as it is now: what others did meanwhile is seen, and a card that could not be moved is where it was.
(() => {
  const FAR_PX = 6; // a press that goes so far is a drag
  const EDGE_PX = 56; // so near to an edge, what is under a drag scrolls
  const STEP_PX = 14;
  const UNREACHABLE = "The server could not be reached, so that nothing was changed. Try again, or reload the page.";
  const SIGNED_OUT = "You are not signed in any more, so that the card was not moved. Sign in, and move it again.";

  const board = () => document.querySelector("[data-board]");
  const columns = () => board().querySelector("[data-columns]");
  const allColumns = () => board().querySelectorAll("[data-column]");
  const listOf = (column) => column.querySelector("[data-scroll]");
  const columnOf = (element) => element.closest("[data-column]");
  const announce = (detail) => document.dispatchEvent(new CustomEvent("announce", { detail }));

  // --- What is sent, and what comes back

  /** What was asked is not done: the message says why, and what to do. */
  class Refused extends Error {}

  // Columns stay scrolled to where they were.
  const put = (next) => {
    const left = columns().scrollLeft;
    const tops = new Map([...allColumns()].map((each) => [each.dataset.column, listOf(each).scrollTop]));
    board().replaceWith(next);
    if (!columns()) return;
    columns().scrollLeft = left;
    for (const each of allColumns()) listOf(each).scrollTop = tops.get(each.dataset.column) ?? 0;
  };

  // Of an answer that is no board: what its page says, if it is an error page of ours.
  const reason = (page, answer) => {
    const [heading, text] = ["h1", "h1 + p"].map((found) => page.querySelector(`.bk-plain ${found}`)?.textContent.trim());
    const moved = answer.ok || answer.status >= 500 ? "The card was probably not moved." : "The card was not moved.";
    const why = heading ? `${heading}. ${text ?? ""}` : `The server answered with ${answer.status} and without a board.`;
    return `${moved} ${why}`.replace(/\s+/g, " ");
  };

  // A board is shown whatever the number of the answer: one that says that somebody was faster is 409.
  const ask = async (url, options) => {
    columns().setAttribute("aria-busy", "true");
    const answer = await fetch(url, { ...options, headers: { "HX-Request": "true" } });
    if (answer.redirected) throw new Refused(SIGNED_OUT);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("[data-board]");
    if (!next) throw new Refused(reason(page, answer));
    put(next);
  };

  const failed = (fault) => {
    columns()?.removeAttribute("aria-busy");
    board().querySelector(".bk-board-error")?.remove();
    const place = document.querySelector("[data-failure]").content.firstElementChild.cloneNode(true);
    place.querySelector("[data-failure-text]").textContent = fault instanceof Refused ? fault.message : UNREACHABLE;
    place.querySelector("a").textContent = fault.message === SIGNED_OUT ? "Sign in" : "Reload the page";
    place.firstElementChild.role = "alert";
    board().prepend(place);
  };

  const send = async (id, choose, focus) => {
    const card = document.getElementById(id);
    const to = card && choose(columnOf(card));
    if (to === undefined || to === null) return;
    const form = card.querySelector("form");
    const body = new FormData(form);
    body.set("to", to);
    await ask(form.action, { method: "POST", body });
    const moved = document.getElementById(id);
    moved?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus) (moved?.querySelector("summary") ?? columns())?.focus();
    if (!board().dataset.said) return;
    announce(board().dataset.said);
    moved?.classList.add("bk-moved");
  };

  let last = Promise.resolve(); // one after the other: each is decided on what the one before has led to
  const move = (id, choose, focus) => {
    last = last.then(() => send(id, choose, focus)).catch(failed);
  };

  // --- Menus and keys

  // Before the script that lets a form be sent once, which this one is not sent by.
  const chooseStage = (event) => {
    const card = event.target.closest("[data-card]");
    if (!card || !event.submitter) return;
    event.preventDefault();
    const to = event.submitter.value;
    move(card.id, () => to, true);
  };
  document.addEventListener("submit", chooseStage, true);

  const neighbour = (step) => (column) => {
    let next = column;
    do next = step < 0 ? next.previousElementSibling : next.nextElementSibling;
    while (next && next.dataset.to === undefined);
    if (!next) announce(step < 0 ? "This is the first column." : "This is the last column.");
    return next?.dataset.to;
  };

  const keys = {
    ArrowLeft: (card) => move(card.id, neighbour(-1), true),
    ArrowRight: (card) => move(card.id, neighbour(1), true),
    ArrowUp: (card) => card.previousElementSibling?.querySelector("summary").focus(),
    ArrowDown: (card) => card.nextElementSibling?.querySelector("summary").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const card = event.target.closest?.("summary")?.closest("[data-card]");
    if (!card || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key](card);
  });

  const showMore = async (link) => {
    const { column } = columnOf(link).dataset;
    const before = columnOf(link).querySelectorAll("[data-card]").length;
    await ask(link.href);
    history.replaceState(null, "", link.href);
    const now = [...allColumns()].find((each) => each.dataset.column === column);
    now?.querySelectorAll("[data-card]")[before]?.querySelector("summary").focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-more]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    last = last.then(() => showMore(link)).catch(() => location.assign(link.href));
  });

  // --- Dragging

  let drag = null;

  const columnAt = (x, y) => {
    const { top, bottom } = columns().getBoundingClientRect();
    if (y < top - EDGE_PX || y > bottom + EDGE_PX) return null;
    return [...allColumns()].find((column) => {
      const { left, right } = column.getBoundingClientRect();
      return left <= x && x <= right;
    });
  };

  const mark = (column) => {
    if (drag.over === column) return;
    drag.over?.removeAttribute("data-over");
    column?.setAttribute("data-over", "");
    drag.over = column;
  };

  const lift = () => {
    const { left, top, width } = drag.card.getBoundingClientRect();
    drag.ghost = drag.card.cloneNode(true);
    drag.ghost.removeAttribute("id");
    drag.ghost.inert = true;
    drag.ghost.classList.add("bk-ghost");
    Object.assign(drag.ghost.style, { left: `${left}px`, top: `${top}px`, width: `${width}px` });
    document.body.append(drag.ghost);
    drag.card.classList.add("bk-lifted");
    document.documentElement.dataset.dragging = "";
    getSelection().removeAllRanges();
    requestAnimationFrame(scroll);
  };

  const follow = () => {
    drag.ghost.style.transform = `translate(${drag.x - drag.startX}px, ${drag.y - drag.startY}px)`;
    mark(columnAt(drag.x, drag.y));
  };

  const scroll = () => {
    if (!drag?.ghost) return;
    const { left, right } = columns().getBoundingClientRect();
    if (drag.x < left + EDGE_PX) columns().scrollLeft -= STEP_PX;
    if (drag.x > right - EDGE_PX) columns().scrollLeft += STEP_PX;
    const list = drag.over && listOf(drag.over);
    if (list && drag.y < list.getBoundingClientRect().top + EDGE_PX) list.scrollTop -= STEP_PX;
    if (list && drag.y > list.getBoundingClientRect().bottom - EDGE_PX) list.scrollTop += STEP_PX;
    if (drag.y < EDGE_PX) scrollBy(0, -STEP_PX);
    if (drag.y > innerHeight - EDGE_PX) scrollBy(0, STEP_PX);
    follow();
    requestAnimationFrame(scroll);
  };

  const end = () => {
    mark(null);
    drag.ghost?.remove();
    drag.card.classList.remove("bk-lifted");
    delete document.documentElement.dataset.dragging;
    drag = null;
  };

  const stop = (event) => event.preventDefault();

  const drop = () => {
    const { card, over } = drag;
    const isOther = over && over.dataset.column !== columnOf(card)?.dataset.column;
    end();
    if (!isOther) return;
    const { to } = over.dataset;
    if (to === undefined) announce("Cards cannot be moved to this column.");
    else move(card.id, () => to, false);
  };

  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("[data-card]");
    if (drag || !card || event.button !== 0 || !event.isPrimary) return;
    // A finger scrolls the page, unless it takes the card by its grip.
    const isGrip = event.target.closest("[data-grip]");
    if (!isGrip && (event.pointerType !== "mouse" || event.target.closest("summary, button"))) return;
    const { clientX: x, clientY: y, pointerId: pointer } = event;
    drag = { card, pointer, x, y, startX: x, startY: y, ghost: null, over: null };
  });
  document.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    drag.x = event.clientX;
    drag.y = event.clientY;
    if (!drag.ghost && Math.hypot(drag.x - drag.startX, drag.y - drag.startY) >= FAR_PX) lift();
    if (drag.ghost) follow();
  });
  document.addEventListener("pointerup", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    const { ghost } = drag;
    // A drag that ends on the link that it began on is no click on it.
    if (ghost) document.addEventListener("click", stop, { capture: true, once: true });
    if (ghost) setTimeout(() => document.removeEventListener("click", stop, { capture: true }));
    (ghost ? drop : end)();
  });
  document.addEventListener("pointercancel", (event) => {
    if (event.pointerId === drag?.pointer) end();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) end();
  });
  document.addEventListener("dragstart", (event) => {
    if (drag) event.preventDefault();
  });
})();
