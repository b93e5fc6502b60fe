// A file may be dropped anywhere on the field; the picker itself stays, for keyboards and for those who like it.
"use strict";
(() => {
  const field = document.getElementById("drop");
  const input = document.getElementById("file");
  if (!field || !input) return;
  const holdsFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const mark = (on) => field.classList.toggle("over", on);
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => { if (holdsFiles(event)) event.preventDefault(); });
  }
  field.addEventListener("dragover", (event) => mark(holdsFiles(event)));
  field.addEventListener("dragleave", (event) => { if (!field.contains(event.relatedTarget)) mark(false); });
  field.addEventListener("drop", (event) => {
    mark(false);
    if (!holdsFiles(event)) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
