/**
 * Every limit, once, with its reason; the relations that the protocol rests on are asserted when this file is loaded.
 * Service time throughout: the local cloud divides all of them alike.
 */

/** EC2 gives two minutes, best effort (reliability B23; https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html). */
export const INTERRUPTION_NOTICE_SECONDS = 120;

/** What is kept back of a notice for the last writes and for late delivery; a fleet may choose its own. */
export const DRAIN_MARGIN_SECONDS_DEFAULT = 10;

/** AWS advises a look every five seconds. */
export const IMDS_POLL_SECONDS = 5;

/**
 * A recommendation makes a machine wary and no more, and an Auto Scaling group waits at least half a minute for its
 * lifecycle hook: a look every 15 s loses nothing, and costs a third.
 */
export const REBALANCE_POLL_SECONDS = 15;
export const LIFECYCLE_POLL_SECONDS = 15;

/** Maintenance is announced days ahead; AWS itself takes a minute or two to show a change of it. */
export const MAINTENANCE_POLL_SECONDS = 60;

/** Row A7: a metadata service that answers later than this is not answering. */
export const IMDS_TIMEOUT_SECONDS = 2;

/** The longest pause between looks while the metadata service fails. */
export const IMDS_BACK_OFF_SECONDS_MAX = 20;

export const HEARTBEAT_SECONDS = 5;

/** A heartbeat younger than this shows an agent that is able to decide for itself what happens to its tasks. */
export const HEARTBEAT_FRESH_SECONDS = 15;

/** After this much silence a machine's tasks are released. With one sweep a minute, they are ready within 120 s (W4). */
export const SILENCE_SECONDS_MAX = 50;

/** A machine that never showed an agent is ended after this: boot, installation and adoption fit several times over. */
export const BOOT_SECONDS_MAX = 600;

/** The sweep and the reconcile run on one schedule. */
export const SWEEP_SECONDS = 60;

/** How long a message stays hidden at a time; renewed at half of it while the task runs. */
export const VISIBILITY_SECONDS_DEFAULT = 60;

/** A renewal that fails has half of it for its repetitions. */
export const VISIBILITY_SECONDS_MIN = 30;

/**
 * A message met while its task runs elsewhere goes back for what its owner needs, within these bounds. The least is no
 * part of a minute: coming back each half minute, it would be on show at every sweep, which would take it for a backlog.
 */
export const REVISIT_SECONDS_MIN = 37;
export const REVISIT_SECONDS_MAX = 900;

/** SQS long polling ends after 20 s at most. */
export const LONG_POLL_SECONDS = 20;

/** SQS delays a message by 15 minutes at most; what is due later is left to the sweep. */
export const QUEUE_DELAY_SECONDS_MAX = 900;

/** SQS keeps a message hidden for twelve hours in all, counted from its receipt, and refuses more (reliability B10). */
export const HIDDEN_SECONDS_MAX = 43_200;

/**
 * Holds and un-holds that one write takes. DynamoDB's expressions are limited to 4 KB and 300 operators; a hold is some
 * 20 characters of one and two operators, so that a hundred leave room for the conditions.
 */
export const LEASES_CHANGED_MAX = 100;

/** A released task whose new message was not sent, for a crash in between, is found by the sweep after this. */
export const RESEND_SOON_SECONDS = 30;

/** A ready task whose message has not brought anyone in this time is sent again. */
export const RESEND_AFTER_SECONDS = 300;

/** A new task among a backlog waits for its turn, not for a message; after this it is sent again whatever waits. */
export const RESEND_QUEUED_SECONDS = 21_600;

/** One wake's worth of rest after a reconcile that failed. */
export const RECONCILE_RETRY_SECONDS = 30;

/** A token is safe to repeat for this long; afterwards the machines are looked up by tag (design section 3). */
export const INTENT_RETRY_SECONDS_MAX = 600;

/**
 * Launches that EC2 has not answered yet, at most: each keeps its request, up to some 70 KB with 300 overrides, in the
 * fleet's one item of 400 KB. An EC2 that does not answer four will not answer a fifth.
 */
export const OPEN_INTENTS_MAX = 4;

/** After every pool refused, nobody is asked again sooner than this. */
export const NO_CAPACITY_REST_SECONDS = 30;

/** Somebody has to mend a setup or a task file; until then one boot in so long shows whether they have. */
export const BOOTS_FAILED_REST_SECONDS = 600;

/** A pool that refused or lost machines is set aside for this long, doubled by each further refusal up to the maximum. */
export const QUARANTINE_SECONDS = 180;
export const QUARANTINE_SECONDS_MAX = 1_800;

/** Spot is bought for its price; above this share of the on-demand price it is not worth being taken back (row O2). */
export const SPOT_PERCENT_MAX_DEFAULT = 90;

/** Prices are read this often, as `serverless.yml` schedules it: spot prices move a few times a day. */
export const PRICES_SECONDS = 300;

/** A price that nobody has read for so long is unknown: a price moves every few hours. */
export const PRICES_STALE_SECONDS = 21_600;

/** What changes slowly, or is counted by AWS for each asking: on-demand prices, placement scores, our own losses. */
export const SLOW_PRICES_SECONDS = 3_600;

/**
 * Kept back of a window for what no estimate knows: a boot that fails and is replaced, an on-demand pool that refuses and is
 * set aside, a backlog that SQS tells a minute late.
 */
export const WINDOW_RESERVE_SECONDS = 600;

/** On-demand machines of a window are let go only once there is so much more room than their purchase needed. */
export const WINDOW_CALM_SECONDS = 1_800;

