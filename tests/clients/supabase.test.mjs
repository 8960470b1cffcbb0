// @supabase/supabase-js, unmodified, against the stand-in for Supabase Auth. tests/run/clients.sh starts both.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createClient } from '@supabase/supabase-js';

const { FAREBOX_URL, LOCAL_AUTH_URL, LOCAL_AUTH_PUBLISHABLE_KEY, LOCAL_AUTH_SERVICE_KEY_FILE, PSQL, TEST_DATABASE } = process.env;
const password = 'correct horse 9';

const client = (key = LOCAL_AUTH_PUBLISHABLE_KEY) =>
  createClient(LOCAL_AUTH_URL, key, { auth: { persistSession: false, autoRefreshToken: false } });
const anEmail = () => `${randomUUID()}@wallet.example`;
const aPhone = () => `+1555${randomInt(1e8, 1e9)}`;

// What went well, or the error in view.
const good = ({ data, error }) => {
  assert.ifError(error);
  return data;
};
const sql = (statement) => execFileSync(PSQL, ['-X', '-q', '-w', '-v', 'ON_ERROR_STOP=1', '-d', TEST_DATABASE, '-c', statement]);

async function aUser() {
  const email = anEmail();
  const auth = client().auth;
  const { session, user } = good(await auth.signUp({ email, password, options: { data: { display_name: 'Ada' } } }));
  return { auth, email, session, user };
}

async function anotherDevice(email) {
  const auth = client().auth;
  return { auth, ...good(await auth.signInWithPassword({ email, password })) };
}

const isAlive = async (device) => (await client().auth.getUser(device.session.access_token)).error === null;

test('a user signs up by email and is signed in', async () => {
  const { session, user, email } = await aUser();
  assert.equal(user.email, email);
  assert.equal(user.user_metadata.display_name, 'Ada');
  assert.ok(user.email_confirmed_at);
  assert.equal(user.identities.length, 1);
  assert.equal(session.token_type, 'bearer');
  assert.equal(session.expires_in, 3600);
});

test('a user signs up by phone, whose plus is dropped, and signs in again', async () => {
  const phone = aPhone();
  const { user } = good(await client().auth.signUp({ phone, password }));
  assert.equal(user.phone, phone.slice(1));
  const again = good(await client().auth.signInWithPassword({ phone, password }));
  assert.equal(again.user.id, user.id);
});

test('a known address is refused, whatever its case', async () => {
  const { email } = await aUser();
  const { data, error } = await client().auth.signUp({ email: email.toUpperCase(), password });
  assert.equal(error.code, 'user_already_exists');
  assert.equal(data.user, null);
});

test('a wrong password and an unknown address are refused alike', async () => {
  const { email } = await aUser();
  const wrong = await client().auth.signInWithPassword({ email, password: 'wrong horse 9' });
  const unknown = await client().auth.signInWithPassword({ email: anEmail(), password });
  assert.equal(wrong.error.code, 'invalid_credentials');
  assert.deepEqual([unknown.error.code, unknown.error.status, unknown.error.message],
    [wrong.error.code, wrong.error.status, wrong.error.message]);
});

test('a weak password is refused with its reason', async () => {
  const { error } = await client().auth.signUp({ email: anEmail(), password: 'short' });
  assert.equal(error.code, 'weak_password');
  assert.deepEqual(error.reasons, ['length']);
});

test('a refresh gives new tokens of the same session', async () => {
  const { auth, session } = await aUser();
  const { session: next } = good(await auth.refreshSession());
  assert.notEqual(next.refresh_token, session.refresh_token);
  const before = good(await auth.getClaims(session.access_token)).claims;
  const after = good(await auth.getClaims(next.access_token)).claims;
  assert.equal(after.session_id, before.session_id);
  assert.deepEqual(after.amr, before.amr);
});

test('an old refresh token is good once more when the answer was lost', async () => {
  const { auth, session } = await aUser();
  const { session: next } = good(await auth.refreshSession());
  sql(`update auth.refresh_tokens set updated_at = updated_at - interval '1 hour' where token = '${session.refresh_token}'`);
  const { session: again } = good(await client().auth.refreshSession({ refresh_token: session.refresh_token }));
  assert.equal(again.refresh_token, next.refresh_token);
});

test('an older refresh token used again revokes those of the session', async () => {
  const { auth, session } = await aUser();
  good(await auth.refreshSession());
  const { session: last } = good(await auth.refreshSession());
  sql(`update auth.refresh_tokens set updated_at = updated_at - interval '11 seconds' where token = '${session.refresh_token}'`);
  const stolen = await client().auth.refreshSession({ refresh_token: session.refresh_token });
  assert.equal(stolen.error.code, 'refresh_token_already_used');
  sql(`update auth.refresh_tokens set updated_at = updated_at - interval '11 seconds' where token = '${last.refresh_token}'`);
  const rightful = await client().auth.refreshSession({ refresh_token: last.refresh_token });
  assert.equal(rightful.error.code, 'refresh_token_already_used');
});

