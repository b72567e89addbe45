// The driver of Graphile Worker, with the settings under which its page on performance gives its
// own figures (https://worker.graphile.org/docs/performance): 24 jobs at a time, a local queue of
// 500, completions in batches. It speaks as protocol.py says.

"use strict";

const readline = require("node:readline");
const { Pool } = require("pg");
const { Logger, makeWorkerUtils, run, runMigrations, runOnce } = require("graphile-worker");

const SIZE = 500;
const preset = {
  worker: {
    concurrentJobs: 24,
    maxPoolSize: 25,
    localQueue: { size: SIZE },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    // Warnings and errors alone, and on stderr: stdout is for answers.
    logger: new Logger(() => (level, message) => {
      if (level === "error" || level === "warning") console.error(message);
    }),
  },
};

const now = () => Number(process.hrtime.bigint());
const seconds = (began) => (now() - began) / 1e9;
const wait = (delay) => new Promise((done) => setTimeout(done, delay * 1000));
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

// A worker's pool, and what was seen of its jobs: when each handler started, and when the database
// last answered the library's own DELETE of finished ones.
function engine() {
  const seen = { starts: [], finished: 0, ended: 0 };
  const pgPool = new Pool({ connectionString: process.env.BENCH_DATABASE_URL, max: 25 });
  pgPool.on("connect", (client) => {
    const query = client.query.bind(client);
    client.query = (...given) => {
      const answer = query(...given);
      if (/^delete from .*_private_jobs/.test(given[0]?.text?.trimStart() ?? "")) {
        answer.then(
          ({ rowCount }) => {
            seen.finished += rowCount;
            seen.ended = now();
          },
          () => {},
        );
      }
      return answer;
    };
  });
  const taskList = {
    noop: async ({ number }) => {
      seen.starts.push([number, now()]);
    },
  };
  return { seen, pgPool, options: { preset, pgPool, taskList, noHandleSignals: true } };
}

async function withUtils(call) {
  const pgPool = new Pool({ connectionString: process.env.BENCH_DATABASE_URL, max: 2 });
  const { logger } = preset.worker;
  const utils = await makeWorkerUtils({ preset: { worker: { logger } }, pgPool });
  try {
    return await call(utils);
  } finally {
    await utils.release();
    await pgPool.end();
  }
}

const commands = {
  async prepare() {
    const { options, pgPool } = engine();
    await runMigrations(options);
    await pgPool.end();
  },

  enqueue({ rows, batch, first = 0 }) {
    return withUtils(async (utils) => {
      const began = now();
      for (let at = first; at < first + rows; at += batch) {
        if (batch === 1) {
          await utils.addJob("noop", { number: at });
        } else {
          const size = Math.min(batch, first + rows - at);
          await utils.addJobs(
            Array.from({ length: size }, (_, index) => ({
              identifier: "noop",
              payload: { number: at + index },
            })),
          );
        }
      }
      return { seconds: seconds(began) };
    });
  },

  async drain() {
    const { seen, pgPool, options } = engine();
    await runOnce(options);
    await pgPool.end();
    const { starts, finished, ended } = seen;
    const taken = starts.length > 0 ? (ended - starts[0][1]) / 1e9 : 0;
    return { seconds: taken, started: starts.length, finished };
  },

  async idle(_, told) {
    const { seen, pgPool, options } = engine();
    const runner = await run(options);
    say({ ready: true });
    await told();
    await runner.stop();
    await pgPool.end();
    return { starts: seen.starts };
  },

  produce({ gaps }) {
    return withUtils(async (utils) => {
      const sent = [];
      for (const [number, gap] of gaps.entries()) {
        await wait(gap);
        sent.push([number, now()]);
        await utils.addJob("noop", { number });
      }
      return { sent };
    });
  },

  // The statement by which its local queue fetches jobs, called as the library calls it.
  async claim({ backlog }) {
    const { getUtilsAndReleasersFromOptions } = require("graphile-worker/dist/lib");
    const { batchGetJobs } = require("graphile-worker/dist/sql/getJobs");
    const { pgPool, options } = engine();
    const [shared, release] = await getUtilsAndReleasersFromOptions(options);
    const taken = [];
    const count = Math.max(1, Math.min(30, Math.floor(backlog / (2 * SIZE))));
    for (let done = 0; done < count; done += 1) {
      const began = now();
      await batchGetJobs(shared, shared.withPgClient, options.taskList, "bench", null, SIZE);
      taken.push(seconds(began));
    }
    await release();
    await pgPool.end();
    return { seconds: taken, batch: SIZE };
  },
};

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const { command, ...given } = JSON.parse(line.value);
    say((await commands[command](given, () => lines.next())) ?? {});
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
