/**
 * From an interaction to its handler: guard first, then the one handler that it names. Whatever goes wrong in
 * there, the person gets a sentence and the process goes on.
 */
import type {
  AutocompleteInteraction,
  BaseInteraction,
  ButtonInteraction,
  CommandInteraction,
  Interaction,
  ModalSubmitInteraction,
  RepliableInteraction,
} from 'discord.js';
import { DomainError } from '../../core/errors.ts';
import { createAnswer, type Answer, type Choice } from './answer.ts';
import type { Api } from './api.ts';
import { readButtonId } from './buttons.ts';
import type { SlashCommand } from './commands/command.ts';
import { COMMANDS } from './commands/index.ts';
import { isTaskForm, submitTaskForm, typedInForm } from './commands/task-form.ts';
import { FRONT_END } from './config.ts';
import { admit, whoMay, type Admission, type Wish } from './guard.ts';
import { says } from './outgoing.ts';
import { createPendingForms } from './pending-forms.ts';
import { PRESSES, toldAsGone } from './presses.ts';
import { givingBack, refusalOf, WENT_WRONG } from './refusals.ts';
import type { Need } from './rights.ts';
import { readRunButtonId } from './run-buttons.ts';
import { readRunFormId, submitRunForm, typedInRunForm } from './run-forms.ts';
import { pressRunButton } from './run-presses.ts';
import type { Kit, Person, Turn } from './turn.ts';
import { createVoice, InteractionOver } from './voice.ts';

/** Discord drops suggestions after 3 s; nobody waits that long for them anyway. */
const SUGGESTION_MS = 2_000;

export interface Interactions {
  /** Never rejects. */
  handle(interaction: Interaction, api: Api): Promise<void>;
}

interface Handling {
  readonly needs: Need;
  readonly isOnOurMessage?: boolean;
  /** What somebody wrote, to be given back where it is refused. */
  readonly typed?: string;
  run(answer: Answer, person: Person): Promise<void>;
}

const OUTDATED = 'Athena does not know this any more; it was updated. Run the command again.';

export function createInteractions(given: Omit<Kit, 'forms'>): Interactions {
  const kit: Kit = { ...given, forms: createPendingForms(given.clock) };
  return {
    async handle(interaction, api) {
      if (!interaction.isAutocomplete() && !interaction.isRepliable()) return;
      const answer = createAnswer(createVoice(api, interaction));
      if (interaction.isAutocomplete()) await suggest(kit, interaction, answer);
      else await respond(kit, interaction, answer);
    },
  };
}

async function respond(kit: Kit, interaction: RepliableInteraction, answer: Answer): Promise<void> {
  const handling = handlingOf(kit, interaction);
  try {
    if (handling === null) {
      await answer.tell(OUTDATED);
      return;
    }
    const { needs, isOnOurMessage = false, typed = '' } = handling;
    const admission = await admitHere(kit, interaction, { needs, isOnOurMessage });
    if (admission.refused === null) await handling.run(answer, admission.person);
    else await answer.tell(givingBack(says(admission.refused), typed));
  } catch (error) {
    await recover(kit, { interaction, answer, error, needs: handling?.needs ?? 'look' });
  }
}

/** Whether this is a task's thread is only looked up where nothing else lets them in. */
async function admitHere(kit: Kit, interaction: BaseInteraction, wish: Wish): Promise<Admission> {
  const { config, store } = kit;
  const admission = admit(interaction, wish, config);
  const { channelId } = interaction;
  if (admission.refused === null || admission.isForPlace !== true || channelId === null) return admission;
  const tasks = await store.threads(FRONT_END).tasksIn(channelId, 1);
  return tasks.length === 0 ? admission : admit(interaction, { ...wish, isInThread: true }, config);
}

function handlingOf(kit: Kit, interaction: RepliableInteraction): Handling | null {
  if (interaction.isButton()) return pressOf(kit, interaction);
  if (interaction.isModalSubmit()) return formOf(kit, interaction);
  if (interaction.isCommand()) return commandOf(kit, interaction);
  return null;
}

