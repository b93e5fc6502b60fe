// Sends the entry and shows honestly how far that is. Without this script the form sends itself.
"use strict";
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const [input, send, progress, bar, stage, speed, stop, refused] =
    ["file", "send", "progress", "bar", "stage", "speed", "stop", "refused"].map((id) => document.getElementById(id));
  const words = form.dataset;
  const language = document.documentElement.lang;
  let request = null;

  const bytes = (count) => {
    const unit = Math.min(3, Math.floor(Math.log(Math.max(count, 1)) / Math.log(1024)));
    const number = new Intl.NumberFormat(language, { maximumFractionDigits: unit ? 1 : 0 });
    return number.format(count / 1024 ** unit) + " " + ["B", "KiB", "MiB", "GiB"][unit];
  };
  const duration = (seconds) => {
    const rounded = Math.ceil(seconds);
    return rounded < 60 ? rounded + " s" : Math.floor(rounded / 60) + " min " + (rounded % 60) + " s";
  };
  const refuse = (text) => {
    refused.querySelector("p").textContent = text;
    refused.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  const sending = (on) => {
    form.hidden = on;
    progress.hidden = !on;
  };
  const end = (text) => {
    request = null;
    sending(false);
    refuse(text);
    send.focus();
  };
  const tooLarge = () => input.files.length && input.files[0].size > Number(words.most);

  input.addEventListener("change", () => refuse(tooLarge() ? words.tooLarge : ""));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (request) return;
    if (tooLarge()) { refuse(words.tooLarge); return; }
    refuse("");
    request = new XMLHttpRequest();
    const began = performance.now();

    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const seconds = (performance.now() - began) / 1000;
      const rate = loaded / Math.max(seconds, 0.001);
      bar.value = (100 * loaded) / total;
      stage.textContent = `${words.sending} ${bytes(loaded)} / ${bytes(total)}`;
      speed.textContent = seconds > 0.5 ? `${bytes(rate)}/s · ${words.left.replace("{time}", duration((total - loaded) / rate))}` : "";
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      stage.textContent = words.checking;
      speed.textContent = "";
      stop.hidden = true;
    });
    request.addEventListener("load", () => {
      const answer = request.response;
      if (answer && answer.address) window.location.assign(answer.address);
      else end((answer && answer.refused) || words.lost);
    });
    request.addEventListener("error", () => end(words.lost));
    request.addEventListener("abort", () => end(words.stopped));

    stop.hidden = false;
    bar.value = 0;
    sending(true);
    stage.textContent = words.sending;
    request.open("POST", window.location.href);
    request.responseType = "json";
    request.setRequestHeader("X-Requested-With", "upload");
    request.send(new FormData(form));
  });
  stop.addEventListener("click", () => request && request.abort());
})();
