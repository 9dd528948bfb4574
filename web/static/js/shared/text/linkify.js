/** Find links in what people write. Pure: the caller decides how to show the parts. */

/**
 * @param {string} text
 * @returns {{ text: string, href?: string }[]} the parts in order; joined they are `text` again
 */
export function linkify(text) {
  /** @type {{ text: string, href?: string }[]} */
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/https:\/\/[^\s<>"'\u2066-\u2069\u202a-\u202e]+/gi)) {
    const found = withoutTrailingPunctuation(match[0]);
    const href = asAddress(found);
    if (!href) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: found, href });
    end = match.index + found.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** @param {string} found */
function withoutTrailingPunctuation(found) {
  let text = found.replace(/[.,;:!?،؛؟。、’”]+$/u, "");
  // "(see https://example.org/a)" ends before the bracket, ".../a_(b)" does not.
  while (text.endsWith(")") && text.split(")").length > text.split("(").length) {
    text = text.slice(0, -1);
  }
  return text;
}

/** @param {string} text */
function asAddress(text) {
  try {
    const url = new URL(text);
    // Names and passwords in links only serve to deceive about where they lead.
    return url.protocol === "https:" && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}
