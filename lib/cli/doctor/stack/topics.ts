/**
 * Asks SNS how many subscribers a topic has. By hand, because it is one request of a service that nothing else here needs a client for.
 *
 * https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
 */
import { SignatureV4 } from '@smithy/signature-v4';
import type { Asker } from './asking.ts';
import type { Clients } from './clients.ts';
import type { TopicFact } from './facts.ts';

const VERSION = '2010-03-31';

export function readTopic(arn: string, { cloudFormation: { config } }: Clients, asker: Asker): Promise<TopicFact> {
  return asker.ask('sns:GetTopicAttributes', async ({ abortSignal }) => {
    const region = await config.region();
    const url = new URL(endpointOf(region));
    const body = new URLSearchParams({ Action: 'GetTopicAttributes', TopicArn: arn, Version: VERSION }).toString();
    const signer = new SignatureV4({ service: 'sns', region, sha256: config.sha256, credentials: config.credentials });
    const request = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body,
    });
    const { host: _host, ...headers } = request.headers;
    const response = await fetch(url, { method: 'POST', headers, body, signal: abortSignal });
    return { arn, ...countsIn(await response.text(), response.ok) };
  });
}

function endpointOf(region: string): string {
  const { AWS_ENDPOINT_URL_SNS: own, AWS_ENDPOINT_URL: all } = process.env;
  return own || all || `https://sns.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

/** @throws Error whose name is AWS's code, as those of its clients are */
function countsIn(xml: string, ok: boolean): Pick<TopicFact, 'confirmed' | 'pending'> {
  if (!ok) {
    const error = new Error(/<Message>([^<]*)/.exec(xml)?.[1] ?? 'no answer of SNS');
    error.name = /<Code>([^<]*)/.exec(xml)?.[1] ?? 'Unknown';
    throw error;
  }
  const count = (name: string): number =>
    Number(new RegExp(`<key>Subscriptions${name}</key>\\s*<value>(\\d+)</value>`).exec(xml)?.[1] ?? 0);
  return { confirmed: count('Confirmed'), pending: count('Pending') };
}
