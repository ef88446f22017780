"use strict";
// Moves the clock on from the time that the page came with; the visitor's own clock and zone don't matter.
(() => {
  const digits = document.getElementById("digits");
  const start = Date.parse(digits.dateTime.slice(0, 19) + "Z");
  const begin = performance.now();
  const turn = (name, degrees) =>
    document.getElementById(name).setAttribute("transform", `rotate(${degrees} 100 100)`);
  const day = digits.dateTime.slice(0, 10);
  const show = () => {
    const passed = performance.now() - begin;
    const now = new Date(start + passed);
    const text = now.toISOString();
    if (text.slice(0, 10) !== day) {
      location.reload(); // the date below and the sky belong to the next day
      return;
    }
    digits.textContent = text.slice(11, 19);
    const seconds = now.getUTCHours() * 3600 + now.getUTCMinutes() * 60 + now.getUTCSeconds();
    turn("hour-hand", seconds / 120);
    turn("minute-hand", (seconds % 3600) / 10);
    turn("second-hand", (seconds % 60) * 6);
    setTimeout(show, 1000 - ((start + passed) % 1000));
  };
  show();
})();
