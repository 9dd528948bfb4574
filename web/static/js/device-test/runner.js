/** Runs the steps of the device test one after the other. Knows no page, only a stage. */

/** @typedef {"passed" | "warning" | "failed" | "skipped"} Outcome */

/**
 * How a test reports progress and outcome; the last outcome counts.
 * @typedef {object} Report
 * @property {(sentence: string) => void} say what happens now, or what to do
 * @property {(sentence: string) => void} passed
 * @property {(sentence: string) => void} warning
 * @property {(sentence: string) => void} failed
 * @property {(template: string) => HTMLElement} place a copy of this template in the step
 * @property {AbortSignal} signal aborted when the step is skipped: release everything
 */

/** @typedef {(report: Report) => Promise<void>} Test */

/**
 * @typedef {object} Stage
 * @property {(step: string, sentence: string) => void} say
 * @property {(step: string, outcome: Outcome, sentence: string) => void} end
 * @property {(step: string, template: string) => HTMLElement} place
 * @property {(step: string, skip: () => void) => void} begin
 * @property {(step: string) => void} clear
 */

/**
 * @param {[string, Test][]} tests
 * @param {Stage} stage
 * @param {(error: unknown) => string} explain a sentence for an unexpected error
 * @returns {Promise<Record<string, Outcome>>}
 */
export async function runAll(tests, stage, explain) {
  /** @type {Record<string, Outcome>} */
  const outcomes = {};
  for (const [step, test] of tests) outcomes[step] = await runOne(step, test, stage, explain);
  return outcomes;
}

/**
 * @param {string} step
 * @param {Test} test
 * @param {Stage} stage
 * @param {(error: unknown) => string} explain
 * @returns {Promise<Outcome>}
 */
async function runOne(step, test, stage, explain) {
  const aborting = new AbortController();
  const { signal } = aborting;
  /** @type {[Outcome, string]} */
  let last = ["failed", ""];
  /** @param {Outcome} outcome */
  const ends = (outcome) => (/** @type {string} */ sentence) => {
    last = [outcome, sentence];
  };
  const skipped = new Promise((resolve) => signal.addEventListener("abort", resolve));
  stage.begin(step, () => aborting.abort());
  const run = test({
    say: (sentence) => !signal.aborted && stage.say(step, sentence),
    passed: ends("passed"),
    warning: ends("warning"),
    failed: ends("failed"),
    place: (template) => stage.place(step, template),
    signal,
  }).catch((error) => {
    if (!signal.aborted) last = ["failed", explain(error)];
  });
  await Promise.race([run, skipped]);
  if (signal.aborted) last = ["skipped", ""];
  else aborting.abort();
  stage.clear(step);
  stage.end(step, ...last);
  return last[0];
}

/**
 * @param {number} duration milliseconds
 * @param {AbortSignal} signal ends the wait too
 */
export function pause(duration, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, duration);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
