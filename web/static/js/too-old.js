// The only script for browsers without modules, in the JavaScript that they know.
document.documentElement.setAttribute("data-scripts", "too-old");

// Whoever came too early is let in when it is time. Both moments are the server's.
(function () {
  const page = document.body;
  const left = Number(page.getAttribute("data-opens-at")) - Number(page.getAttribute("data-now"));
  if (left > 0) {
    setTimeout(
      function () {
        location.reload();
      },
      Math.min(left + 1000, 1800000),
    );
  }
})();
