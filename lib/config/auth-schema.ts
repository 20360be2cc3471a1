/** The part of the schema that says how servers know us: `auth`, and how its secret is rotated. */
import * as z from 'zod/mini';
import { isHttpUrl, kinds, oneOf, optional, strict, text, textLike, textThat, whole } from './forms.ts';

export const headerName = textLike(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'the name of an HTTP header');

/** A name in Secrets Manager, or the ARN of a secret that exists already. Never the secret itself. */
const secretName = textLike(
  /^(?:[A-Za-z0-9/_+=.@-]{1,400}|arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,512})$/,
  'the name of a secret: 1 to 400 of A-Z a-z 0-9 / _ + = . @ -, or the ARN of one in Secrets Manager',
);

const webUrl = textThat(isHttpUrl, 'a URL that begins with https:// (or http:// on one machine)');

const clientAuthentication = optional(
  oneOf(
    ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    'How the client proves itself to the token endpoint (RFC 6749 2.3.1, RFC 7523). With private_key_jwt the secret is a private key in PKCS#8 PEM.',
  ),
);

const oauthShape = {
  clientId: textLike(/^[\x20-\x7e]+$/, 'the id of an OAuth client'),
  secret: secretName,
  tokenUrl: optional(webUrl),
  expectedIssuer: optional(webUrl),
  clientAuthentication,
  scope: optional(text()),
  resource: optional(webUrl),
};

const rotationSchema = strict({
  everyDays: whole(1, 365, 'Days between two rotations.'),
  issuer: z.discriminatedUnion(
    'type',
    [
      strict({
        type: z.literal('http'),
        url: webUrl,
        secret: optional(secretName),
        tokenField: optional(text()),
      }),
      strict({ type: z.literal('oauth'), ...oauthShape }),
    ],
    kinds('http', 'oauth'),
  ),
});

export const authSchema = z.discriminatedUnion(
  'type',
  [
    strict({ type: z.literal('none') }),
    strict({ type: z.literal('bearer'), secret: secretName, rotation: optional(rotationSchema) }),
    strict({ type: z.literal('header'), name: headerName, secret: secretName, rotation: optional(rotationSchema) }),
    strict({ type: z.literal('oauth-client-credentials'), ...oauthShape }),
    strict({
      type: z.literal('aws-sigv4'),
      service: textLike(
        /^[a-z0-9-]+$/,
        'the signing name of a service, such as "lambda", "execute-api" or "bedrock-agentcore"',
      ),
      region: optional(textLike(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-west-1"')),
    }),
    strict({ type: z.literal('mtls'), secret: secretName }),
  ],
  kinds('none', 'bearer', 'header', 'oauth-client-credentials', 'aws-sigv4', 'mtls'),
);

export type AuthConfig = z.infer<typeof authSchema>;
export type RotationConfig = z.infer<typeof rotationSchema>;
/** What an OAuth token is asked for with: of `auth`, and of a rotation's issuer. */
export type OAuthConfig = Omit<Extract<AuthConfig, { type: 'oauth-client-credentials' }>, 'type'>;
