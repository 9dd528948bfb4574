/** Says so where flexible boxes have no `gap` (before Chrome 84 and Safari 14.1): css has margins then. */

const box = document.createElement("div");
box.style.display = "flex";
box.style.flexDirection = "column";
box.style.rowGap = "1px";
box.append(document.createElement("div"), document.createElement("div"));
document.documentElement.append(box);
document.documentElement.classList.toggle("no-gaps", box.scrollHeight === 0);
box.remove();
