/**
 * The messages of a task in the pieces that its thread shows: neighbouring texts are one, and so are the tools of one
 * stretch of work. When the thread is behind, texts are joined over the tools between them, which are shown together
 * after them: no text is dropped, and the thread catches up.
 */
import type { RunMessage } from '../../core/run.ts';

export type Piece = What & {
  /** The message that it ends with. */
  readonly to: number;
  readonly run: number | null;
};

type What =
  /** `tools` come after the texts. */
  | { readonly kind: 'text'; readonly texts: readonly string[]; readonly tools: readonly string[] }
  /** Too long for messages. */
  | { readonly kind: 'file'; readonly text: string }
  | { readonly kind: 'tools'; readonly tools: readonly string[] }
  | { readonly kind: 'other'; readonly message: RunMessage };

/** Longer texts are files, and texts are joined up to this. */
export const TOGETHER = 6_000;
/** More pieces than this are more than a thread takes in its time. */
const BEHIND = 2;

export function toPieces(messages: readonly RunMessage[]): readonly Piece[] {
  const pieces = merged(messages.map(toPiece), (one, other) => one.kind === other.kind);
  return pieces.length > BEHIND ? merged(pieces, (one) => one.kind === 'text') : pieces;
}

function toPiece(message: RunMessage): Piece {
  return { ...toWhat(message), to: message.seq, run: message.run };
}

function toWhat(message: RunMessage): What {
  const { kind, text } = message;
  if (kind === 'tool') return { kind: 'tools', tools: [text] };
  if (kind !== 'text') return { kind: 'other', message };
  return text.length > TOGETHER ? { kind: 'file', text } : { kind: 'text', texts: [text], tools: [] };
}

function merged(pieces: readonly Piece[], mayMerge: (one: Piece, other: Piece) => boolean): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    const both =
      last !== undefined && last.run === piece.run && mayMerge(last, piece) ? together(last, piece) : null;
    if (both === null) all.push(piece);
    else all[all.length - 1] = both;
  }
  return all;
}

/** Null: they do not go together, or are too long together. */
function together(one: Piece, other: Piece): Piece | null {
  const { to } = other;
  if (one.kind === 'tools') {
    return other.kind === 'tools' ? { ...one, to, tools: [...one.tools, ...other.tools] } : null;
  }
  if (one.kind !== 'text') return null;
  if (other.kind === 'tools') return { ...one, to, tools: [...one.tools, ...other.tools] };
  if (other.kind !== 'text') return null;
  const texts = [...one.texts, ...other.texts];
  const length = texts.reduce((sum, text) => sum + text.length + 1, 0);
  return length > TOGETHER ? null : { ...one, to, texts, tools: [...one.tools, ...other.tools] };
}
