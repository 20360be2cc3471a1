const TestEnvironment = require('@stryker-mutator/jest-runner/jest-env/node');

/** One failed test is enough to kill a mutant: the rest is skipped. Jest's own `bail` ends the process. */
module.exports = class FailFastEnvironment extends TestEnvironment {
  #failed = false;

  async handleTestEvent({ name, test }) {
    if (name === 'test_start' && this.#failed) test.mode = 'skip';
    if (name === 'test_done' && test.errors.length > 0) this.#failed = true;
  }
};
