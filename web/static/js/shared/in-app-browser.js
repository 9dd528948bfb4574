/** Detects browsers inside messaging apps, where camera and microphone may not work. */

/** Each of these apps names itself in the user agent; a plain Android WebView has "; wv)". */
const APPS =
  /FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|Snapchat|Viber|WhatsApp|Telegram|Twitter|TikTok|; wv\)/i;

/**
 * @param {string} userAgent
 * @param {boolean} canCapture the browser offers getUserMedia
 * @returns {boolean}
 */
export function isInAppBrowser(userAgent, canCapture) {
  if (APPS.test(userAgent)) return true;
  // An iPhone's web view has Safari's user agent without "Safari".
  const phone = /iPhone|iPad/.test(userAgent);
  if (phone && !/Safari\//.test(userAgent)) return true;
  return (phone || /Android/.test(userAgent)) && !canCapture;
}
