// The samples of the published APIs, as they are printed there, of the endpoints that there are: the same requests, and answers and
// refusals of the same members, kinds and sentences. Only the server's name is ours.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const { FAREBOX_URL, API_SECRET_KEY } = process.env;

const kind = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

// `answer` is like what is printed: the same members, each of the same kind, times as times. `open` names the members
// that are null until the user has an agent and a key.
function isAsPrinted(answer, printed, open = [], at = 'answer') {
  assert.deepEqual(Object.keys(answer).sort(), Object.keys(printed).sort(), at);
  for (const [name, value] of Object.entries(printed)) {
    const place = `${at}.${name}`;
    if (open.includes(name) && answer[name] === null) continue;
    assert.equal(kind(answer[name]), kind(value), place);
    if (kind(value) === 'object') isAsPrinted(answer[name], value, open, place);
    if (instant.test(value)) assert.match(answer[name], instant, place);
  }
}

async function ask(method, path, { token, body } = {}) {
  const response = await fetch(FAREBOX_URL + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}

function curl(...options) {
  const printed = execFileSync('curl', ['-s', '-w', '\n%{http_code}', ...options], { encoding: 'utf8' });
  const end = printed.lastIndexOf('\n');
  return { status: Number(printed.slice(end + 1)), answer: JSON.parse(printed.slice(0, end)) };
}

test('the samples of the chat platform: register, login, me', async () => {
  const register = async (email, password) => {
    const response = await fetch(`${FAREBOX_URL}/api/v1/auth/register`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json'
      },
      body: JSON.stringify({ email, password })
    });

    return await response.json();
  };
  const registered = await register('user@example.com', 'password123');
  isAsPrinted(registered, {
    status: 'success',
    message: 'User registered successfully',
    user: { id: 'user_id', email: 'user@example.com', created_at: '2025-01-01T00:00:00Z' },
    tokens: { access_token: 'jwt_token', refresh_token: 'refresh_token' },
    agent_info: { agent_id: 'letta_agent_id', status: 'created' },
  }, ['agent_id']);
  assert.equal(registered.status, 'success');
  assert.equal(registered.message, 'User registered successfully');

  const login = await ask('POST', '/api/v1/auth/login', { body: { email: 'user@example.com', password: 'password123' } });
  assert.equal(login.status, 200);
  isAsPrinted(login.answer, {
    status: 'success',
    user: { id: 'user_id', email: 'user@example.com' },
    tokens: { access_token: 'jwt_token', refresh_token: 'refresh_token' },
  });
  assert.equal(login.answer.user.id, registered.user.id);

  const token = login.answer.tokens.access_token;
  const me = await ask('GET', '/api/v1/auth/me', { token });
  assert.equal(me.status, 200);
  isAsPrinted(me.answer, {
    id: 'user_id', email: 'user@example.com', created_at: '2025-01-01T00:00:00Z', letta_agent_id: 'agent_id',
    litellm_key: 'llm_api_key', agent_status: 'active',
  }, ['letta_agent_id', 'litellm_key']);

  const nobody = await ask('GET', '/api/v1/auth/me');
  assert.equal(nobody.status, 401);
  assert.equal(nobody.answer.detail, 'Not authenticated');
  const invalid = await ask('POST', '/api/v1/auth/register', { body: { password: 'password123' } });
  assert.equal(invalid.status, 422);
  assert.deepEqual(invalid.answer.detail, [{ loc: ['body', 'email'], msg: 'field required', type: 'value_error.missing' }]);
  const forbidden = await ask('GET', '/api/v1/auth/me', { token: API_SECRET_KEY });
  assert.equal(forbidden.status, 403);
  assert.equal(forbidden.answer.detail, 'Not enough permissions');
  const absent = await ask('GET', '/api/v1/nothing', { token });
  assert.equal(absent.status, 404);
  assert.equal(absent.answer.detail, 'Resource not found');

  // The other document's samples use the same address.
  assert.equal((await ask('DELETE', '/api/v1/user/delete', { token })).status, 200);
});

const forgeUser = {
  id: 1, email: 'user@example.com', display_name: 'John Doe', provider: 'local', is_admin: false,
  created_at: '2025-12-17T05:29:48.702377Z',
};
const forgeTokens = { refresh: 'eyJhbGci...', access: 'eyJhbGci...' };

test('the samples of ByteForge: register, login, profile, update, logout', async () => {
  const registered = await ask('POST', '/api/auth/register', {
    body: { email: 'user@example.com', password: 'SecurePass123!', password2: 'SecurePass123!', display_name: 'John Doe' },
  });
  assert.equal(registered.status, 201);
  isAsPrinted(registered.answer, { message: '', user: forgeUser, tokens: forgeTokens });
  assert.equal(registered.answer.message, 'User registered successfully');
  assert.equal(registered.answer.user.display_name, 'John Doe');

  const login = await ask('POST', '/api/auth/login', { body: { email: 'user@example.com', password: 'SecurePass123!' } });
  assert.equal(login.status, 200);
  isAsPrinted(login.answer, { message: '', user: forgeUser, tokens: forgeTokens });
  assert.equal(login.answer.message, 'Login successful');
  assert.deepEqual(login.answer.user, registered.answer.user);

  const { access, refresh } = login.answer.tokens;
  const profile = await ask('GET', '/api/auth/profile', { token: access });
  assert.equal(profile.status, 200);
  assert.deepEqual(profile.answer, login.answer.user);

  const update = await ask('PUT', '/api/auth/profile/update', { token: access, body: { display_name: 'Jane Doe' } });
  assert.equal(update.status, 200);
  assert.deepEqual(update.answer,
    { message: 'Profile updated successfully', user: { ...login.answer.user, display_name: 'Jane Doe' } });

  const logout = await ask('POST', '/api/auth/logout', { token: access, body: { refresh } });
  assert.equal(logout.status, 200);
  assert.deepEqual(logout.answer, { message: 'Logout successful' });
  assert.equal((await ask('POST', '/api/v1/auth/refresh', { body: { refresh_token: refresh } })).status, 401);

  for (const [token, sentence] of [
    [undefined, 'Authentication credentials were not provided.'],
    ['eyJhbGci...', 'Given token not valid for any token type'],
    [access, 'Given token not valid for any token type'],
  ]) {
    const refused = await ask('GET', '/api/auth/profile', { token });
    assert.equal(refused.status, 401);
    assert.equal(refused.answer.detail, sentence);
  }
  const invalid = await ask('POST', '/api/auth/register', { body: { email: 'user@example.com', password: 'SecurePass123!' } });
  assert.equal(invalid.status, 400);
  assert.equal(invalid.answer.error, 'Invalid request data');
  assert.deepEqual(invalid.answer.password2, ['field required']);
  const absent = await ask('GET', '/api/nothing', { token: access });
  assert.equal(absent.status, 404);
  assert.equal(absent.answer.detail, 'Not found.');
});

