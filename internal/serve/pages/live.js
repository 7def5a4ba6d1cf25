// Fetches the curves again every few seconds while the page is looked at. Without this script a reload does the same.
"use strict";
const curves = document.getElementById("curves");
const pause = 3000; // milliseconds

async function refresh() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(curves.dataset.source, { credentials: "same-origin" });
      if (answer.ok) curves.innerHTML = await answer.text(); // the server's own markup, escaped there
    } catch {
      // The server may be back at the next try.
    }
  }
  setTimeout(refresh, pause);
}

setTimeout(refresh, pause);