/** Clocks of producers may differ by this, where the earliest task is remembered so as not to search for it from the beginning. */
export const WINDOW_DISORDER_SECONDS = 900;

/** Tasks on on-demand machines whose rows are read to see how far they are; any beyond count as just begun. */
export const WINDOW_TASKS_READ_MAX = 200;

/** Reclaims this close together are one event: of machines lost together 92 % go within three minutes (Spot-and-Scoot). */
export const STORM_SECONDS = 600;

/** A rebalance recommendation with nothing after it is forgotten after this. */
export const WARY_SECONDS_DEFAULT = 900;

/** After the deadline plus this, a machine that EC2 said it would take is ended by us. */
export const LEFT_TO_EC2_SECONDS = 300;

/** A drained machine of ours is ended at once unless EC2 is about to end it without charge. */
export const FIRST_HOUR_SECONDS = 3_600;

/** Signals of machines we do not know are kept this long for adoption. */
export const UNCLAIMED_SECONDS = 3_600;

/** Beyond what is wanted, this share of it may be bought while spot replaces on-demand machines: the surge of N3. */
export const RETURN_SURGE_SHARE = 0.25;

/**
 * With nothing waiting, a machine that is at work for so much longer than a task takes has taken others since: its
 * place is worth a replacement. Work that has lasted for t lasts another t as likely as not (survival 1/t), so that after
 * five start-ups it outlives one more five times of six. Less would buy replacements as the last tasks of a batch end.
 */
export const STAND_IN_PATIENCE_SECONDS = 600;

/** A spot replacement has shown itself when it holds a task, or has lived this long. */
export const REPLACEMENT_PROVEN_SECONDS = 600;

/** The dead-man's switch: a machine without a readable item for this long powers itself off. */
export const DEAD_MAN_SECONDS = 900;

/** Bodies, results and checkpoints up to this stay in the row; DynamoDB's item limit is 400 KB for all of them together. */
export const INLINE_BYTES_MAX = 32 * 1_024;

/** Rows outlive every message: SQS keeps messages 14 days at most, rows stay 30 after the end (W1). */
export const ROW_RETENTION_DAYS = 30;

/** The proof that an EC2 fleet is ours is needed until its machines are adopted, within minutes; a week outlasts any outage. */
export const ANSWER_RETENTION_DAYS = 7;

/**
 * The longest body of a task, as large as a message of SQS (B12): what is larger belongs into a store of its own, and its
 * name into the body.
 */
export const TASK_BODY_BYTES_MAX = 1_024 * 1_024;

/** The sweep's index is spread over this many keys, so that no single partition takes every write. */
export const CHECK_SHARDS = 8;

/** Rows that one sweep handles for each shard; the rest is the next sweep's. */
export const SWEEP_BATCH_MAX = 200;

/**
 * Rows for each shard that one sweep looks at before their time, for tasks whose message is lost while nothing waits.
 * While something does wait these reads are for nothing: 64 a minute cost less than half a dollar a month.
 */
export const SWEEP_AHEAD_MAX = 8;

/**
 * Of what the sweep can look at, the share that newly submitted tasks may take. Their first looks are spread so far apart
 * that a million of them never stand before the tasks of a silent machine.
 */
export const SUBMITTED_SHARE_OF_SWEEP = 0.5;

/** CreateFleet accepts at most 300 overrides in one request; a fleet file cannot ask for more pools. */
export const OVERRIDES_MAX = 300;

/** The `maxReceiveCount` of our queues: the ledger decides what is dead, so the queue must not. */
export const QUEUE_RECEIVES_MAX = 1_000;

/** What one batch of signals may take, as `functions/signals.ts` is configured. */
export const SIGNAL_BATCH_SECONDS_MAX = 5;

/** The visibility of the signals queue: a warning that failed once is seen again within it, twice inside a notice. */
export const SIGNALS_VISIBILITY_SECONDS = 30;

const assertRelation = (holds: boolean, relation: string): void => {
  if (!holds) throw new Error(`A limit was changed without the one it depends on: ${relation}`);
};

assertRelation(SILENCE_SECONDS_MAX > 2 * HEARTBEAT_SECONDS, 'silence > 2 × heartbeat');
assertRelation(HEARTBEAT_FRESH_SECONDS > 2 * HEARTBEAT_SECONDS, 'a fresh heartbeat > 2 × heartbeat');
assertRelation(SWEEP_SECONDS % REVISIT_SECONDS_MIN !== 0, 'what comes back is not seen by each sweep');
assertRelation(
  RESEND_SOON_SECONDS <= SILENCE_SECONDS_MAX,
  'a released task is due before the sweep would look ahead for it',
);
assertRelation(
  RESEND_SOON_SECONDS + SWEEP_SECONDS + LONG_POLL_SECONDS <= 140,
  'a lost message + sweep + poll within 140 s (W4)',
);
assertRelation(SILENCE_SECONDS_MAX + SWEEP_SECONDS <= 120, 'silence + sweep within 120 s (W4)');
assertRelation(
  2 * SIGNALS_VISIBILITY_SECONDS + SIGNAL_BATCH_SECONDS_MAX <
    INTERRUPTION_NOTICE_SECONDS - DRAIN_MARGIN_SECONDS_DEFAULT,
  '2 × visibility of the signals queue (30 s) + batch time < notice − margin',
);
assertRelation(
  VISIBILITY_SECONDS_DEFAULT + SWEEP_SECONDS + LONG_POLL_SECONDS <= 140,
  'visibility + sweep + poll within 140 s (W4)',
);