test('the samples of the token API: balance, spend, and what they refuse', async () => {
  const token = API_SECRET_KEY;
  const user = (await ask('POST', '/api/v1/users', { token, body: { tokens: 100 } })).answer.user_id;

  const balance = await ask('GET', `/api/v1/users/${user}/balance`, { token });
  assert.equal(balance.status, 200);
  const { held, available, debt, ...printed } = balance.answer; // ours beside it
  assert.deepEqual(printed, {
    user_id: user, token_balance: 100, subscription_active: false, subscription_end: null, can_spend: true, reason: null,
  });

  const spend = (amount, more = {}) =>
    ask('POST', `/api/v1/users/${user}/spend`, { token, body: { amount, description: 'chat completion', metadata: { model: 'm' }, ...more } });
  const spent = await spend(30, { idempotency_key: 'sample' });
  assert.equal(spent.status, 200);
  isAsPrinted(spent.answer, { success: true, transaction_id: 'uuid', tokens_spent: 30, balance_before: 100, balance_after: 70 });
  assert.equal(spent.answer.balance_after, 70);
  assert.deepEqual((await spend(30, { idempotency_key: 'sample' })).answer, spent.answer);

  const short = await spend(71);
  assert.equal(short.status, 409);
  assert.equal(short.answer.detail.error, 'insufficient_balance');
  assert.equal(short.answer.detail.message, 'Not enough tokens. Required: 71, available: 70');
  assert.equal(short.answer.detail.details.required, 71);
  assert.equal(short.answer.detail.details.available, 70);
  const absent = await ask('GET', '/api/v1/users/8999999999999999/balance', { token });
  assert.equal(absent.status, 404);
  assert.deepEqual(absent.answer.detail, { error: 'user_not_found', message: 'User 8999999999999999 not found' });
  const large = await spend(10001);
  assert.equal(large.status, 422);
  assert.deepEqual(large.answer.detail[0].loc, ['body', 'amount']);
  for (const [credential, sentence] of [[undefined, 'Missing API key'], ['another', 'Invalid API key']]) {
    const refused = await ask('GET', `/api/v1/users/${user}/balance`, { token: credential });
    assert.equal(refused.status, 401);
    assert.equal(refused.answer.detail, sentence);
  }
  // The document's server takes the bare key as well.
  const bare = await fetch(`${FAREBOX_URL}/api/v1/users/${user}/balance`, { headers: { Authorization: API_SECRET_KEY } });
  assert.equal(bare.status, 200);
});

test('the samples of the phone app: the balance, by a base URL that ends in a slash too', async () => {
  const phone = `7900${String(Date.now()).slice(-7)}`;
  await ask('POST', '/api/v1/users', { token: API_SECRET_KEY, body: { phone, tokens: 49850 } });
  for (const API_URL of [`${FAREBOX_URL}/api`, `${FAREBOX_URL}/api/`]) {
    // The credential is the one change that its client needs.
    const response = await fetch(`${API_URL}/user/tokens/${phone}`, { headers: { Authorization: `Bearer ${API_SECRET_KEY}` } });
    const data = await response.json();
    assert.equal(data.tokens, 49850);
  }
});

test('the samples of the chat platform about the service', async () => {
  const health = await ask('GET', '/health');
  assert.equal(health.status, 200);
  assert.deepEqual(health.answer, { ...health.answer, status: 'healthy', service: 'farebox', environment: 'development' });
  isAsPrinted(health.answer, { status: 'healthy', service: '', version: '1.0.0', environment: 'production' });
  const root = await ask('GET', '/');
  assert.equal(root.status, 200);
  isAsPrinted(root.answer, { message: '', version: '1.0.0', docs: 'Not available in production' });
});

test('the curl lines of ByteForge', () => {
  const registered = curl('-X', 'POST', `${FAREBOX_URL}/api/auth/register`,
    '-H', 'Content-Type: application/json',
    '-d', '{"email":"test@example.com","password":"Test123!","password2":"Test123!"}');
  assert.equal(registered.status, 201);
  isAsPrinted(registered.answer, { message: '', user: forgeUser, tokens: forgeTokens });
  const login = curl('-X', 'POST', `${FAREBOX_URL}/api/auth/login`,
    '-H', 'Content-Type: application/json',
    '-d', '{"email":"test@example.com","password":"Test123!"}');
  assert.equal(login.status, 200);
  assert.deepEqual(login.answer.user, registered.answer.user);
});
