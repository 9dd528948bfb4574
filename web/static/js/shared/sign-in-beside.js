/** Signing in on a page beside this one, which stays as it is. */

/**
 * The page that is opened can close itself again only if a script has opened it.
 * @param {HTMLAnchorElement} link
 */
export function openBeside(link) {
  link.addEventListener("click", (event) => {
    if (window.open(link.href, "_blank")) event.preventDefault();
  });
}
