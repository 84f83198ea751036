"use strict";
/* Extras only: the report is complete without them. */
(function () {
  var list = document.getElementById("purposes");
  if (!list) { return; }
  var cards = Array.prototype.slice.call(list.querySelectorAll("details.tp"));
  var tools = document.createElement("div");
  tools.className = "tools";
  var box = document.createElement("input");
  box.type = "search";
  box.placeholder = "Filter by id, words or requirement";
  box.setAttribute("aria-label", box.placeholder);
  tools.appendChild(box);
  var wanted = "";
  var buttons = ["all", "PASS", "FAIL", "INCONC", "ERROR", "N/A", "NOT RUN"].filter(function (v) {
    return v === "all" || cards.some(function (c) { return c.dataset.verdict === v; });
  }).map(function (v) {
    var b = document.createElement("button");
    b.type = "button";
    b.textContent = v;
    b.setAttribute("aria-pressed", v === "all");
    b.addEventListener("click", function () {
      wanted = v === "all" ? "" : v;
      buttons.forEach(function (o) { o.setAttribute("aria-pressed", o === b); });
      apply();
    });
    tools.appendChild(b);
    return b;
  });
  function apply() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    cards.forEach(function (c) {
      var text = c.dataset.words;
      c.hidden = (wanted && c.dataset.verdict !== wanted) ||
        !words.every(function (w) { return text.indexOf(w) >= 0; });
    });
  }
  box.addEventListener("input", apply);
  list.parentNode.insertBefore(tools, list);
  function reveal() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.hidden = false; target.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", function () {
    cards.forEach(function (c) { if (c.dataset.verdict === "FAIL") { c.open = true; } });
  });
  reveal();
}());