function commandOf(kit: Kit, interaction: CommandInteraction): Handling | null {
  for (const command of COMMANDS) {
    if (command.definition.name !== interaction.commandName) continue;
    const { needs } = command;
    if (command.kind === 'slash' && interaction.isChatInputCommand()) {
      return { needs, run: (answer, person) => command.run({ kit, interaction, answer, person }) };
    }
    if (command.kind === 'message' && interaction.isMessageContextMenuCommand()) {
      return { needs, run: (answer, person) => command.run({ kit, interaction, answer, person }) };
    }
  }
  return null;
}

function pressOf(kit: Kit, interaction: ButtonInteraction): Handling | null {
  const press = readButtonId(interaction.customId);
  if (press === null) return runPressOf(kit, interaction);
  const { needs, run } = PRESSES[press.verb];
  return {
    needs,
    isOnOurMessage: true,
    run: (answer, person) => run({ kit, interaction, answer, person }, press.number).catch(toldAsGone),
  };
}

function runPressOf(kit: Kit, interaction: ButtonInteraction): Handling | null {
  const press = readRunButtonId(interaction.customId);
  if (press === null) return null;
  return {
    needs: 'steer',
    isOnOurMessage: true,
    run: (answer, person) => pressRunButton({ kit, interaction, answer, person }, press).catch(toldAsGone),
  };
}

function formOf(kit: Kit, interaction: ModalSubmitInteraction): Handling | null {
  const wish = readRunFormId(interaction.customId);
  if (wish !== null) {
    return {
      needs: 'steer',
      isOnOurMessage: true,
      typed: typedInRunForm(interaction),
      run: (answer, person) => submitRunForm({ kit, interaction, answer, person }, wish).catch(toldAsGone),
    };
  }
  if (!isTaskForm(interaction.customId)) return null;
  return {
    needs: 'submit',
    typed: typedInForm(interaction),
    run: (answer, person) => submitTaskForm({ kit, interaction, answer, person }),
  };
}

interface Failed {
  readonly interaction: BaseInteraction;
  readonly answer: Answer;
  readonly error: unknown;
  readonly needs: Need;
}

async function recover(kit: Kit, { interaction, answer, error, needs }: Failed): Promise<void> {
  if (error instanceof InteractionOver) {
    kit.logger.info({ interaction: interaction.id, code: error.code }, 'an interaction was over');
    return;
  }
  const need = needs === 'steer' || takesSteering(error) ? 'steer' : 'manage';
  const refusal = refusalOf(error, whoMay(interaction, need, kit.config));
  if (refusal === null) {
    const stack = error instanceof Error ? error.stack : String(error);
    kit.logger.error({ interaction: interaction.id, stack }, 'an interaction failed');
  }
  try {
    await answer.tell(refusal ?? WENT_WRONG);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : 'unknown';
    kit.logger.info({ interaction: interaction.id, reason }, 'an interaction could not be answered');
  }
}

function takesSteering(error: unknown): boolean {
  return error instanceof DomainError && error.details?.['takes'] === 'steering';
}

async function suggest(kit: Kit, interaction: AutocompleteInteraction, answer: Answer): Promise<void> {
  try {
    await answer.choices(await choicesFor(kit, interaction, answer));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    kit.logger.info({ interaction: interaction.id, reason }, 'suggestions could not be given');
  }
}

/** None to those who could not use them. */
async function choicesFor(
  kit: Kit,
  interaction: AutocompleteInteraction,
  answer: Answer,
): Promise<readonly Choice[]> {
  const command = COMMANDS.find(({ definition }) => definition.name === interaction.commandName);
  if (command?.kind !== 'slash' || command.choices === undefined) return [];
  const admission = await admitHere(kit, interaction, { needs: command.needs, isOnOurMessage: false });
  if (admission.refused !== null) return [];
  return choicesInTime({ kit, interaction, answer, person: admission.person }, command.choices);
}

/** Nothing rather than late or an error. */
async function choicesInTime(
  turn: Turn<AutocompleteInteraction>,
  choices: NonNullable<SlashCommand['choices']>,
): Promise<readonly Choice[]> {
  const { interaction, kit } = turn;
  let cancel: () => void = () => undefined;
  const tooLate = new Promise<readonly Choice[]>((resolve) => {
    cancel = kit.clock.after(SUGGESTION_MS, () => {
      resolve([]);
    });
  });
  try {
    return await Promise.race([choices(turn, interaction.options.getFocused()), tooLate]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    kit.logger.warn({ command: interaction.commandName, reason }, 'suggestions failed');
    return [];
  } finally {
    cancel();
  }
}
