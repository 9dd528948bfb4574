/** Is this page shown inside a messaging app, where camera and microphone may not work? */

/** Each of these apps names itself; a plain Android web view says "; wv)". */
const APPS =
  /FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|Snapchat|Viber|WhatsApp|Telegram|Twitter|TikTok|; wv\)/i;

/**
 * @param {string} userAgent
 * @param {boolean} canCapture the browser offers getUserMedia
 * @returns {boolean}
 */
export function isInAppBrowser(userAgent, canCapture) {
  if (APPS.test(userAgent)) return true;
  // An iPhone's web view is like Safari, without the word.
  const phone = /iPhone|iPad/.test(userAgent);
  if (phone && !/Safari\//.test(userAgent)) return true;
  return (phone || /Android/.test(userAgent)) && !canCapture;
}
