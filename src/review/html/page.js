"use strict";
(() => {
  const filter = document.getElementById("filter");
  const steps = [...document.querySelectorAll(".step")];
  const status = document.getElementById("count");
  const shown = () => steps.filter((step) => !step.parentElement.hidden);
  const bars = () => shown().map((step) => step.firstElementChild);
  if (filter) document.querySelector(".tools").hidden = false;

  const narrow = () => {
    const words = filter.value.trim().toLowerCase();
    for (const step of steps) step.parentElement.hidden = !step.dataset.table.toLowerCase().includes(words);
    status.textContent = `${shown().length} of ${steps.length} steps`;
  };

  const move = (by) => {
    const all = bars();
    if (all.length === 0) return;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next].focus();
  };

  const clear = () => {
    filter.value = "";
    narrow();
  };

  if (filter) {
    filter.addEventListener("input", narrow);
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        clear();
        event.preventDefault();
      }
      if (event.key === "ArrowDown" || event.key === "Enter") {
        move(1);
        event.preventDefault();
      }
    });
    document.getElementById("open").addEventListener("click", () => {
      const closed = shown().some((step) => !step.open);
      for (const step of shown()) step.open = closed;
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target === filter || !filter) return;
    const onStep = bars().includes(document.activeElement);
    if (event.key === "/") filter.focus();
    else if (event.key === "Escape" && filter.value) clear();
    else if (event.key === "j" || (onStep && event.key === "ArrowDown")) move(1);
    else if (event.key === "k" || (onStep && event.key === "ArrowUp")) move(-1);
    else return;
    event.preventDefault();
  });

  const follow = () => {
    const step = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
    if (step) step.open = true;
  };
  addEventListener("hashchange", follow);
  follow();

  // What a browser prints is what is open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = steps.filter((step) => !step.open);
    for (const step of opened) step.open = true;
  });
  addEventListener("afterprint", () => {
    for (const step of opened) step.open = false;
  });
})();
