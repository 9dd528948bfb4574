/** Time that moves when the test says so. */
export class FakeTime {
  now = 0;
  /** @type {{ at: number, action: () => void }[]} */
  timers = [];

  /** @type {(action: () => void, delay: number) => object} */
  setTimeout = (action, delay) => {
    const timer = { at: this.now + delay, action };
    this.timers.push(timer);
    return timer;
  };

  /** @param {any} timer */
  clearTimeout = (timer) => {
    this.timers = this.timers.filter((one) => one !== timer);
  };

  /** @param {number} duration */
  pass(duration) {
    const end = this.now + duration;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.now = next.at;
      this.clearTimeout(next);
      next.action();
    }
    this.now = end;
  }
}
