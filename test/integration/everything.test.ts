import { compose } from '../helpers/composed.ts';
import { startEverything, startFilesystem } from '../helpers/mcp-servers.ts';

describe('server-everything (legacy era, with sessions)', () => {
  it('may be killed and started again between two calls', async () => {
    const server = await startEverything();
    const product = compose({ everything: { url: server.url } });
    const sum = async (a: number, b: number) => {
      const { result, meta } = await product.call('everything', 'get-sum', { a, b });
      return [result.content?.[0]?.['text'], meta.protocol, meta.attempts];
    };
    expect(await sum(2, 40)).toEqual(['The sum of 2 and 40 is 42.', 'legacy', 1]);
    // It answers a session of its former life with 400 and -32000.
    await server.restart();
    expect(await sum(1, 2)).toEqual(['The sum of 1 and 2 is 3.', 'legacy', 2]);
    expect(await sum(3, 4)).toEqual(['The sum of 3 and 4 is 7.', 'legacy', 1]);

    await server.kill();
    expect(await product.no('everything', 'get-sum', { a: 1, b: 1 })).toMatchObject({ code: 'upstream_error' });
    await server.restart();
    expect(await sum(5, 6)).toEqual(['The sum of 5 and 6 is 11.', 'legacy', 2]);
    await server.close();
  });
});

describe('server-filesystem behind mcp-proxy (modern era)', () => {
  it('reads a file, and keeps to its folder', async () => {
    const server = await startFilesystem();
    const product = compose({ filesystem: { url: server.url } });
    const read = (path: string) => product.call('filesystem', 'read_text_file', { path });

    const { result, meta } = await read(`${server.folder}/welcome.txt`);
    expect(result.content?.[0]).toMatchObject({
      type: 'text',
      text: 'Hello from the scratch folder of mcp-fusebox.\n',
    });
    expect([meta.protocol, meta.attempts]).toEqual(['modern', 1]);
    expect((await read('/etc/hostname')).result.isError).toBe(true);
    expect(await product.no('filesystem', 'read_text_file', { path: 7 })).toMatchObject({
      code: 'invalid_arguments',
      details: { errors: [{ pointer: '/path', detail: 'must be string' }] },
    });
    await server.close();
  });
});
