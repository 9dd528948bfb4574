/**
 * A server that speaks tus 1.0.0 (creation, termination) over real HTTP, as ours does: it keeps whole
 * blocks of what was cut, and answers the last piece when the file is accepted.
 */

import { createServer } from "node:http";

const BLOCK = 65_536;

/** @typedef {{ status: number, body?: string, headers?: Record<string, string> }} Said */
/** @typedef {{ metadata: Map<string, string>, size: number, bytes: Buffer, accepted: boolean }} Upload */

export class TusServer {
  /** @type {Map<string, Upload>} */
  uploads = new Map();
  /** Methods and paths, in order. @type {string[]} */
  asked = [];
  received = 0;
  largest = 0;
  /** Answers instead of the server, if it returns something. @type {(method: string) => Said | null} */
  instead = () => null;
  /** Cut the connection after this many bytes of all pieces. */
  cutAt = Infinity;
  /** Called before a file is accepted. @type {(upload: Upload) => Said | null} */
  judge = () => null;

  async start() {
    this.http = createServer((request, response) => void this.#answer(request, response));
    await new Promise((done) => this.http?.listen(0, "127.0.0.1", () => done(null)));
    const address = /** @type {import("node:net").AddressInfo} */ (this.http.address());
    this.address = `http://127.0.0.1:${address.port}/uploads`;
    return this;
  }

  stop() {
    this.http?.closeAllConnections();
    return new Promise((done) => this.http?.close(() => done(null)));
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #answer(request, response) {
    const { method = "", url = "", socket } = request;
    this.asked.push(method);
    const id = url.split("/")[2] ?? "";
    const said = this.instead(method) ?? (await this.#handle(method, id, request));
    if (!said) return void socket.destroy();
    response.writeHead(said.status, { "Tus-Resumable": "1.0.0", ...said.headers });
    response.end(said.body);
  }

  /**
   * @param {string} method
   * @param {string} id
   * @param {import("node:http").IncomingMessage} request
   * @returns {Promise<Said | null>} null: the connection is cut
   */
  async #handle(method, id, request) {
    if (request.headers["tus-resumable"] !== "1.0.0") return { status: 412 };
    if (method === "POST") return this.#create(request);
    const upload = this.uploads.get(id);
    if (!upload) return { status: 404 };
    if (method === "DELETE") {
      this.uploads.delete(id);
      return { status: 204 };
    }
    if (method === "PATCH") {
      const offset = Number(request.headers["upload-offset"]);
      const piece = await this.#read(request);
      if (offset !== upload.bytes.length) return { status: 409 };
      this.largest = Math.max(this.largest, piece.bytes.length);
      const all = Buffer.concat([upload.bytes, piece.bytes]);
      const whole = all.length === upload.size ? all.length : all.length - (all.length % BLOCK);
      upload.bytes = all.subarray(0, whole);
      if (piece.cut) return null;
      if (whole === upload.size) {
        const refused = this.judge(upload);
        if (refused) return refused;
        upload.accepted = true;
      }
    }
    const headers = { "Upload-Offset": String(upload.bytes.length) };
    return { status: method === "HEAD" ? 200 : 204, headers };
  }

  /** @param {import("node:http").IncomingMessage} request */
  #create(request) {
    const metadata = new Map(
      String(request.headers["upload-metadata"])
        .split(",")
        .map((pair) => {
          const [key, value = ""] = pair.split(" ");
          return /** @type {[string, string]} */ ([key, Buffer.from(value, "base64").toString()]);
        }),
    );
    const id = metadata.get("id") ?? "";
    const size = Number(request.headers["upload-length"]);
    const fresh = { metadata, size, bytes: Buffer.alloc(0), accepted: false };
    const upload = this.uploads.get(id) ?? fresh;
    this.uploads.set(id, upload);
    const headers = { "Upload-Offset": String(upload.bytes.length), Location: `/uploads/${id}` };
    return { status: 201, headers };
  }

  /** @param {import("node:http").IncomingMessage} request */
  async #read(request) {
    const chunks = [];
    for await (const chunk of request) {
      const left = this.cutAt - this.received;
      chunks.push(chunk.subarray(0, left));
      this.received += Math.min(left, chunk.length);
      if (chunk.length > left) {
        this.cutAt = Infinity;
        return { bytes: Buffer.concat(chunks), cut: true };
      }
    }
    return { bytes: Buffer.concat(chunks), cut: false };
  }
}

/**
 * A request without a browser.
 * @param {import("../../web/static/js/room/files/tus.js").TusRequest} request
 */
export async function overHttp({ method, url, headers, body, onSent, signal }) {
  const answer = await fetch(url, { method, headers, body, signal });
  onSent(body?.byteLength ?? 0);
  const text = await answer.text();
  const header = (/** @type {string} */ name) => answer.headers.get(name);
  return { status: answer.status, header, text };
}
