// An OpenID provider on loopback for the tests, run by tests/oidc_provider.py.
//
// Its one argument is JSON: {client_id, client_secret, redirect_uris, accounts}, where accounts maps
// a login to its claims. It prints {"issuer": …} and stops when its standard input ends, so that it
// never outlives the tests. GET on an interaction asks who it is; POST answers, with `login=…` or
// with nothing for somebody who changes their mind. Whoever logs in has consented.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { Provider } from 'oidc-provider';

console.info = console.error; // the package's notices: standard output is for the one line

const { client_id, client_secret, redirect_uris, accounts } = JSON.parse(process.argv[2]);

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const provider = new Provider(issuer, {
  clients: [{ client_id, client_secret, redirect_uris }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  features: { devInteractions: { enabled: false } },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  jwks: { keys: [{ ...key.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  loadExistingGrant: async (ctx) => {
    const { session, client, params } = ctx.oidc;
    const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
  ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
});

function claimsOf(sub) {
  return Object.values(accounts).find((account) => account.sub === sub);
}

async function interact(request, response) {
  await provider.interactionDetails(request, response); // throws where there is none
  if (request.method !== 'POST') {
    response.end('Who is it?');
    return;
  }
  const login = new URLSearchParams(await text(request)).get('login');
  const account = accounts[login];
  if (login !== null && account === undefined) {
    response.writeHead(403).end('Nobody has that login.');
    return;
  }
  const result = account
    ? { login: { accountId: account.sub } }
    : { error: 'access_denied', error_description: 'The user changed their mind.' };
  await provider.interactionFinished(request, response, result);
}

const answer = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    answer(request, response);
    return;
  }
  interact(request, response).catch((error) => response.writeHead(400).end(String(error)));
});

process.stdin.resume().on('end', () => process.exit());
console.log(JSON.stringify({ issuer }));
