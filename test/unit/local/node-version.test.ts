import { checkNodeVersion } from '../../../lib/local/node-version.ts';

describe('checkNodeVersion', () => {
  it("accepts Lambda's Node.js", () => {
    expect(() => checkNodeVersion('24.21.0')).not.toThrow();
  });

  it.each(['20.20.2', '26.0.0'])('refuses %s and says what to do', (version) => {
    expect(() => checkNodeVersion(version)).toThrow('run npm ci without --ignore-scripts');
  });
});
