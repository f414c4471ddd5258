import {
  ActionRowBuilder,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ButtonBuilder,
  ButtonStyle,
  EmbedBuilder,
  Events,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  TextInputBuilder,
  TextInputStyle,
  type Interaction,
} from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBot, type LiveBot } from './fixture.ts';

const COMMANDS = [
  {
    name: 'task',
    description: 'Queue a task',
    options: [
      {
        name: 'description',
        description: 'What to do',
        type: ApplicationCommandOptionType.String,
        maxLength: 100,
      },
      {
        name: 'task_id',
        description: 'Which',
        type: ApplicationCommandOptionType.Integer,
        autocomplete: true,
      },
    ],
  },
  { name: 'Queue as task', type: ApplicationCommandType.Message },
];

describe('a person and the real discord.js', () => {
  let bot: LiveBot;
  const failures: unknown[] = [];
  const answer = (handle: (interaction: Interaction) => Promise<unknown>): void => {
    bot.client.on(Events.InteractionCreate, (interaction) => {
      handle(interaction).catch((error: unknown) => failures.push(error));
    });
  };

  beforeEach(async () => {
    bot = await startBot(COMMANDS);
  });

  afterEach(async () => {
    await bot.stop();
    expect(failures.splice(0)).toEqual([]);
    expect(bot.twin.violations).toEqual([]);
    expect(bot.twin.unknownRoutes).toEqual([]);
  });

  test('a slash command is deferred, then answered with a card', async () => {
    answer(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      const deferred = await interaction.deferReply({ withResponse: true });
      expect(deferred.interaction.responseMessageLoading).toBe(true);
      const text = interaction.options.getString('description', true);
      await interaction.editReply({ embeds: [new EmbedBuilder().setTitle(`Queued ${text}`)] });
    });
    const asked = bot.twin.user('alice').slash('task', { description: 'Deploy' });
    expect(await asked.answer()).toMatchObject({ kind: 'deferred', isEphemeral: false });
    const card = await asked.message();
    expect(card.text).toBe('Queued Deploy');
    expect(card.interaction?.id).toBe(asked.id);
    expect(bot.twin.channel('claude-tasks').messages).toEqual([card]);
  });

  test('a reply with its response names the stored message', async () => {
    let id: string | null | undefined;
    answer(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      const response = await interaction.reply({ content: 'Hello', withResponse: true });
      id = response.resource?.message?.id;
      const fetched = await interaction.fetchReply();
      expect(fetched.interactionMetadata?.id).toBe(interaction.id);
      await interaction.followUp({ content: 'and more', flags: MessageFlags.Ephemeral });
    });
    const asked = bot.twin.user('alice').slash('task');
    const message = await asked.message();
    const more = await asked.followUp();
    expect(message.id).toBe(id);
    expect(more).toMatchObject({ content: 'and more', isEphemeral: true });
    expect(bot.twin.channel('claude-tasks').messages).toHaveLength(1);
  });

  test('a button updates the message it sits on', async () => {
    answer(async (interaction) => {
      if (interaction.isChatInputCommand()) {
        const button = new ButtonBuilder()
          .setCustomId('cancel:5')
          .setLabel('Cancel')
          .setStyle(ButtonStyle.Danger);
        const row = new ActionRowBuilder<ButtonBuilder>().addComponents(button);
        await interaction.reply({ content: 'queued', components: [row] });
      } else if (interaction.isButton()) {
        await interaction.update({ content: `cancelled ${interaction.customId}`, components: [] });
      }
    });
    const alice = bot.twin.user('alice');
    const card = await alice.slash('task').message();
    const clicked = alice.clickButton(card, 'Cancel');
    expect(await clicked.answer()).toMatchObject({ kind: 'update' });
    expect(card.content).toBe('cancelled cancel:5');
    expect(card.versions.map((version) => version.content)).toEqual(['queued', 'cancelled cancel:5']);
    expect(() => alice.clickButton(card, 'Cancel')).toThrow(/no control/);
  });

  test('a message command opens a form, and the form is answered', async () => {
    answer(async (interaction) => {
      if (interaction.isMessageContextMenuCommand()) {
        const input = new TextInputBuilder()
          .setCustomId('text')
          .setStyle(TextInputStyle.Paragraph)
          .setValue(interaction.targetMessage.content);
        const label = new LabelBuilder().setLabel('Task').setTextInputComponent(input);
        const form = new ModalBuilder().setCustomId('new').setTitle('New task').addLabelComponents(label);
        await interaction.showModal(form);
      } else if (interaction.isModalSubmit()) {
        await interaction.deferReply();
        await interaction.editReply(`Queued: ${interaction.fields.getTextInputValue('text')}`);
      }
    });
    const bob = bot.twin.user('bob');
    const said = bot.twin.user('alice').say('The disk is full');
    const form = await bob.messageCommand('Queue as task', said).modal();
    expect(form.inputs).toMatchObject([{ customId: 'text', value: 'The disk is full', isRequired: true }]);
    const reply = await bob.submitModal(form).message();
    expect(reply.content).toBe('Queued: The disk is full');
    expect(() => bob.submitModal(form, { text: '' })).toThrow(/needs "Task"/);
  });

  test('autocomplete answers with choices', async () => {
    answer(async (interaction) => {
      if (!interaction.isAutocomplete()) return;
      await interaction.respond([{ name: `#5 ${interaction.options.getFocused()}`, value: 5 }]);
    });
    const choices = await bot.twin
      .user('alice')
      .autocomplete('task', { name: 'task_id', typed: 'dep' })
      .choices();
    expect(choices).toEqual([{ name: '#5 dep', value: 5 }]);
  });

  test('a direct message carries a user instead of a member', async () => {
    answer(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.reply(interaction.inGuild() ? 'guild' : `private with ${interaction.user.username}`);
    });
    const asked = bot.twin.user('alice').slash('task', {}, { channel: 'dm', evenIfNotOffered: true });
    expect((await asked.message()).content).toBe('private with alice');
  });

  test('what was not registered cannot be used', () => {
    const alice = bot.twin.user('alice');
    expect(() => alice.slash('nothing')).toThrow(/registered: task/);
    expect(() => alice.slash('task', { colour: 'red' })).toThrow(/no option colour/);
    expect(() => alice.slash('task', { description: 'x'.repeat(101) })).toThrow(/bad length/);
    expect(() => alice.slash('task', {}, { channel: 'dm' })).toThrow(/no command "task"/);
  });
});