test('getUser asks who holds the token', async () => {
  const { auth, user } = await aUser();
  assert.equal(good(await auth.getUser()).user.id, user.id);
  const { error } = await client().auth.getUser('not.a.token');
  assert.equal(error.code, 'bad_jwt');
});

test('getClaims verifies the token by the published key', async () => {
  const { auth, user, session } = await aUser();
  const { claims, header } = good(await auth.getClaims());
  assert.equal(header.alg, 'ES256');
  assert.equal(claims.sub, user.id);
  assert.equal(claims.iss, `${LOCAL_AUTH_URL}/auth/v1`);
  assert.equal(claims.aud, 'authenticated');
  assert.equal(claims.role, 'authenticated');
  assert.equal(claims.exp, session.expires_at);
  assert.equal(claims.amr[0].method, 'password');
  const [head, payload, signature] = session.access_token.split('.');
  const forged = Buffer.from(payload, 'base64url').toString().replace(user.id, randomUUID());
  const { data, error } = await auth.getClaims([head, Buffer.from(forged).toString('base64url'), signature].join('.'));
  assert.equal(data, null);
  assert.match(error.message, /signature/i);
});

test('the access token opens the own wallet, and no other', async () => {
  const { session, user } = await aUser();
  const balanceOf = (id) => fetch(`${FAREBOX_URL}/api/v1/users/${id}/balance`,
    { headers: { authorization: `Bearer ${session.access_token}` } });
  assert.equal((await balanceOf(user.id)).status, 200);
  assert.equal((await balanceOf((await aUser()).user.id)).status, 404);
});

test('updateUser merges metadata, and null takes a member away', async () => {
  const { auth } = await aUser();
  good(await auth.updateUser({ data: { theme: 'dark', display_name: null } }));
  const { user } = good(await auth.getUser());
  assert.equal(user.user_metadata.theme, 'dark');
  assert.ok(!('display_name' in user.user_metadata));
});

test('a new password signs out the other devices, and the old one is refused', async () => {
  const one = await aUser();
  const two = await anotherDevice(one.email);
  assert.equal((await one.auth.updateUser({ password })).error.code, 'same_password');
  good(await one.auth.updateUser({ password: 'battery staple 10' }));
  assert.ok(await isAlive(one));
  assert.ok(!(await isAlive(two)));
  assert.equal((await client().auth.signInWithPassword({ email: one.email, password })).error.code, 'invalid_credentials');
  good(await client().auth.signInWithPassword({ email: one.email, password: 'battery staple 10' }));
});

test('an address that another user has cannot be taken', async () => {
  const one = await aUser();
  const two = await aUser();
  assert.equal((await one.auth.updateUser({ email: two.email })).error.code, 'email_exists');
});

for (const [scope, here, there] of [['local', false, true], ['others', true, false], ['global', false, false]]) {
  test(`signOut of scope ${scope} ends exactly those sessions`, async () => {
    const one = await aUser();
    const two = await anotherDevice(one.email);
    assert.ifError((await one.auth.signOut({ scope })).error);
    assert.deepEqual([await isAlive(one), await isAlive(two)], [here, there]);
  });
}

test('an operator creates, finds, lists, bans and deletes users', async () => {
  const admin = client(readFileSync(LOCAL_AUTH_SERVICE_KEY_FILE, 'utf8').trim()).auth.admin;
  const email = anEmail();
  const { user } = good(await admin.createUser({ email, password, email_confirm: true, app_metadata: { plan: 'pro' } }));
  assert.equal(user.app_metadata.plan, 'pro');
  assert.equal(good(await admin.getUserById(user.id)).user.email, email);
  const { users, total } = good(await admin.listUsers({ page: 1, perPage: 1 }));
  assert.equal(users.length, 1);
  assert.ok(total >= 1);

  const device = await anotherDevice(email);
  good(await admin.updateUserById(user.id, { ban_duration: '24h' }));
  assert.equal((await device.auth.refreshSession()).error.code, 'user_banned');
  assert.equal((await client().auth.signInWithPassword({ email, password })).error.code, 'user_banned');
  good(await admin.updateUserById(user.id, { ban_duration: 'none' }));
  good(await client().auth.signInWithPassword({ email, password }));

  good(await admin.deleteUser(user.id, true));
  assert.equal((await client().auth.signInWithPassword({ email, password })).error.code, 'invalid_credentials');
});

test('nobody but the service key administers', async () => {
  const { session } = await aUser();
  const { error } = await client().auth.admin.listUsers();
  assert.equal(error.status, 403);
  const reply = await fetch(`${LOCAL_AUTH_URL}/auth/v1/admin/users`,
    { headers: { apikey: LOCAL_AUTH_PUBLISHABLE_KEY, authorization: `Bearer ${session.access_token}` } });
  assert.equal((await reply.json()).error_code, 'not_admin');
});
