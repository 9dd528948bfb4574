/** A scheduler's own sign-in on the session page: whether it ends, comes back, or is somebody else's. */

import { SignInEnd } from "../signaling/sign-in-end.js";
import { whenSignedIn } from "../shared/signed-in.js";

export class OwnSignIn extends SignInEnd {
  /** Somebody else is signed in in this browser: nothing of this page may stay there. */
  isForeign = false;

  /**
   * @param {string} account of this page
   * @param {() => void} onChange
   */
  constructor(account, onChange) {
    super();
    whenSignedIn((other) => {
      this.isForeign = other !== account;
      onChange();
    });
  }
}
