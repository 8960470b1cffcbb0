// The npm package jose and farebox read each other: what jose signs a handler takes or refuses as it should, and what the
// stand-in for Supabase Auth signs jose verifies.
//
// The handler balance is run as CGI, one process a request, with a project that this test plays: it serves the JWKS, and refuses
// every token that it is asked about. Its user
// and session are in the database, so whoever is let in gets the own balance and anybody else 401.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { SignJWT, createRemoteJWKSet, exportJWK, generateKeyPair, importJWK, jwtVerify } from 'jose';

const { FAREBOX_TEST_BIN, PSQL, TEST_DATABASE, LOCAL_AUTH_URL, LOCAL_AUTH_PUBLISHABLE_KEY } = process.env;

const subject = randomUUID();
const session = randomUUID();
const keys = {};
let document = '';
let asked = 0;
let project;
const server = createServer((request, response) => {
  asked += request.url === '/auth/v1/.well-known/jwks.json';
  response.setHeader('Content-Type', 'application/json');
  if (request.url === '/auth/v1/user') {
    response.statusCode = 403;
    response.end('{"code":"bad_jwt","message":"invalid JWT: unable to parse or verify signature"}');
    return;
  }
  response.end(document);
});

async function aKey(alg, options) {
  const { privateKey, publicKey } = await generateKeyPair(alg, options);
  const kid = randomUUID();
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

before(async () => {
  execFileSync(PSQL, ['-X', '-q', '-w', '-v', 'ON_ERROR_STOP=1', '-d', TEST_DATABASE, '-c',
    `insert into auth.users (id, email) values ('${subject}', '${subject}@wallet.example');
     insert into auth.sessions (id, user_id) values ('${session}', '${subject}');
     insert into auth.refresh_tokens (id, token, user_id, session_id, revoked) values ((random() * 9e15)::bigint, '${session}', '${subject}', '${session}', false)`]);
  keys.es256 = await aKey('ES256');
  keys.rs256 = await aKey('RS256');
  keys.stranger = await aKey('ES256');
  keys.es384 = await aKey('ES384');
  document = JSON.stringify({ keys: [keys.es256, keys.rs256, keys.es384].map((key) => key.jwk) });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  project = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const claims = () => ({ role: 'authenticated', session_id: session, is_anonymous: false, email: 'ada@wallet.example' });

// What Supabase Auth would sign, changed by `change`.
function sign(key, change = (token) => token, own = claims(), header = { alg: key.alg, kid: key.kid, typ: 'JWT' }) {
  const token = new SignJWT(own)
    .setProtectedHeader(header)
    .setIssuer(`${project}/auth/v1`)
    .setSubject(subject)
    .setAudience('authenticated')
    .setIssuedAt()
    .setExpirationTime('1h');
  return change(token).sign(key.privateKey);
}

// The status that the handler answers to this credential.
function statusOf(token, environment = {}) {
  return new Promise((answered, failed) => {
    const path = `/api/v1/users/${subject}/balance`;
    const handler = spawn(`${FAREBOX_TEST_BIN}/balance`, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        DATABASE_URL: TEST_DATABASE,
        SUPABASE_URL: project,
        GATEWAY_INTERFACE: 'CGI/1.1',
        REQUEST_METHOD: 'GET',
        REQUEST_URI: path,
        SCRIPT_NAME: path,
        REMOTE_ADDR: '127.0.0.1',
        HTTP_AUTHORIZATION: `Bearer ${token}`,
        ...environment,
      },
    });
    let text = '';
    handler.stdout.on('data', (part) => (text += part));
    handler.on('error', failed);
    handler.on('close', () => answered(Number(/^Status: (\d+)/.exec(text)?.[1])));
  });
}

test('what jose signs with a key of the project is let in, by ES256 and RS256', async () => {
  assert.equal(await statusOf(await sign(keys.es256)), 200);
  assert.equal(await statusOf(await sign(keys.rs256)), 200);
  assert.ok(asked > 0);
});

test('what jose signs with a secret is let in only where that secret is configured', async () => {
  const secret = 'a-secret-of-at-least-thirty-two-bytes';
  const key = { alg: 'HS256', kid: 'legacy', privateKey: new TextEncoder().encode(secret) };
  const token = await sign(key);
  assert.equal(await statusOf(token, { SUPABASE_JWT_SECRET: secret }), 200);
  assert.equal(await statusOf(token, { SUPABASE_JWT_SECRET: `${secret}!` }), 401);
  assert.equal(await statusOf(token), 401);
});

test('a stranger, a key of another kind and a public key used as a secret are refused', async () => {
  assert.equal(await statusOf(await sign(keys.stranger)), 401);
  assert.equal(await statusOf(await sign({ ...keys.stranger, kid: keys.es256.kid })), 401);
  assert.equal(await statusOf(await sign(keys.es384)), 401);
  const confused = { alg: 'HS256', kid: keys.es256.kid, privateKey: new TextEncoder().encode(JSON.stringify(keys.es256.jwk)) };
  assert.equal(await statusOf(await sign(confused)), 401);
});

test('what jose can say in claims and headers that a user has not is refused', async () => {
  const refused = [
    sign(keys.es256, (token) => token.setExpirationTime(Math.floor(Date.now() / 1000) - 60)),
    sign(keys.es256, (token) => token.setNotBefore('5m')),
    sign(keys.es256, (token) => token.setIssuedAt(Math.floor(Date.now() / 1000) + 300)),
    sign(keys.es256, (token) => token.setIssuer('https://other.example/auth/v1')),
    sign(keys.es256, (token) => token.setAudience(['anon', 'other'])),
    sign(keys.es256, (token) => token.setSubject('ada')),
    sign(keys.es256, undefined, { ...claims(), role: 'service_role' }),
    sign(keys.es256, undefined, { ...claims(), is_anonymous: true }),
    sign(keys.es256, undefined, { ...claims(), client_id: 'an-application' }),
    sign(keys.es256, undefined, claims(), { alg: 'ES256' }),
    sign(keys.es256, undefined, { ...claims(), session_id: randomUUID() }),
  ];
  for (const token of refused) assert.equal(await statusOf(await token), 401);
  const list = await sign(keys.es256, (token) => token.setAudience(['other', 'authenticated']));
  assert.equal(await statusOf(list), 200);
});

test('what the stand-in signs jose verifies by its published keys', async () => {
  const keySet = createRemoteJWKSet(new URL(`${LOCAL_AUTH_URL}/auth/v1/.well-known/jwks.json`));
  const response = await fetch(`${LOCAL_AUTH_URL}/auth/v1/signup`, {
    method: 'POST',
    headers: { apikey: LOCAL_AUTH_PUBLISHABLE_KEY, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: `${randomUUID()}@wallet.example`, password: 'correct horse 9' }),
  });
  const session = await response.json();
  const { payload, protectedHeader } = await jwtVerify(session.access_token, keySet, {
    issuer: `${LOCAL_AUTH_URL}/auth/v1`,
    audience: 'authenticated',
    algorithms: ['ES256'],
  });
  assert.equal(payload.sub, session.user.id);
  assert.ok(protectedHeader.kid);

  const published = await (await fetch(`${LOCAL_AUTH_URL}/auth/v1/.well-known/jwks.json`)).json();
  assert.ok(published.keys.every((jwk) => !('d' in jwk)));
  await importJWK(published.keys[0], 'ES256');
});
