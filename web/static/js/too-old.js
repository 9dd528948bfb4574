// The only script for browsers without modules, in the JavaScript that they know.
document.documentElement.setAttribute("data-scripts", "too-old");
