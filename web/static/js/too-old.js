// The only script that browsers without modules run: written in what they know.
document.documentElement.setAttribute("data-scripts", "too-old");
