/**
 * What keeps its own direction in a line that has right-to-left letters, as one regular expression.
 * `web/texts/directions.py` reads these strings too: they hold only what both dialects know, and nothing
 * that old browsers do not (no lookbehind).
 */

const SPACE = String.raw`[ \u00a0\u2009\u202f]`;
/** Those of Arabic and Persian are only joined as Unicode joins them, but for telephone numbers. */
const OTHER = String.raw`[\u0660-\u0669\u06f0-\u06f9]`;
const DIGIT = String.raw`[0-9\u0660-\u0669\u06f0-\u06f9]`;
/** Letters that run to the right, and to the left: the greater part of Unicode's classes L, R, AL. */
export const LEFT = String.raw`A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u0370-\u0373\u0376-\u0589\u0900-\u1fff\u200e\u2c00-\u2cff\u3041-\u318e\u3400-\ufb1c\uff21-\uffdc`;
export const RIGHT = String.raw`\u0590-\u060b\u060d-\u061a\u061c-\u061e\u0620-\u065f\u066d-\u06ef\u06fa-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}`;

/** Those that stand at a number; two classes, because Python takes long over large ones. */
const LETTER = String.raw`(?:[A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]|[\u0100-\u0589])`;
const POWER = String.raw`(?:[\u207a\u207b]?[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+)`;
const FRACTION = String.raw`[\u00bc-\u00be\u2150-\u215e]`;
const WORD_UNIT = String.raw`(?:[mcdkµμnpuf]?(?:g|[lL]|m[23]?|mol|Eq|s|Pa|J|V|W|Hz|cal|Gy|Bq|Sv)|mcg|mmHg|cmH2O|IU|IE|UI|UA|ME|U|mU|mIU|G|T|bar|dB|bpm|rpm|min|sec|h|hrs?|hours?|d|days?|wk|weeks?|months?|years?|units?|tabs?|tablets?|caps?|drops?|puffs?|times|kbit|Mbit|[kMG]B|AM|PM|am|pm|EUR|USD|CHF|GBP|[мк]?г|мкг|м?л|[мс]м|ммоль|МЕ|ЕД|хв|год)${POWER}?`;
const PER = String.raw`(?:[/·⋅](?:${DIGIT}+${SPACE}?)?${WORD_UNIT})`;
const UNIT = String.raw`(?:[°º]${SPACE}?[CFcf]?|[%‰€$£₪℃℉]|(?:${WORD_UNIT}${PER}*|${PER}+)(?!${LETTER}|[0-9]))`;
/** Thousands may be parted by spaces; common ones also stand between numbers that are apart. */
const THOUSANDS = String.raw`[0-9]{1,3}(?:(?:[\u00a0\u2009\u202f][0-9]{3})+|(?: 000)+| [0-9]{3}(?=${SPACE}?${UNIT}))(?!${SPACE}?[0-9])`;
const NUMBER = String.raw`(?:(?:${THOUSANDS}|[0-9]+)(?:[.,:/'’][0-9]+)*(?:${FRACTION}|${POWER})?|${FRACTION})`;
const QUANTITY = String.raw`[+−–-]?[€$£₪]?${NUMBER}(?:(?![xX][0-9])${LETTER}(?:[:/]?(?:${LETTER}|[0-9])+)*${POWER}?|${SPACE}?${UNIT})?`;
const JOINT = String.raw`${SPACE}?[-–—−/×xX*÷=+^]${SPACE}?`;
const OTHER_QUANTITY = String.raw`${OTHER}+(?:[.,:/\u066b\u066c]${OTHER}+)*(?:${SPACE}?${UNIT})?`;
const GROUPS = String.raw`${DIGIT}+(?:[ \u00a0\u202f./()-]{1,2}${DIGIT}+)+(?![.,:/]?${DIGIT}|${SPACE}?${UNIT})`;
const PHONE = String.raw`(?=[(]?[+0\u0660\u06f0](?:[ \u00a0\u202f./()-]{0,2}${DIGIT}){6})[(]?[+]?[(]?${GROUPS}|(?:${DIGIT}{1,3}${SPACE}?)?[(]${DIGIT}{2,5}[)]${SPACE}?${GROUPS}`;
const ADDRESS = String.raw`(?:https?:[/][/]|www[.])[^\s<>"'\u061b\u061f\u2066-\u2069\u202a-\u202e]*(?:[(][^\s()]*[)]|[^\s<>"'\u060c\u061b\u061f\u2066-\u2069\u202a-\u202e.,;:!?()\]’”、。])|[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:[.][A-Za-z0-9-]+)+`;

/** 1 a measure, 2 letters to the left, 3 a word to the right, 4 its signs, 5 marks of direction */
export const TOKEN = String.raw`(${ADDRESS}|${PHONE}|(?:[<>≤≥±≈~]${SPACE}?)?${QUANTITY}(?:${JOINT}${QUANTITY})*|${OTHER_QUANTITY})|([\u061b\u061f]|[${RIGHT}]+[-–\u05be]?)|([${LEFT}]+(?:[.'’&@_/-]?[${LEFT}0-9]+)*)([-+−⁺⁻#*/]+(?![${LEFT}${RIGHT}0-9]))?|([\n\u2028\u2029\u202a-\u202e\u2066-\u2069])`;

/** What parts the items of a list. */
export const BREAK = String.raw`[,;.!?|•\u060c\u061b\u061f]| [+&] `;
