/** What is to be seen in Discord, as text in a terminal. */
import type { DiscordTwin, TwinMessage } from '../../tests/support/discord-twin/index.ts';

export interface Screen {
  readonly note: (text: string) => void;
  title(text: string): void;
  /** A place in Discord as it stands now. */
  place(name: string, messages: readonly TwinMessage[], twin: DiscordTwin): void;
  /** As a program printed it. */
  output(text: string): void;
}

const WIDTH = 100;

export function createScreen(write: (text: string) => void): Screen {
  return {
    note: (text) => {
      write(`${text}\n`);
    },
    title: (text) => {
      write(`\n== ${text} ${'='.repeat(Math.max(0, WIDTH - text.length - 4))}\n`);
    },
    place(name, messages, twin) {
      write(`\n  ${name}\n`);
      for (const message of messages) write(messageText(message, twin));
    },
    output(text) {
      for (const line of text.trimEnd().split('\n')) write(`  ${line}\n`);
    },
  };
}

function messageText(message: TwinMessage, twin: DiscordTwin): string {
  const pinged = twin.pings.some(({ messageId, users }) => messageId === message.id && users.length > 0);
  const lines = [
    ...readable(message.text, twin).trim().split('\n'),
    ...message.attachments.map(({ filename }) => `(file) ${filename}`),
    ...buttonsOf(message),
  ].filter((line) => line.trim() !== '');
  const first = pinged ? '  ! ' : '  | ';
  return `  |\n${lines.map((line, at) => `${at === 0 ? first : '  | '}${line}\n`).join('')}`;
}

/** Discord shows names where a message has numbers. */
function readable(text: string, twin: DiscordTwin): string {
  return text
    .replaceAll(twin.user('you').mention, '@you')
    .replace(/<#(\d+)>/g, (whole, id: string) => `#${twin.channel(id).name || whole}`);
}

function buttonsOf({ controls }: TwinMessage): string[] {
  if (controls.length === 0) return [];
  return [controls.map(({ label }) => `[ ${label ?? '?'} ]`).join(' ')];
}
