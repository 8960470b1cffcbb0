// The wallet endpoints of farebox on Node: what a good Fastify service that calls the same SQL functions does, one call
// a request. It stands directly on its port, without nginx and without an access log, so it has less to do than
// farebox.
//
//   POST /api/v1/users/:user_id/spend     farebox_api.spend_one
//   GET  /api/v1/users/:user_id/balance   farebox_api.balance
//
// One process, or several that share the port (node:cluster), each with a pool of connections.
//
// Environment: API_SECRET_KEY, PROCESSES, POOL_CONNECTIONS (a process's), and PGHOST, PGUSER ... of node-postgres.
// Once every process listens it prints "ready PORT"; it ends at SIGTERM, or when its standard input ends: never later
// than its parent.

import cluster from 'node:cluster';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

const processes = Number(process.env.PROCESSES);

// What proves this caller to the functions, as farebox's handlers do.
const proof = `\\x${createHash('sha256').update(process.env.API_SECRET_KEY).digest('hex')}`;

// Named: parsed and planned once a connection.
const spendQuery = {
  name: 'spend',
  text: `select status, entry, amount, before, after, available
           from farebox_api.spend_one('api_key', '${proof}', $1, null, $2, $3, null, $4, $5, $6, $7,
                                      now() + interval '4 seconds')`,
};
const balanceQuery = {
  name: 'balance',
  text: `select status, number, balance, subscription_until, subscription_active, can_spend, reason
           from farebox_api.balance('{1}', '{api_key}', array['${proof}'::bytea], '{null}', array[$1::bigint], '{null}')`,
};

const userParams = {
  type: 'object',
  required: ['user_id'],
  properties: { user_id: { type: 'integer', minimum: 1 } },
};
const spendSchema = {
  params: userParams,
  body: {
    type: 'object',
    required: ['amount', 'description'],
    properties: {
      amount: { type: 'integer', minimum: 1, maximum: 10000 },
      description: { type: 'string', minLength: 1, maxLength: 500 },
      metadata: { type: 'object' },
    },
  },
  headers: {
    type: 'object',
    required: ['idempotency-key'],
    properties: { 'idempotency-key': { type: 'string', minLength: 1, maxLength: 255 } },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        success: { type: 'boolean' },
        transaction_id: { type: 'string' },
        tokens_spent: { type: 'integer' },
        balance_before: { type: 'integer' },
        balance_after: { type: 'integer' },
      },
    },
  },
};
const balanceSchema = {
  params: userParams,
  response: {
    200: {
      type: 'object',
      properties: {
        user_id: { type: 'integer' },
        token_balance: { type: 'integer' },
        subscription_active: { type: 'boolean' },
        subscription_end: { type: ['string', 'null'] },
        can_spend: { type: 'boolean' },
        reason: { type: ['string', 'null'] },
      },
    },
  },
};

const statusOf = { not_found: 404, insufficient: 409, key_reused: 422, blocked: 403, subscription_expired: 403 };

const sha256 = (text) => createHash('sha256').update(text).digest();

// Milliseconds first, as farebox's ids have them: a journal in order is a smaller index than a random one.
function timeOrderedUuid() {
  const milliseconds = Date.now().toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7${randomUUID().slice(15)}`;
}

function requireKey(secret) {
  const expected = sha256(secret);
  return async (request, reply) => {
    const [scheme, credential] = (request.headers.authorization ?? '').split(' ');
    if (scheme !== 'Bearer' || credential === undefined || !timingSafeEqual(sha256(credential), expected)) {
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' });
    }
  };
}

async function serve() {
  // bigint as a number: every amount of the bench is exact in a double.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ max: Number(process.env.POOL_CONNECTIONS), application_name: 'bench-fastify' });
  const server = Fastify({ logger: false });
  server.addHook('onRequest', requireKey(process.env.API_SECRET_KEY));

  server.post('/api/v1/users/:user_id/spend', { schema: spendSchema }, async (request, reply) => {
    const { amount, description, metadata } = request.body;
    const key = request.headers['idempotency-key'];
    const metadataText = metadata === undefined ? null : JSON.stringify(metadata);
    const fingerprint = sha256(JSON.stringify([amount, description, metadataText]));
    const { rows } = await pool.query({
      ...spendQuery,
      values: [timeOrderedUuid(), request.params.user_id, amount, key, fingerprint, description, metadataText],
    });
    const [row] = rows;
    if (row.status !== 'ok' && row.status !== 'replayed') {
      return reply.code(statusOf[row.status] ?? 503).send({ error: row.status, available: row.available });
    }
    if (row.status === 'replayed') reply.header('idempotent-replayed', 'true');
    return {
      success: true,
      transaction_id: row.entry,
      tokens_spent: row.amount,
      balance_before: row.before,
      balance_after: row.after,
    };
  });

  server.get('/api/v1/users/:user_id/balance', { schema: balanceSchema }, async (request, reply) => {
    const { rows } = await pool.query({ ...balanceQuery, values: [request.params.user_id] });
    const [row] = rows;
    if (row.status !== 'ok') return reply.code(statusOf[row.status] ?? 503).send({ error: row.status });
    return {
      user_id: row.number,
      token_balance: row.balance,
      subscription_active: row.subscription_active,
      subscription_end: row.subscription_until?.toISOString() ?? null,
      can_spend: row.can_spend,
      reason: row.reason,
    };
  });

  await server.listen({ host: '127.0.0.1', port: 0 }); // any free one, the same for every process
  return server.server.address().port;
}

function ready(port) {
  console.log(`ready ${port}`);
  process.stdin.on('end', () => process.exit()).resume();
}

function lead() {
  let listening = 0;
  for (let n = 0; n < processes; n += 1) cluster.fork();
  cluster.on('listening', (worker, address) => {
    listening += 1;
    if (listening === processes) ready(address.port);
  });
  // A measurement with a process missing would be false, so one lost ends all.
  cluster.on('exit', () => process.exit(1));
}

if (cluster.isWorker) {
  process.on('disconnect', () => process.exit());
  await serve();
} else if (processes > 1) {
  lead();
} else {
  ready(await serve());
}
