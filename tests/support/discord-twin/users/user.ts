import type { JsonObject } from '../json.ts';
import { directChannel } from '../rest/channels.ts';
import {
  INTERACTION_TYPES,
  type InteractionRecord,
  type Interactions,
  type OpenModal,
} from '../world/interactions.ts';
import { createMessage, deleteMessage, editMessage } from '../world/messages.ts';
import type { Channel, TwinMessage, User } from '../world/model.ts';
import { setArchived } from '../world/threads.ts';
import type { World } from '../world/world.ts';
import { findControl, refuseDeadControl } from './controls.ts';
import { findCommand } from './command-lookup.ts';
import { createOptionFiles, toUpload, type TwinFile } from './files.ts';
import { modalData, type ModalValues } from './modal-data.ts';
import { createInvocation, type Invocation } from './invocation.ts';
import { partialOptions, readOptions, type OptionValues } from './options.ts';
import { interactionPayload, resolvedMessage } from './payloads.ts';

interface Place {
  /** A channel's name or id, or `dm`; default the first channel of the first guild. */
  channel?: string;
  /** Uses a command although Discord would not offer it there, as a forged or outdated client might. */
  evenIfNotOffered?: boolean;
}

/** A person. Every action is what Discord would send to the bot for it. */
export interface TwinUser {
  readonly id: string;
  readonly username: string;
  /** `<@id>`. */
  readonly mention: string;
  slash(command: string, options?: OptionValues, place?: Place): Invocation;
  autocomplete(
    command: string,
    focused: { name: string; typed: string },
    place?: Place & { options?: OptionValues },
  ): Invocation;
  messageCommand(command: string, message: TwinMessage): Invocation;
  /** By custom id or by the words on it. `evenIfGone` clicks a button that has vanished or gone grey meanwhile. */
  clickButton(message: TwinMessage, button: string, options?: { evenIfGone?: boolean }): Invocation;
  select(message: TwinMessage, customId: string, values: readonly string[]): Invocation;
  /** Inputs left out are sent as they were prefilled. By custom id or label. */
  submitModal(modal: OpenModal, values?: ModalValues): Invocation;
  say(text: string, place?: Place & { files?: readonly TwinFile[] }): TwinMessage;
  /** Their own words, said otherwise. */
  edit(message: TwinMessage, text: string): void;
  /** As a moderator would. */
  deleteMessage(message: TwinMessage): void;
}

export interface UserParts {
  world: World;
  interactions: Interactions;
  channelOf(name: string | undefined): Channel;
}

export function createTwinUser(parts: UserParts, user: User): TwinUser {
  const { world } = parts;
  const at = (place: Place): Channel =>
    place.channel === 'dm' ? directChannel(world, user.id) : parts.channelOf(place.channel);
  return {
    id: user.id,
    username: user.username,
    mention: `<@${user.id}>`,
    slash(name, options = {}, place = {}) {
      const channel = at(place);
      const command = findCommand(world, {
        channel,
        name,
        type: 1,
        isForced: place.evenIfNotOffered === true,
      });
      const files = createOptionFiles(world, user.id);
      const data = {
        id: command.id,
        name,
        type: 1,
        options: readOptions(command, options, files.upload),
        ...files.resolved(),
        ...scopeOf(command),
      };
      return begin(parts, { user, channel, type: INTERACTION_TYPES.command, commandName: name }, data);
    },
    autocomplete(name, focused, place = {}) {
      const channel = at(place);
      const command = findCommand(world, {
        channel,
        name,
        type: 1,
        isForced: place.evenIfNotOffered === true,
      });
      const { options, type } = partialOptions(command, place.options ?? {}, focused);
      const data = { id: command.id, name, type: 1, options, ...scopeOf(command) };
      const facts = {
        user,
        channel,
        type: INTERACTION_TYPES.autocomplete,
        focusedType: type,
        commandName: name,
      };
      return begin(parts, facts, data);
    },
    messageCommand(name, message) {
      const channel = parts.channelOf(message.channelId);
      const command = findCommand(world, { channel, name, type: 3, isForced: false });
      const resolved = resolvedMessage(world, message.id);
      const data = { id: command.id, name, type: 3, target_id: message.id, resolved, ...scopeOf(command) };
      const facts = {
        user,
        channel,
        type: INTERACTION_TYPES.command,
        commandName: name,
        targetMessageId: message.id,
      };
      return begin(parts, facts, data);
    },
    clickButton(message, button, options = {}) {
      const control = findControl(message, button);
      if (options.evenIfGone !== true) refuseDeadControl(message, { user, control, button });
      const data = { custom_id: control?.custom_id ?? button, component_type: 2, id: control?.['id'] ?? 0 };
      return begin(parts, clickOn(parts, user, message), data);
    },
    select(message, customId, values) {
      const control = findControl(message, customId);
      refuseDeadControl(message, { user, control, button: customId });
      const data = {
        custom_id: customId,
        component_type: control?.type,
        id: control?.['id'],
        values,
        resolved: {},
      };
      return begin(parts, clickOn(parts, user, message), data);
    },
    submitModal(modal, values = {}) {
      const { openedBy } = modal;
      if (openedBy.userId !== user.id) throw new Error('This form was opened for somebody else.');
      const facts = {
        user,
        channel: parts.channelOf(openedBy.channelId),
        type: INTERACTION_TYPES.modalSubmit,
        source: openedBy.source,
        triggering: openedBy.metadata,
      };
      return begin(parts, facts, modalData(modal, values));
    },
    say(text, place = {}) {
      const files = (place.files ?? []).map(toUpload);
      const channel = at(place);
      // Words wake a thread that was archived.
      setArchived(world, channel, false);
      return createMessage(world, { channel, authorId: user.id, body: { content: text }, files });
    },
    edit(message, text) {
      editMessage(world, message, { body: { content: text }, files: [] });
    },
    deleteMessage(message) {
      deleteMessage(world, message);
    },
  };
}

interface Beginning {
  user: User;
  channel: Channel;
  type: number;
  source?: TwinMessage | null;
  focusedType?: number;
  commandName?: string;
  targetMessageId?: string;
  triggering?: InteractionRecord['metadata'];
}

/** The gateway sends interactions whatever the intents are. */
function begin(parts: UserParts, beginning: Beginning, data: JsonObject): Invocation {
  const { user, channel, source, focusedType, ...rest } = beginning;
  const record = parts.interactions.open({
    ...rest,
    channelId: channel.id,
    userId: user.id,
    source: source ?? null,
    focusedType: focusedType ?? 0,
  });
  const payload = interactionPayload(parts.world, record, data);
  parts.world.tell({ name: 'INTERACTION_CREATE', payload, intents: 0 });
  return createInvocation(parts.world, record);
}

function clickOn(parts: UserParts, user: User, source: TwinMessage): Beginning {
  return { user, channel: parts.channelOf(source.channelId), type: INTERACTION_TYPES.component, source };
}

function scopeOf(command: JsonObject): JsonObject {
  return 'guild_id' in command ? { guild_id: command['guild_id'] } : {};
}
