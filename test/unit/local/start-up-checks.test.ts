import { checkNodeVersion } from '../../../lib/local/node-version.ts';
import { parsePort } from '../../../lib/local/port.ts';

describe('parsePort', () => {
  it.each([
    [undefined, 3000],
    ['', 3000],
    ['0', 0],
    ['8080', 8080],
    ['65535', 65_535],
  ])('%p → %i', (text, port) => {
    expect(parsePort(text)).toBe(port);
  });

  it.each(['-1', '65536', '80.5', 'abc', ' 80', '0x50'])('refuses %p in one line', (text) => {
    expect(() => parsePort(text)).toThrow(
      `PORT is ${JSON.stringify(text)}; it has to be a whole number from 0 to 65535`,
    );
  });
});

describe('checkNodeVersion', () => {
  it("accepts Lambda's Node.js", () => {
    expect(() => checkNodeVersion('24.21.0')).not.toThrow();
  });

  it.each(['20.20.2', '26.0.0'])('refuses %s and says what to do', (version) => {
    expect(() => checkNodeVersion(version)).toThrow('run npm ci without --ignore-scripts');
  });
});
