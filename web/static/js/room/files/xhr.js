/** A request whose body is followed while it is sent, which `fetch` does in no browser. */

/**
 * @param {import("./tus.js").TusRequest} request
 * @returns {Promise<import("./tus.js").Answer>}
 */
export function overXhr({ method, url, headers, body, onSent, signal }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded }) => onSent(loaded);
    xhr.onload = () =>
      resolve({
        status: xhr.status,
        header: (name) => xhr.getResponseHeader(name),
        text: xhr.responseText,
      });
    xhr.onerror = xhr.onabort = () => reject(new TypeError("no answer"));
    signal.addEventListener("abort", () => xhr.abort());
    xhr.send(body);
  });
}
