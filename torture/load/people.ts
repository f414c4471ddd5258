/** People in Discord: they ask for tasks, cancel and raise them, and press whatever buttons stand there. */
import type { Invocation, TwinMessage } from '../../tests/support/discord-twin/index.ts';
import type { OpKind, Settled, Wish } from '../journal.ts';
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import { CHANNEL, type World } from '../world.ts';

const DEEDS = {
  task: 45,
  cancel: 8,
  priority: 8,
  raise: 10,
  'cancel button': 6,
  'requeue button': 16,
  queue: 4,
  look: 3,
};
/** Discord itself tells people after three seconds that nobody answered; an answer may take its time after that. */
const ANSWER_MS = 6000;
const RECENT = 40;

interface Person {
  readonly world: World;
  readonly dice: Dice;
  readonly name: string;
  readonly id: string;
}

export async function runPerson(world: World, name: string, pauseMs: number): Promise<void> {
  const dice = world.dice(name);
  const person: Person = { world, dice, name, id: world.twin.user(name).id };
  while (!world.calm.aborted) {
    // What is not offered (a button that has gone, commands that are not there yet) cannot be used.
    await ACTS[dice.weighted(DEEDS)](person).catch((error: unknown) => {
      world.journal.note('a person could not act', { name, why: String(error).split('\n')[0] });
    });
    await pause(dice.next() * 2 * pauseMs, world.calm);
  }
}

type Deed = (person: Person) => Promise<unknown>;

const ACTS: Readonly<Record<keyof typeof DEEDS, Deed>> = {
  task: submit,
  cancel: (person) => ask(person, 'cancel', {}),
  priority: (person) => ask(person, 'priority', { level: person.dice.pick(['high', 'low']) ?? 'high' }),
  raise: (person) => press(person, 'priority', 'Raise priority'),
  'cancel button': (person) => press(person, 'cancel', 'Cancel'),
  'requeue button': (person) => press(person, 'requeue', 'Requeue'),
  queue: pauseByButton,
  look: ({ world, name }) => world.twin.user(name).slash('status').message({ timeoutMs: ANSWER_MS }),
};

async function ask(
  person: Person,
  kind: 'cancel' | 'priority',
  options: Record<string, string>,
): Promise<void> {
  const { world, dice, name } = person;
  const taskId = world.board.pick(dice, dice.chance(0.7) ? 'pending' : 'in_progress');
  if (taskId === undefined) return;
  const given = { task_id: String(taskId), ...options };
  await change(person, { kind, taskId }, () => world.twin.user(name).slash(kind, given));
}

async function submit(person: Person): Promise<void> {
  const { world, dice, name } = person;
  const priority = dice.chance(0.4) ? { priority: dice.pick(['high', 'low']) ?? 'high' } : {};
  const op = world.journal.open((token) => ({
    kind: 'add',
    via: 'discord',
    actor: `discord:${person.id}`,
    text: `${token} asked for in Discord`,
  }));
  op.tries = 1;
  try {
    const asked = world.twin.user(name).slash('task', { description: op.text ?? '', ...priority });
    const message = await asked.message({ timeoutMs: ANSWER_MS });
    world.journal.settle(op, readCard(message));
  } catch (error) {
    world.journal.settle(op, { outcome: 'unknown', said: firstLine(error) });
  }
}

/** The reply that became a card is the acknowledgement; the words of a refusal are one, too. */
function readCard(message: TwinMessage): Settled {
  const id = /#(\d+)/.exec(
    message.embeds[0]?.fields?.find(({ name }) => name === 'Task ID')?.value ?? '',
  )?.[1];
  if (id !== undefined) return { outcome: 'acknowledged', said: 'card', taskId: Number(id) };
  return { outcome: 'unknown', said: message.text.slice(0, 80) };
}

interface Change {
  readonly kind: OpKind;
  readonly taskId: number;
}

/** Words that say that it was done. Everything else (a refusal, "try again") leaves it open. */
const DONE = /is cancelled|now has the priority|is back in the queue/;
/** "Task #5 is cancelled and cannot be cancelled" tells of what somebody else did. */
const REFUSED = /cannot be /;

async function change(person: Person, wish: Change, begin: () => Invocation): Promise<void> {
  const { world } = person;
  const made: Wish = { ...wish, via: 'discord', actor: `discord:${person.id}` };
  const op = world.journal.open(() => made);
  op.tries = 1;
  try {
    const text = await lastWords(begin());
    const outcome = REFUSED.test(text) ? 'refused' : DONE.test(text) ? 'acknowledged' : 'unknown';
    world.journal.settle(op, { outcome, said: text.slice(0, 80), taskId: wish.taskId });
  } catch (error) {
    world.journal.settle(op, { outcome: 'unknown', said: firstLine(error) });
  }
}

/** A command's reply, or what follows the press of a button. */
async function lastWords(invocation: Invocation): Promise<string> {
  const answer = await invocation.answer({ timeoutMs: ANSWER_MS });
  if (answer.kind !== 'deferred-update') return (await invocation.message({ timeoutMs: ANSWER_MS })).text;
  return (await invocation.followUp({ timeoutMs: 1500 })).text;
}

async function press(person: Person, kind: OpKind, label: string): Promise<void> {
  const { world, dice, name } = person;
  const message = dice.pick(recentWith(world, label));
  const taskId = message === undefined ? undefined : taskOf(message, label);
  if (message === undefined || taskId === undefined) return;
  await change(person, { kind, taskId }, () =>
    world.twin.user(name).clickButton(message, label, { evenIfGone: true }),
  );
}

function recentWith({ twin }: World, label: string): TwinMessage[] {
  const recent = twin.channel(CHANNEL).messages.slice(-RECENT);
  return recent.filter(({ controls }) =>
    controls.some((control) => control.label === label && control.disabled !== true),
  );
}

function taskOf({ controls }: TwinMessage, label: string): number | undefined {
  const id = controls.find((control) => control.label === label)?.custom_id?.split(':')[1];
  return id === undefined ? undefined : Number(id);
}

async function pauseByButton({ world, dice, name }: Person): Promise<void> {
  const user = world.twin.user(name);
  const shown = await user.slash('queue').message({ timeoutMs: ANSWER_MS });
  const label = shown.controls.find(
    (control) => control.label === 'Pause' || control.label === 'Resume',
  )?.label;
  if (label === undefined) return;
  user.clickButton(shown, label);
  await pause(dice.whole(200, 1200), world.calm);
  user.clickButton(shown, label === 'Pause' ? 'resume:0' : 'pause:0', { evenIfGone: true });
  await pause(dice.whole(200, 600), world.calm);
  user.clickButton(shown, 'resume:0', { evenIfGone: true });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
